/**
 * Copying, filling and comparing memory: calls of the C library's routines, or a few loads and stores where the size is
 * known and small.
 *
 * A small operation uses the widest accesses that divide its size, at most 8 bytes each and at most four of them; with
 * more the routine is called. All loads of a copy come before its stores, so that overlapping is no matter. The rules
 * are those of `cranelift/frontend/src/frontend.rs`, the instructions identical.
 *
 * A comparison is as `memcmp`'s: byte by byte, unsigned. Ordering is made of loads for single bytes only, since wider
 * ones would depend on the byte order.
 */

import type { IntCondition } from "../ir/conditions.ts";
import type { FuncRef, SigRef, Value } from "../ir/entities.ts";
import { type MemFlags, withAligned } from "../ir/memflags.ts";
import { type CallConv, signatureOf } from "../ir/signature.ts";
import { I8, I32, INVALID, intOfBits, type Type } from "../ir/types.ts";
import type { FunctionBuilder } from "./builder.ts";
import { signedMemoryCompare, smallMemoryAlignment } from "./messages.ts";

/** More accesses than this are a call instead. */
const MAX_ACCESSES = 4n;
const MAX_ACCESS_BYTES = 8n;

/** A pointer and what is known of its alignment, a power of two. */
export interface AlignedPointer {
  readonly pointer: Value;
  readonly alignBytes: number;
}

/** Builds memory operations into `builder`; the routines called have the calling convention given. */
export class MemoryBuilder {
  private readonly builder: FunctionBuilder;
  private readonly callConv: CallConv;

  constructor(builder: FunctionBuilder, callConv: CallConv = builder.func.signature.callConv) {
    this.builder = builder;
    this.callConv = callConv;
  }

  /** `memcpy(dest, src, size)`; the places do not overlap. */
  callMemcpy(dest: Value, src: Value, size: Value): void {
    this.callCopy("Memcpy", dest, src, size);
  }

  /** `memmove(dest, src, size)`; the places may overlap. */
  callMemmove(dest: Value, src: Value, size: Value): void {
    this.callCopy("Memmove", dest, src, size);
  }

  /** `memset(buffer, byte, size)` with an `i8` byte. */
  callMemset(buffer: Value, byte: Value, size: Value): void {
    const ptr = this.pointerType();
    const signature = this.builder.importSignature(signatureOf([ptr, I32, ptr], [ptr], this.callConv));
    const memset = this.importRoutine("Memset", signature);
    const { ins } = this.builder;
    ins.call(memset, [buffer, ins.uextend(I32, byte), size]);
  }

  /** `memcmp(left, right, size)`: an `i32` below, at or above zero. */
  callMemcmp(left: Value, right: Value, size: Value): Value {
    const ptr = this.pointerType();
    const signature = this.builder.importSignature(signatureOf([ptr, ptr, ptr], [I32], this.callConv));
    const memcmp = this.importRoutine("Memcmp", signature);
    const call = this.builder.ins.call(memcmp, [left, right, size]);
    return this.builder.func.dfg.firstResult(call);
  }

  /** Copies `sizeBytes`, a multiple of the smaller alignment. */
  emitSmallCopy(
    dest: AlignedPointer,
    src: AlignedPointer,
    sizeBytes: bigint,
    nonOverlapping: boolean,
    flags: MemFlags,
  ): void {
    if (sizeBytes === 0n) return;
    const { ins } = this.builder;
    const alignBytes = Math.min(dest.alignBytes, src.alignBytes);
    const accessBytes = accessSize(sizeBytes, alignBytes);
    if (sizeBytes / accessBytes > MAX_ACCESSES) {
      const size = ins.iconst(this.pointerType(), sizeBytes);
      if (nonOverlapping) this.callMemcpy(dest.pointer, src.pointer, size);
      else this.callMemmove(dest.pointer, src.pointer, size);
      return;
    }
    const type = intOfBits(Number(accessBytes) * 8);
    const accessFlags = BigInt(alignBytes) >= accessBytes ? withAligned(flags) : flags;
    const loaded: Value[] = [];
    for (let offset = 0n; offset < sizeBytes; offset += accessBytes) {
      loaded.push(ins.load(type, accessFlags, src.pointer, Number(offset)));
    }
    for (const [i, value] of loaded.entries()) {
      ins.store(accessFlags, value, dest.pointer, i * Number(accessBytes));
    }
  }

