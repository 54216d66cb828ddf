/**
 * Loads, stores, atomics and addresses.
 *
 * A record's `Imm` holds the offset's low word and `Imm2` its high one (a sign); `Field.C` tells whether the access is
 * big-endian. Addresses of 32 bits wrap at 2^32. Bytes on their way between a cell and memory are reversed within each
 * lane for big-endian accesses.
 *
 * Each access of a compared program is told to the observer; a program's own accesses are what a stale reference first
 * shows in.
 */
import * as Op from "../ir/op.gen.ts";
import { bytesOf, I32, I64, laneBits, type Type } from "../ir/types.ts";
import {
  getLane,
  getWidest,
  greater,
  lesser,
  setLane,
  setSmall,
  setWidest,
  unsigned,
  unsignedBig,
} from "./lanes.ts";
import type { Handler, Machine } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

const STACK_TOP = 0x7000_0000;

/** The address that `address` computed last. */
let addressHigh = 0;
let addressLow = 0;

/** The value of the pointer in a cell plus an offset. */
function address(m: Machine, q: number, wide: boolean, offset: number): void {
  const low = m.i32[q << 1]!;
  if (!wide) {
    addressLow = (low + offset) | 0;
    addressHigh = 0;
    return;
  }
  const sum = (low >>> 0) + offset;
  addressLow = sum | 0;
  addressHigh = (m.i32[(q << 1) + 1]! + Math.floor(sum / 0x1_0000_0000)) | 0;
}

function reverseLanes(bytes: Uint8Array, at: number, count: number, laneBytes: number): void {
  for (let i = at; i < at + count; i += laneBytes) {
    for (let a = i, b = i + laneBytes - 1; a < b; a++, b--) {
      const byte = bytes[a]!;
      bytes[a] = bytes[b]!;
      bytes[b] = byte;
    }
  }
}

function canonical(m: Machine, q: number, bytes: number): void {
  if (bytes === 1) m.i32[q << 1] = m.i8[q << 3]!;
  else if (bytes === 2) m.i32[q << 1] = m.i16[q << 2]!;
}

/** Memory to cell, `bytes` bytes, as a value of lanes of `laneBytes`. */
function loadBytes(m: Machine, q: number, bytes: number, laneBytes: number, big: boolean): void {
  m.memory.read(addressHigh, addressLow, bytes, m.u8, q << 3);
  if (big) reverseLanes(m.u8, q << 3, bytes, laneBytes);
}

function storeBytes(m: Machine, q: number, bytes: number, laneBytes: number, big: boolean): void {
  if (big) {
    // The cell is the value's own: put its bytes back afterwards.
    reverseLanes(m.u8, q << 3, bytes, laneBytes);
    m.memory.write(addressHigh, addressLow, bytes, m.u8, q << 3);
    reverseLanes(m.u8, q << 3, bytes, laneBytes);
  } else {
    m.memory.write(addressHigh, addressLow, bytes, m.u8, q << 3);
  }
}

function observe(m: Machine, kind: number, bytes: number, q: number): void {
  if (m.observer !== null) m.observer.accessed(m, kind, addressHigh, addressLow, bytes, q);
}

define(Op.Load, {
  any: (m, code, at) => {
    const type = code[at + Field.Type]! as Type;
    const bytes = bytesOf(type);
    const dst = m.base + code[at + Field.Dst]!;
    address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, code[at + Field.Imm]!);
    observe(m, Op.Load, bytes, -1);
    loadBytes(m, dst, bytes, laneBits(type) >>> 3, code[at + Field.C] !== 0);
    if (bytes < 4) canonical(m, dst, bytes);
  },
});

define(Op.Store, {
  any: (m, code, at) => {
    const type = code[at + Field.Type]! as Type;
    const bytes = bytesOf(type);
    const value = m.base + code[at + Field.A]!;
    address(m, m.base + code[at + Field.B]!, code[at + Field.From] === I64, code[at + Field.Imm]!);
    observe(m, Op.Store, bytes, value);
    storeBytes(m, value, bytes, laneBits(type) >>> 3, code[at + Field.C] !== 0);
  },
});

