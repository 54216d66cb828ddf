/**
 * Whether an instruction of AFTER is one of BEFORE: same opcode, immediates, result numbers and types, and as many
 * operands. Which operands, and where branches lead, is for others to judge.
 */
import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { Format, opcodeName } from "../ir/opcodes.ts";

export class InstComparer {
  /** What differs, in words, or `null`. */
  difference(before: Function, inst: Inst, after: Function, copy: Inst): string | null {
    const old = before.dfg;
    const now = after.dfg;
    const op = old.opcode(inst);
    if (op !== now.opcode(copy)) return `it is no ${opcodeName(op)}`;
    if (old.resultCount(inst) !== now.resultCount(copy)) return "another number of results";
    for (let i = 0; i < old.resultCount(inst); i++) {
      const result = old.result(inst, i);
      if (result !== now.result(copy, i)) return `its result is not v${result}`;
      if (old.valueType(result) !== now.valueType(result)) return `v${result} has another type`;
    }
    if (old.argCount(inst) !== now.argCount(copy)) return "another number of operands";
    return sameImmediates(before, inst, after, copy) ? null : "other immediates";
  }
}

function sameImmediates(before: Function, inst: Inst, after: Function, copy: Inst): boolean {
  const old = before.dfg;
  const now = after.dfg;
  // The byte beside the opcode is a condition, trap code, lane or atomic operation in every format.
  if (old.condition(inst) !== now.condition(copy)) return false;
  switch (old.format(inst)) {
    case Format.Jump:
    case Format.Brif:
      return true;
    case Format.BranchTable:
      return old.destinationCount(inst) === now.destinationCount(copy);
    case Format.TryCall:
      return old.funcRef(inst) === now.funcRef(copy) && sameTable(before, inst, after, copy);
    case Format.TryCallIndirect:
      return sameTable(before, inst, after, copy);
    case Format.UnaryConst:
      return sameBytes(old.constants.bytes(old.constant(inst)), now.constants.bytes(now.constant(copy)));
    case Format.Shuffle:
      return sameBytes(old.immediates[old.shuffleMask(inst)], now.immediates[now.shuffleMask(copy)]);
    default:
      // Everything else lies in the two words: flags, offset, callee, slot, global value, immediate.
      return old.immLow(inst) === now.immLow(copy) && old.immHigh(inst) === now.immHigh(copy);
  }
}

/** Same signature and the same lines, destinations and context values aside. */
function sameTable(before: Function, inst: Inst, after: Function, copy: Inst): boolean {
  const old = before.dfg.blockCalls;
  const now = after.dfg.blockCalls;
  const oldTable = before.dfg.exceptionTable(inst);
  const nowTable = after.dfg.exceptionTable(copy);
  if (old.tableSignature(oldTable) !== now.tableSignature(nowTable)) return false;
  if (old.itemCount(oldTable) !== now.itemCount(nowTable)) return false;
  for (let i = 0; i < old.itemCount(oldTable); i++) {
    const item = old.item(oldTable, i);
    const other = now.item(nowTable, i);
    if (item.kind !== other.kind) return false;
    if (item.kind === "tag" && other.kind === "tag" && item.tag !== other.tag) return false;
  }
  return true;
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
