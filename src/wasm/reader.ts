/**
 * Reads the primitive pieces of the binary format: bytes, LEB128, names, types.
 *
 * A reader walks `bytes` from `pos` to `end` and throws an `InputError` at the first byte that cannot be;
 * it never reads beyond `end` and allocates nothing that the bytes left could not fill. Integers are LEB128
 * of at most the length that their width needs, unused bits of the last byte a copy of the sign (zero for
 * unsigned ones). The 64-bit results are left in `lo` and `hi`.
 */
import type { FeatureName } from "./features.ts";
import { featureBit } from "./features.ts";
import { unknownType } from "./later-proposals.ts";
import {
  beyondEnd,
  featureOff,
  HEAP_TYPE,
  invalid,
  LEB_LARGE,
  LEB_LONG,
  malformed,
  REFERENCE_TYPE,
  UNEXPECTED_END,
  UTF8,
  unknown,
  VALUE_TYPE,
} from "./messages.ts";
import {
  F32,
  F64,
  FIRST_TYPE,
  FUNCREF,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_NOEXN,
  type HeapType,
  I8,
  I16,
  I32,
  I64,
  isRef,
  refType,
  V128,
  type ValType,
} from "./types.ts";

const UTF8_DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONGEST_ASCII = 64;
/** By length: room for the characters of a name. There are thousands of names, and a view of each would be larger than most. */
const CHARACTERS: readonly number[][] = Array.from({ length: LONGEST_ASCII + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);

const SIMD: number = featureBit("simd");
const REFERENCES: number = featureBit("reference-types");
const TYPED_REFERENCES: number = featureBit("function-references");
const GC: number = featureBit("gc");
const EXCEPTIONS: number = featureBit("exceptions");

export class BinaryReader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;
  /** The features that are on, as bits. */
  readonly mask: number;
  /** The low and high half of the last 64-bit integer. */
  lo: number;
  hi: number;
  /** Type indices below this may be named. */
  typeLimit: number;
  /** If set, concrete heap types are read as these canonical ids. */
  canonicalIds: Uint32Array | null;

  constructor(bytes: Uint8Array, start: number, end: number, mask: number) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
    this.mask = mask;
    this.lo = 0;
    this.hi = 0;
    this.typeLimit = 0;
    this.canonicalIds = null;
  }

  /** Throws unless the feature is on; `what` is what needs it. */
  need(bit: number, name: FeatureName, what: string, offset: number): void {
    if ((this.mask & bit) === 0) throw featureOff(what, name, offset);
  }

  u8(): number {
    if (this.pos >= this.end) throw malformed(UNEXPECTED_END, this.pos);
    return this.bytes[this.pos++]!;
  }

  /** The next byte, left unread; -1 at the end. */
  peek(): number {
    return this.pos < this.end ? this.bytes[this.pos]! : -1;
  }

  u32(): number {
    if (this.pos < this.end) {
      const byte = this.bytes[this.pos]!;
      if (byte < 0x80) {
        this.pos++;
        return byte;
      }
    }
    return this.longU32();
  }

  private longU32(): number {
    const start = this.pos;
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    const last = this.u8();
    if (last >= 0x80) throw malformed(LEB_LONG, start);
    if (last > 0x0f) throw malformed(LEB_LARGE, start);
    return (result | (last << 28)) >>> 0;
  }

  s32(): number {
    const start = this.pos;
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8();
    if (last >= 0x80) throw malformed(LEB_LONG, start);
    if (last > 0x07 && last < 0x78) throw malformed(LEB_LARGE, start);
    return result | (last << 28);
  }

  /** A signed integer of 33 bits, as a number. */
  s33(): number {
    const start = this.pos;
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8();
    if (last >= 0x80) throw malformed(LEB_LONG, start);
    if (last > 0x0f && last < 0x70) throw malformed(LEB_LARGE, start);
    const low = (result | (last << 28)) >>> 0;
    return (last & 0x10) !== 0 ? low - 0x1_0000_0000 : low;
  }

  /** An unsigned integer of 64 bits, into `lo` and `hi`. */
  u64(): void {
    const start = this.pos;
    const last = this.wideLeb();
    if (last > 1) throw malformed(LEB_LARGE, start);
  }

  /** A signed integer of 64 bits, into `lo` and `hi`. */
  s64(): void {
    const start = this.pos;
    const last = this.wideLeb();
    if (last > 0 && last !== 0x7f) throw malformed(LEB_LARGE, start);
    const bits = (this.pos - start) * 7;
    if (bits >= 64 || (this.bytes[this.pos - 1]! & 0x40) === 0) return;
    if (bits < 32) {
      this.lo |= -1 << bits;
      this.hi = -1;
    } else {
      this.hi |= -1 << (bits - 32);
    }
  }

  /** Up to ten groups of seven bits; returns the tenth byte, or -1 if there was none. */
  private wideLeb(): number {
    const start = this.pos;
    let lo = 0;
    let hi = 0;
    let last = -1;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      const group = byte & 0x7f;
      if (shift < 28) {
        lo |= group << shift;
      } else if (shift === 28) {
        lo |= group << 28;
        hi |= group >>> 4;
      } else {
        hi |= group << (shift - 32);
      }
      if (shift === 63) last = byte;
      if (byte < 0x80) break;
      if (shift === 63) throw malformed(LEB_LONG, start);
    }
    this.lo = lo;
    this.hi = hi;
    return last;
  }

  /** The last 64-bit integer read, as an unsigned BigInt. */
  bigU64(): bigint {
    return (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
  }

  /** A count of things that take at least `least` bytes each, so that a lie is found before it costs. */
  count(least: number): number {
    const start = this.pos;
    const count = this.u32();
    const left = this.end - this.pos;
    if (count * least > left) throw malformed(beyondEnd(count * least, left), start);
    return count;
  }

  /** Steps over `length` bytes. */
  skip(length: number): void {
    const left = this.end - this.pos;
    if (length > left) throw malformed(beyondEnd(length, left), this.pos);
    this.pos += length;
  }

  /** A length-prefixed UTF-8 string. */
  name(): string {
    const length = this.u32();
    const start = this.pos;
    this.skip(length);
    if (length <= LONGEST_ASCII) {
      const characters = CHARACTERS[length]!;
      let i = 0;
      for (; i < length && this.bytes[start + i]! < 0x80; i++) characters[i] = this.bytes[start + i]!;
      // At once: appended one by one the characters would stay a chain, a link for each.
      if (i === length) return String.fromCharCode.apply(null, characters);
    }
    try {
      return UTF8_DECODER.decode(this.bytes.subarray(start, this.pos));
    } catch {
      throw malformed(UTF8, start);
    }
  }

  /** An index into the type section, canonical if `canonicalIds` is set. */
  private concrete(index: number, start: number): HeapType {
    this.need(TYPED_REFERENCES | GC, "function-references", "a reference to a defined type", start);
    if (index >= this.typeLimit) throw invalid(unknown("type", index), start);
    return (this.canonicalIds === null ? index : this.canonicalIds[index]!) + FIRST_TYPE;
  }

  readHeapType(): HeapType {
    const start = this.pos;
    const byte = this.peek();
    if ((byte & 0xc0) === 0x40) {
      this.pos++;
      return this.abstractHeap(byte, start);
    }
    const index = this.s33();
    if (index < 0) throw malformed(HEAP_TYPE, start);
    return this.concrete(index, start);
  }

  private abstractHeap(byte: number, start: number): HeapType {
    if (byte < 0x69 || byte > 0x74) throw unknownType(byte, HEAP_TYPE, start);
    const heap = byte & 0x1f;
    if (heap === HEAP_FUNC || heap === HEAP_EXTERN) return heap;
    if (heap === HEAP_EXN || heap === HEAP_NOEXN) {
      this.need(EXCEPTIONS, "exceptions", "exnref", start);
    } else {
      this.need(GC, "gc", "this heap type", start);
    }
    return heap;
  }

  readValType(): ValType {
    const start = this.pos;
    const byte = this.u8();
    switch (byte) {
      case 0x7f:
        return I32;
      case 0x7e:
        return I64;
      case 0x7d:
        return F32;
      case 0x7c:
        return F64;
      case 0x7b:
        this.need(SIMD, "simd", "v128", start);
        return V128;
      case 0x64:
      case 0x63:
        this.need(TYPED_REFERENCES | GC, "function-references", "a reference type with a heap type", start);
        return refType(this.readHeapType(), byte === 0x63);
      default:
        if (byte < 0x69 || byte > 0x74) throw unknownType(byte, VALUE_TYPE, start);
        this.need(REFERENCES, "reference-types", "a reference type", start);
        return refType(this.abstractHeap(byte, start), true);
    }
  }

  /** A reference type, as tables and element segments have; `funcref` was there from the start. */
  readRefType(): ValType {
    const start = this.pos;
    if (this.peek() === 0x70) {
      this.pos++;
      return FUNCREF;
    }
    const type = this.readValType();
    if (!isRef(type)) throw malformed(REFERENCE_TYPE, start);
    return type;
  }

  /** The type of a field or an array element: a value type, i8 or i16. */
  readStorageType(): ValType {
    const byte = this.peek();
    if (byte !== 0x78 && byte !== 0x77) return this.readValType();
    this.pos++;
    return byte === 0x78 ? I8 : I16;
  }
}
