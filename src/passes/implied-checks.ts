/**
 * Takes out checks for null that a later one makes as well, because what lies behind null is zero.
 *
 * Where the first bytes of the memory are zero for ever, what is loaded from a null reference is null, of no type, and of length 0. So of
 *
 *     trapz v0, user3            v1 of no object would have to be null
 *     v1 = load.i32 v0+4
 *     trapz v1, user8            v2, and so v3, would be 0, and no descriptor
 *     v2 = load.i32 v1
 *     v3 = load.i32 v2+12
 *     v5 = icmp eq v3, v4        v4 is an address
 *     trapz v5, user8
 *
 * the last check is enough, if nothing between can be noticed. It then traps for all of their reasons, and its code says so
 * (`eitherTrap` of the facts). The last check first, so that one that goes does not stand for another.
 *
 * Needs a valid function before the spiller. Comes last: what others conclude from a check that went still holds behind the one that stands
 * for it, and nowhere else.
 */
import { I32List } from "../base/column.ts";
import { INT_CONDITIONS } from "../ir/conditions.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { ValueKind } from "../ir/values.ts";
import { type Facts, NO_FACTS } from "./facts.ts";
import { isLinkedAddress, isZeroOfNull } from "./zero-behind-null.ts";

/** How far a check is looked for. */
const FARTHEST = 24;
const EQUAL: number = INT_CONDITIONS.indexOf("eq");
const AT_LEAST: number = INT_CONDITIONS.indexOf("uge");

/** For one function; a compiler of many keeps an `ImpliedChecks`. */
export function removeImpliedChecks(func: Function, facts: Facts = NO_FACTS): number {
  return new ImpliedChecks().run(func, facts);
}

export class ImpliedChecks {
  /** Values that would be zero if the one at hand were. */
  private readonly zeros: I32List;

  constructor() {
    this.zeros = new I32List();
  }

  /** Returns how many checks are gone. */
  run(func: Function, facts: Facts): number {
    if (facts.zeroBytes === 0) return 0;
    const { dfg, layout } = func;
    let gone = 0;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      let inst = layout.lastInst(block);
      while (inst !== NONE) {
        const before: Inst | typeof NONE = layout.prevInst(inst);
        if (dfg.opcode(inst) === Op.Trapz && this.isImplied(func, inst, facts)) {
          layout.removeInst(inst);
          gone++;
        }
        inst = before;
      }
    }
    return gone;
  }

  /** Whether a check that comes later traps whenever this one does; if so, that one's code is changed to be right for both. */
  private isImplied(func: Function, check: Inst, facts: Facts): boolean {
    const { dfg, layout } = func;
    this.zeros.clear();
    this.zeros.push(dfg.resolveAliases(dfg.arg(check, 0)));
    let inst = layout.nextInst(check);
    for (let i = 0; inst !== NONE && i < FARTHEST; i++, inst = layout.nextInst(inst)) {
      const op = dfg.opcode(inst);
      if (op === Op.Trapz || op === Op.Trapnz) {
        if (!this.traps(func, inst)) return false;
        const code = facts.eitherTrap(dfg.trapCode(check), dfg.trapCode(inst));
        if (code === null) return false;
        dfg.setTrapCode(inst, code);
        return true;
      }
      if (op === Op.Load) this.noteLoad(func, inst, facts.zeroBytes);
      else if (!isPure(op)) return false;
    }
    return false;
  }

  private noteLoad(func: Function, inst: Inst, zeroBytes: number): void {
    const { dfg } = func;
    if (isZeroOfNull(func, inst, zeroBytes) && this.isZero(func, dfg.arg(inst, 0)))
      this.zeros.push(dfg.firstResult(inst));
  }

  private isZero({ dfg }: Function, value: Value): boolean {
    const { zeros } = this;
    const wanted = dfg.resolveAliases(value);
    for (let i = 0; i < zeros.length; i++) if (zeros.get(i) === wanted) return true;
    return false;
  }

  /** Whether a `trapz` or `trapnz` traps. */
  private traps(func: Function, inst: Inst): boolean {
    const { dfg } = func;
    const whenZero = dfg.opcode(inst) === Op.Trapz;
    const condition = dfg.arg(inst, 0);
    if (this.isZero(func, condition)) return whenZero;
    const compare = comparisonOf(func, condition);
    if (compare === NONE) return false;
    const [left, right] = [dfg.arg(compare, 0), dfg.arg(compare, 1)];
    if (whenZero)
      return dfg.condition(compare) === EQUAL && this.isZero(func, left) && isLinkedAddress(func, right);
    return dfg.condition(compare) === AT_LEAST && this.isZero(func, right);
  }
}

/** The comparison that a condition is, widened or not; or `NONE`. */
function comparisonOf({ dfg }: Function, condition: Value): Inst | typeof NONE {
  let value = dfg.resolveAliases(condition);
  for (let i = 0; i < 2; i++) {
    if (dfg.valueKind(value) !== ValueKind.Result) return NONE;
    const inst = dfg.valueInst(value);
    if (dfg.opcode(inst) === Op.Icmp) return inst;
    if (dfg.opcode(inst) !== Op.Uextend) return NONE;
    value = dfg.resolveAliases(dfg.arg(inst, 0));
  }
  return NONE;
}

/** Whether nobody could notice that an instruction was executed before a trap. */
function isPure(op: number): boolean {
  const effects =
    OpFlag.Terminator | OpFlag.Call | OpFlag.Trap | OpFlag.Store | OpFlag.Load | OpFlag.SideEffect;
  return (opcodeFlags(op) & effects) === 0;
}