  /** Fills `sizeBytes` with one byte, 0 … 255. */
  emitSmallFill(buffer: AlignedPointer, byte: number, sizeBytes: bigint, flags: MemFlags): void {
    if (sizeBytes === 0n) return;
    const { ins } = this.builder;
    const accessBytes = accessSize(sizeBytes, buffer.alignBytes);
    if (sizeBytes / accessBytes > MAX_ACCESSES) {
      const filler = ins.iconst(I8, byte);
      this.callMemset(buffer.pointer, filler, ins.iconst(this.pointerType(), sizeBytes));
      return;
    }
    const type = intOfBits(Number(accessBytes) * 8);
    const accessFlags = BigInt(buffer.alignBytes) >= accessBytes ? withAligned(flags) : flags;
    const pattern = BigInt.asUintN(Number(accessBytes) * 8, BigInt(byte) * 0x0101_0101_0101_0101n);
    const value = ins.iconst(type, BigInt.asIntN(64, pattern));
    for (let offset = 0n; offset < sizeBytes; offset += accessBytes) {
      ins.store(accessFlags, value, buffer.pointer, Number(offset));
    }
  }

  /** Whether `left` stands in that relation to `right`, as an `i8`; the condition is not a signed one. */
  emitSmallCompare(
    condition: IntCondition,
    left: AlignedPointer,
    right: AlignedPointer,
    sizeBytes: bigint,
    flags: MemFlags,
  ): Value {
    const rule = COMPARE_WITH_ZERO.get(condition);
    if (rule === undefined) throw signedMemoryCompare(condition);
    const { ins } = this.builder;
    if (sizeBytes === 0n) return ins.iconst(I8, rule.empty);
    const type = sizeBytes <= 16n ? intOfBits(Number(sizeBytes) * 8) : INVALID;
    const isEquality = condition === "eq" || condition === "ne";
    if (type !== INVALID && (isEquality || type === I8)) {
      const load = (place: AlignedPointer): Value => {
        const aligned = BigInt(place.alignBytes) === sizeBytes || type === I8;
        return ins.load(type, aligned ? withAligned(flags) : flags, place.pointer, 0);
      };
      const leftValue = load(left);
      return ins.icmp(condition, leftValue, load(right));
    }
    const size = ins.iconst(this.pointerType(), sizeBytes);
    const order = this.callMemcmp(left.pointer, right.pointer, size);
    return ins.icmpImmS(rule.withZero, order, 0);
  }

  private pointerType(): Type {
    return this.builder.func.pointerType;
  }

  private callCopy(routine: string, dest: Value, src: Value, size: Value): void {
    const ptr = this.pointerType();
    const signature = this.builder.importSignature(signatureOf([ptr, ptr, ptr], [ptr], this.callConv));
    this.builder.ins.call(this.importRoutine(routine, signature), [dest, src, size]);
  }

  private importRoutine(name: string, signature: SigRef): FuncRef {
    return this.builder.importFunction({
      name: { kind: "libcall", name },
      signature,
      colocated: false,
      patchable: false,
      noCollect: true,
    });
  }
}

/** How to compare `memcmp`'s answer with zero, and what holds of no bytes at all. */
const COMPARE_WITH_ZERO: ReadonlyMap<IntCondition, { withZero: IntCondition; empty: number }> = new Map([
  ["eq", { withZero: "eq", empty: 1 }],
  ["ne", { withZero: "ne", empty: 0 }],
  ["ult", { withZero: "slt", empty: 0 }],
  ["ule", { withZero: "sle", empty: 1 }],
  ["ugt", { withZero: "sgt", empty: 0 }],
  ["uge", { withZero: "sge", empty: 1 }],
]);

/** Bytes of one access: the largest power of two that divides the size, at most 8. */
function accessSize(sizeBytes: bigint, alignBytes: number): bigint {
  const power = sizeBytes & -sizeBytes;
  if (power < BigInt(alignBytes)) throw smallMemoryAlignment(sizeBytes, alignBytes);
  return power < MAX_ACCESS_BYTES ? power : MAX_ACCESS_BYTES;
}