/** Loads of `bytes` bytes into a wider integer scalar. */
function extendingLoad(op: number, bytes: number, signed: boolean): void {
  define(op, {
    any: (m, code, at) => {
      const dst = m.base + code[at + Field.Dst]!;
      address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, code[at + Field.Imm]!);
      observe(m, op, bytes, -1);
      loadBytes(m, dst, bytes, bytes, code[at + Field.C] !== 0);
      if (bytes < 4) canonical(m, dst, bytes);
      if (!signed && bytes < 4) m.i32[dst << 1] = unsigned(m.i32[dst << 1]!, 8 * bytes);
      if (bytesOf(code[at + Field.Type]! as Type) === 8) {
        m.i32[(dst << 1) + 1] = signed ? m.i32[dst << 1]! >> 31 : 0;
      }
    },
  });
}
extendingLoad(Op.Uload8, 1, false);
extendingLoad(Op.Sload8, 1, true);
extendingLoad(Op.Uload16, 2, false);
extendingLoad(Op.Sload16, 2, true);
extendingLoad(Op.Uload32, 4, false);
extendingLoad(Op.Sload32, 4, true);

function narrowingStore(op: number, bytes: number): void {
  define(op, {
    any: (m, code, at) => {
      const value = m.base + code[at + Field.A]!;
      address(m, m.base + code[at + Field.B]!, code[at + Field.From] === I64, code[at + Field.Imm]!);
      observe(m, op, bytes, value);
      storeBytes(m, value, bytes, bytes, code[at + Field.C] !== 0);
    },
  });
}
narrowingStore(Op.Istore8, 1);
narrowingStore(Op.Istore16, 2);
narrowingStore(Op.Istore32, 4);

/** Loads of 8 bytes, each lane of `bits` widened. */
function wideningLoad(op: number, bits: number, signed: boolean): void {
  define(op, {
    any: (m, code, at) => {
      const dst = m.base + code[at + Field.Dst]!;
      address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, code[at + Field.Imm]!);
      observe(m, op, 8, -1);
      loadBytes(m, dst, 8, bits >>> 3, code[at + Field.C] !== 0);
      // From the last lane down, as the wide lanes overwrite the narrow ones.
      for (let i = 64 / bits - 1; i >= 0; i--) {
        const value = getLane(m, dst, i, 32 - bits);
        const wide = signed ? value : unsigned(value, bits);
        if (bits === 32) m.i64[dst + i] = BigInt(wide);
        else setLane(m, dst, i, 32 - 2 * bits, wide);
      }
    },
  });
}
wideningLoad(Op.Uload8x8, 8, false);
wideningLoad(Op.Sload8x8, 8, true);
wideningLoad(Op.Uload16x4, 16, false);
wideningLoad(Op.Sload16x4, 16, true);
wideningLoad(Op.Uload32x2, 32, false);
wideningLoad(Op.Sload32x2, 32, true);

// Atomics, on one thread.

define(Op.AtomicLoad, {
  any: (m, code, at) => {
    const bytes = bytesOf(code[at + Field.Type]! as Type);
    const dst = m.base + code[at + Field.Dst]!;
    address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, 0);
    observe(m, Op.AtomicLoad, bytes, -1);
    loadBytes(m, dst, bytes, bytes, code[at + Field.C] !== 0);
    canonical(m, dst, bytes);
  },
});

define(Op.AtomicStore, {
  any: (m, code, at) => {
    const bytes = bytesOf(code[at + Field.Type]! as Type);
    const value = m.base + code[at + Field.A]!;
    address(m, m.base + code[at + Field.B]!, code[at + Field.From] === I64, 0);
    observe(m, Op.AtomicStore, bytes, value);
    storeBytes(m, value, bytes, bytes, code[at + Field.C] !== 0);
  },
});

type Combine = (old: bigint, x: bigint, bits: bigint) => bigint;

/** By operation, in the order of `ATOMIC_OPS`; operands are signed. */
const COMBINE: readonly Combine[] = [
  (old, x) => old + x,
  (old, x) => old - x,
  (old, x) => old & x,
  (old, x) => ~(old & x),
  (old, x) => old | x,
  (old, x) => old ^ x,
  (_, x) => x,
  (old, x, bits) => (unsignedBig(old, bits) < unsignedBig(x, bits) ? old : x),
  (old, x, bits) => (unsignedBig(old, bits) > unsignedBig(x, bits) ? old : x),
  lesser,
  greater,
];

