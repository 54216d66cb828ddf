/**
 * Takes out instructions whose results nobody uses and that do nothing else: pure operations, loads that cannot trap, allocations and
 * type tests. From the last to the first, so what only such an instruction used goes too.
 *
 * Needs a valid function before the spiller.
 */
import { fillWords, I32List } from "../base/column.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { memTrapCode } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { NO_TRAP } from "../ir/trap-codes.ts";
import { type Facts, NO_FACTS } from "./facts.ts";

/** For one function; a compiler of many keeps a `DeadRemover`. */
export function removeDead(func: Function, facts: Facts = NO_FACTS): number {
  return new DeadRemover().run(func, facts);
}

export class DeadRemover {
  private uses: Int32Array;
  private readonly values: I32List;
  private readonly pending: I32List;

  constructor() {
    this.uses = new Int32Array(0);
    this.values = new I32List();
    this.pending = new I32List();
  }

  /** Returns how many instructions are gone. */
  run(func: Function, facts: Facts): number {
    const { dfg, layout } = func;
    if (this.uses.length < dfg.numValues) this.uses = new Int32Array(dfg.numValues * 2);
    fillWords(this.uses, 0, 0, dfg.numValues);
    this.pending.clear();
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        this.count(func, inst, 1);
        if (isRemovable(func, inst, facts)) this.pending.push(inst);
      }
    }
    let gone = 0;
    // The last first: most users are dealt with before what they use.
    while (this.pending.length > 0) {
      const inst = this.pending.pop() as Inst;
      if (layout.blockOf(inst) === NONE || this.isUsed(func, inst)) continue;
      this.count(func, inst, -1);
      layout.removeInst(inst);
      gone++;
    }
    return gone;
  }

  private count(func: Function, inst: Inst, by: number): void {
    const { values } = this;
    values.clear();
    func.dfg.collectInstValues(inst, values);
    for (let i = 0; i < values.length; i++) this.uses[func.dfg.resolveAliases(values.get(i) as Value)]! += by;
  }

  private isUsed(func: Function, inst: Inst): boolean {
    for (let i = 0; i < func.dfg.resultCount(inst); i++) {
      if (this.uses[func.dfg.result(inst, i)]! > 0) return true;
    }
    return false;
  }
}

function isRemovable(func: Function, inst: Inst, facts: Facts): boolean {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  const flags = opcodeFlags(op);
  if (dfg.resultCount(inst) === 0 || op === Op.Nop) return false;
  if ((flags & OpFlag.Call) !== 0) {
    if (dfg.format(inst) !== Format.Call) return false;
    return facts.allocationOf(func, inst)?.mayTrap === false || facts.typeTestOf(func, inst) !== null;
  }
  if ((flags & OpFlag.Load) !== 0) return op === Op.Load && memTrapCode(dfg.memFlags(inst)) === NO_TRAP;
  return (flags & (OpFlag.Terminator | OpFlag.Store | OpFlag.SideEffect | OpFlag.Trap)) === 0;
}
