/**
 * Turns big-endian loads, stores and atomic accesses of scalars into little-endian ones, Wasm's only kind, with the bytes swapped
 * in between. Vectors of bytes have no order to swap; other vectors stay as they are, for the backend to refuse.
 *
 * Needs a valid function, without big-endian `atomic_rmw` (`expand-atomics.ts`) and integers of 128 bits.
 */
import { FuncCursor } from "../ir/cursor.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { DEFAULT_MEMFLAGS, endianness, type MemFlags, withEndianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { F32, F64, I8, I16, I32, I64, isInt, laneBits, type Type } from "../ir/types.ts";

/** Accesses of a width of their own, and whether a load extends the sign. */
const PARTS: ReadonlyMap<number, { readonly type: Type; readonly signed: boolean }> = new Map([
  [Op.Uload16, { type: I16, signed: false }],
  [Op.Sload16, { type: I16, signed: true }],
  [Op.Uload32, { type: I32, signed: false }],
  [Op.Sload32, { type: I32, signed: true }],
  [Op.Istore16, { type: I16, signed: false }],
  [Op.Istore32, { type: I32, signed: false }],
]);

const OF_BYTES: ReadonlySet<number> = new Set<number>([
  Op.Uload8,
  Op.Sload8,
  Op.Istore8,
  Op.Uload8x8,
  Op.Sload8x8,
]);

/** Returns how many accesses were changed. */
export function makeLittleEndian(func: Function): number {
  const { layout } = func;
  const ins = new FuncCursor(func);
  let changed = 0;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; ) {
      const next = layout.nextInst(inst);
      if (isBig(func, inst) && change(func, inst, ins)) changed++;
      inst = next;
    }
  }
  return changed;
}

const ACCESSES: ReadonlySet<number> = new Set<number>([
  Op.Load,
  Op.Store,
  Op.AtomicLoad,
  Op.AtomicStore,
  Op.AtomicCas,
  ...PARTS.keys(),
  ...OF_BYTES,
]);

function isBig({ dfg }: Function, inst: Inst): boolean {
  return ACCESSES.has(dfg.opcode(inst)) && endianness(dfg.memFlags(inst)) === "big";
}

/** The integer that an access of that type moves, or null for what has no one order of bytes. */
function bitsType(type: Type): Type | null {
  if (type === F32) return I32;
  if (type === F64) return I64;
  return isInt(type) && type <= I64 ? type : null;
}

function swapped(ins: FuncCursor, value: Value, type: Type): Value {
  return type === I8 ? value : ins.bswap(value);
}

const STORES: ReadonlySet<number> = new Set<number>([Op.Store, Op.AtomicStore, Op.Istore16, Op.Istore32]);

function change(func: Function, inst: Inst, ins: FuncCursor): boolean {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  const flags = withEndianness(dfg.memFlags(inst), "little");
  const stores = STORES.has(op);
  const accessed = OF_BYTES.has(op) ? null : stores ? dfg.arg(inst, 0) : dfg.firstResult(inst);
  const type = accessed === null ? I8 : dfg.valueType(dfg.resolveAliases(accessed));
  if (laneBits(type) === 8) {
    dfg.setMemFlags(inst, flags);
    return true;
  }
  const bits = PARTS.get(op)?.type ?? bitsType(type);
  if (bits === null) return false;
  ins.beforeInst(inst).withSourceLoc(func.sourceLoc(inst));
  if (stores) changeStore(func, inst, ins, flags, bits);
  else changeLoad(func, inst, ins, flags, bits);
  func.layout.removeInst(inst);
  return true;
}

function changeStore({ dfg }: Function, inst: Inst, ins: FuncCursor, flags: MemFlags, bits: Type): void {
  const value = dfg.resolveAliases(dfg.arg(inst, 0));
  const type = dfg.valueType(value);
  let word = value;
  if (type === F32 || type === F64) word = ins.bitcast(bits, DEFAULT_MEMFLAGS, value);
  else if (type !== bits) word = ins.ireduce(bits, value);
  word = swapped(ins, word, bits);
  if (dfg.opcode(inst) === Op.AtomicStore) ins.atomicStore(flags, word, dfg.arg(inst, 1));
  else ins.store(flags, word, dfg.arg(inst, 1), dfg.offset(inst));
}

function changeLoad({ dfg }: Function, inst: Inst, ins: FuncCursor, flags: MemFlags, bits: Type): void {
  const op = dfg.opcode(inst);
  const result = dfg.firstResult(inst);
  const type = dfg.valueType(result);
  const address = dfg.arg(inst, 0);
  let word: Value;
  if (op === Op.AtomicLoad) word = ins.atomicLoad(bits, flags, address);
  else if (op === Op.AtomicCas) {
    const expected = swapped(ins, dfg.arg(inst, 1), bits);
    word = ins.atomicCas(flags, address, expected, swapped(ins, dfg.arg(inst, 2), bits));
  } else word = ins.load(bits, flags, address, dfg.offset(inst));
  let value = swapped(ins, word, bits);
  if (type === F32 || type === F64) value = ins.bitcast(type, DEFAULT_MEMFLAGS, value);
  else if (type !== bits) value = PARTS.get(op)!.signed ? ins.sextend(type, value) : ins.uextend(type, value);
  dfg.detachResults(inst);
  dfg.changeToAlias(result, value);
}