/** An integer scalar of any width, signed. */
function getScalar(m: Machine, q: number, bytes: number): bigint {
  if (bytes <= 4) return BigInt(m.i32[q << 1]!);
  return bytes === 8 ? m.i64[q]! : getWidest(m, q);
}

function setScalar(m: Machine, q: number, bytes: number, value: bigint): void {
  if (bytes <= 4) setSmall(m, q, 32 - 8 * bytes, Number(BigInt.asIntN(32, value)));
  else if (bytes === 8) m.i64[q] = value;
  else setWidest(m, q, value);
}

/** `Imm2` is the operation. The new value passes through the cell of the result. */
define(Op.AtomicRmw, {
  any: (m, code, at) => {
    const bytes = bytesOf(code[at + Field.Type]! as Type);
    const big = code[at + Field.C] !== 0;
    const dst = m.base + code[at + Field.Dst]!;
    const operand = m.base + code[at + Field.B]!;
    address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, 0);
    observe(m, Op.AtomicRmw, bytes, operand);
    loadBytes(m, dst, bytes, bytes, big);
    canonical(m, dst, bytes);
    const old = getScalar(m, dst, bytes);
    const combine = COMBINE[code[at + Field.Imm2]!]!;
    setScalar(m, dst, bytes, combine(old, getScalar(m, operand, bytes), BigInt(8 * bytes)));
    storeBytes(m, dst, bytes, bytes, big);
    setScalar(m, dst, bytes, old);
  },
});

/** Operands: address, expected, new; the new value's cell is in `Imm2`, since `C` tells the byte order. */
define(Op.AtomicCas, {
  any: (m, code, at) => {
    const bytes = bytesOf(code[at + Field.Type]! as Type);
    const big = code[at + Field.C] !== 0;
    const dst = m.base + code[at + Field.Dst]!;
    const replacement = m.base + code[at + Field.Imm2]!;
    address(m, m.base + code[at + Field.A]!, code[at + Field.From] === I64, 0);
    observe(m, Op.AtomicCas, bytes, replacement);
    loadBytes(m, dst, bytes, bytes, big);
    canonical(m, dst, bytes);
    const expected = getScalar(m, m.base + code[at + Field.B]!, bytes);
    if (getScalar(m, dst, bytes) === expected) storeBytes(m, replacement, bytes, bytes, big);
  },
});

// Addresses: constants, made by the decoder (`Imm`, `Imm2` are the words).

const constantAddress: Handler = (m, code, at) => {
  const dst = (m.base + code[at + Field.Dst]!) << 1;
  m.i32[dst] = code[at + Field.Imm]!;
  m.i32[dst + 1] = code[at + Field.Imm2]!;
};
define(Op.FuncAddr, { any: constantAddress });
define(Op.GetExceptionHandlerAddress, { any: constantAddress });
define(Op.SymbolValue, { any: constantAddress });
define(Op.TlsValue, { any: constantAddress });

/**
 * Addresses in the frame: the stack grows down from `STACK_TOP`, one frame below the other. `Imm` is the offset from
 * the frame's lowest byte.
 */
const frameAddress: Handler = (m, code, at) => {
  const dst = (m.base + code[at + Field.Dst]!) << 1;
  m.i32[dst] = STACK_TOP - m.stackDepth + code[at + Field.Imm]!;
  m.i32[dst + 1] = 0;
};
define(Op.StackAddr, { any: frameAddress });
define(Op.DynamicStackAddr, { any: frameAddress });
define(Op.GetStackPointer, { any: frameAddress });
define(Op.GetFramePointer, { any: frameAddress });
define(Op.GetReturnAddress, { any: frameAddress });

define(Op.GetPinnedReg, {
  any: (m, code, at) => {
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    m.i32[dst] = m.pinnedLow;
    m.i32[dst + 1] = m.pinnedHigh;
  },
});

define(Op.SetPinnedReg, {
  any: (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    m.pinnedLow = m.i32[a << 1]!;
    m.pinnedHigh = code[at + Field.From] === I32 ? 0 : m.i32[(a << 1) + 1]!;
    addressHigh = 0;
    addressLow = 0;
    observe(m, Op.SetPinnedReg, bytesOf(code[at + Field.From]! as Type), a);
  },
});
