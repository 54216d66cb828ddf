/**
 * The program's memory where it is the lower part of the one with the heap (`link/memory-plan.ts`): nothing reaches beyond the size
 * that the program knows, which is checked here, since the engine's own check is against the whole.
 *
 * The size is an i64 in bytes, so that no sum wraps around; where nothing makes the memory grow, a constant. To grow is to allow more of what is reserved, which nobody has written
 * to; a range is checked before the operator that works on it, whose own checks then pass.
 */
import type { ProgramMemory } from "../gc/module-plan.ts";
import { GcTrap } from "../gc/traps.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { I32, I64, type Type } from "../ir/types.ts";
import { OP_ALIGN_LOG2 } from "../wasm/opcodes.ts";
import type { OperatorReader } from "../wasm/operators.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

const PAGE_LOG2 = 16;

/** What is needed of the function's translator. */
export interface ProgramTranslator {
  readonly ins: InstBuilder;
  readonly reader: OperatorReader;
  readonly indices: readonly [number, number];
  push(value: Value): void;
  pop(): Value;
  popMany(count: number): readonly Value[];
  operator(op: number, immediates: readonly number[], args: readonly Value[], results: readonly Type[]): void;
}

/** Traps unless the access that was read, of operator `op`, lies within the program's memory. */
export function checkAccess(t: ProgramTranslator, memory: ProgramMemory, op: number, address: Value): void {
  const { ins, reader } = t;
  const bytes = (reader.offsetLo >>> 0) + 2 ** OP_ALIGN_LOG2[op]!;
  if (memory.fixedBytes !== null) {
    const last = memory.fixedBytes - bytes;
    const isBeyond = last < 0 ? ins.iconst(I32, 1) : ins.icmpImmU("ugt", address, last);
    ins.trapnz(isBeyond, GcTrap.MemoryBounds);
    return;
  }
  const end = ins.iadd(ins.uextend(I64, address), ins.iconst(I64, BigInt(bytes)));
  trapBeyond(t, end, size(t, memory));
}

/** Translates the operator just read if it is on the memory as a whole; false for any other. */
export function translateProgramMemory(t: ProgramTranslator, memory: ProgramMemory, op: number): boolean {
  switch (op) {
    case WasmOp.MemorySize:
      t.push(pages(t, size(t, memory)));
      return true;
    case WasmOp.MemoryGrow:
      grow(t, memory);
      return true;
    case WasmOp.MemoryFill:
    case WasmOp.MemoryCopy:
    case WasmOp.MemoryInit: {
      const args = t.popMany(3);
      checkRange(t, memory, args[0]!, args[2]!);
      if (op === WasmOp.MemoryCopy) checkRange(t, memory, args[1]!, args[2]!);
      t.operator(op, immediatesOf(t, op), args, []);
      return true;
    }
    default:
      return false;
  }
}

/** The output has one memory. */
function immediatesOf(t: ProgramTranslator, op: number): readonly number[] {
  if (op === WasmOp.MemoryFill) return [0];
  return op === WasmOp.MemoryCopy ? [0, 0] : [t.indices[0], 0];
}

function size(t: ProgramTranslator, memory: ProgramMemory): Value {
  if (memory.fixedBytes !== null) return t.ins.iconst(I64, memory.fixedBytes);
  t.operator(WasmOp.GlobalGet, [memory.size], [], [I64]);
  return t.pop();
}

function pages({ ins }: ProgramTranslator, bytes: Value): Value {
  return ins.ireduce(I32, ins.ushr(bytes, ins.iconst(I32, PAGE_LOG2)));
}

function trapBeyond({ ins }: ProgramTranslator, end: Value, bytes: Value): void {
  ins.trapnz(ins.icmp("ugt", end, bytes), GcTrap.MemoryBounds);
}

function checkRange(t: ProgramTranslator, memory: ProgramMemory, start: Value, count: Value): void {
  const { ins } = t;
  trapBeyond(t, ins.iadd(ins.uextend(I64, start), ins.uextend(I64, count)), size(t, memory));
}

function grow(t: ProgramTranslator, memory: ProgramMemory): void {
  const { ins } = t;
  const count = t.pop();
  const before = size(t, memory);
  const old = pages(t, before);
  const room = ins.isub(ins.iconst(I32, memory.pages), old);
  const fits = ins.icmp("ule", count, room);
  const more = ins.ishl(ins.uextend(I64, count), ins.iconst(I32, PAGE_LOG2));
  t.operator(WasmOp.GlobalSet, [memory.size], [ins.select(fits, ins.iadd(before, more), before)], []);
  t.push(ins.select(fits, old, ins.iconst(I32, 0xffff_ffff)));
}
