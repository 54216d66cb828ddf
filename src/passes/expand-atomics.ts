/**
 * Read-modify-write operations that Wasm does not have, `nand`, minimum and maximum, and all that are big-endian: a loop around a
 * compare-and-swap, in place of the instruction.
 *
 *     before: v1 = atomic_load a
 *     loop(v2): v3 = the operation on v2 and x
 *               v4 = atomic_cas a, v2, v3
 *               done when v4 is v2, else again with v4
 *
 * Needs a valid function. Source of the loop: `cranelift/codegen/src/isa/x64/inst/emit.rs` (`AtomicRmwSeq`).
 */
import { ATOMIC_OPS, type AtomicOp } from "../ir/conditions.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { endianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";

const IN_WASM: ReadonlySet<AtomicOp> = new Set<AtomicOp>(["add", "sub", "and", "or", "xor", "xchg"]);

const OPERATIONS: Readonly<Record<AtomicOp, (ins: InstBuilder, x: Value, y: Value) => Value>> = {
  add: (ins, x, y) => ins.iadd(x, y),
  sub: (ins, x, y) => ins.isub(x, y),
  and: (ins, x, y) => ins.band(x, y),
  nand: (ins, x, y) => ins.bnot(ins.band(x, y)),
  or: (ins, x, y) => ins.bor(x, y),
  xor: (ins, x, y) => ins.bxor(x, y),
  xchg: (_, __, y) => y,
  umin: (ins, x, y) => ins.umin(x, y),
  umax: (ins, x, y) => ins.umax(x, y),
  smin: (ins, x, y) => ins.smin(x, y),
  smax: (ins, x, y) => ins.smax(x, y),
};

/** Returns how many were expanded. */
export function expandAtomics(func: Function): number {
  const { dfg, layout } = func;
  let expanded = 0;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; ) {
      const next = layout.nextInst(inst);
      if (dfg.opcode(inst) === Op.AtomicRmw && !isInWasm(func, inst)) {
        expand(func, inst);
        expanded++;
        // What follows stands in a block of its own now, which the walk comes to.
        break;
      }
      inst = next;
    }
  }
  return expanded;
}

function isInWasm({ dfg }: Function, inst: Inst): boolean {
  return IN_WASM.has(ATOMIC_OPS[dfg.atomicOp(inst)]!) && endianness(dfg.memFlags(inst)) !== "big";
}

function expand(func: Function, inst: Inst): void {
  const { dfg, layout } = func;
  const [address, operand, flags] = [dfg.arg(inst, 0), dfg.arg(inst, 1), dfg.memFlags(inst)];
  const result = dfg.firstResult(inst);
  const type = dfg.valueType(result);
  const before = layout.blockOf(inst) as Block;
  const [loop, behind] = [dfg.makeBlock(), dfg.makeBlock()];
  layout.insertBlockAfter(loop, before);
  layout.insertBlockAfter(behind, loop);
  layout.splitBlock(behind, inst);
  const ins = new FuncCursor(func).atEnd(before).withSourceLoc(func.sourceLoc(inst));
  ins.jump(dfg.blockCall(loop, [ins.atomicLoad(type, flags, address)]));
  const old = dfg.appendBlockParam(loop, type);
  ins.atEnd(loop);
  const changed = OPERATIONS[ATOMIC_OPS[dfg.atomicOp(inst)]!](ins, old, operand);
  const found = ins.atomicCas(flags, address, old, changed);
  ins.brif(ins.icmp("eq", found, old), dfg.blockCall(behind, []), dfg.blockCall(loop, [found]));
  dfg.detachResults(inst);
  dfg.changeToAlias(result, old);
  layout.removeInst(inst);
}
