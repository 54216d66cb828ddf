/**
 * That every value is defined where it is used, in BEFORE and in AFTER: the definition dominates the use. The proof stands
 * on it, and functions that come from text may break it.
 *
 * BEFORE is judged inside AFTER, where each of its instructions stands in its place: added blocks only lie on edges, so
 * they change nothing in what dominates what. Only reachable blocks are looked at.
 */
import type { DominatorTree } from "../analysis/dominator-tree.ts";
import { grownCapacity, I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { ValueKind } from "../ir/values.ts";
import type { Match } from "./match.ts";
import { type SafepointError, type SafepointErrorCode, safepointError } from "./safepoint-error.ts";

const MAX_ERRORS = 20;

export class Definitions {
  private readonly operands: I32List;
  /** By instruction of AFTER: its place in the layout. */
  private places: Int32Array;
  private match!: Match;
  private tree!: DominatorTree;

  constructor() {
    this.operands = new I32List();
    this.places = new Int32Array(0);
  }

  /** Errors in BEFORE, or if there are none, those in AFTER. */
  check(match: Match, tree: DominatorTree): SafepointError[] {
    this.match = match;
    this.tree = tree;
    this.numberPlaces();
    const inBefore = this.checkFunction(match.before, "before-invalid");
    return inBefore.length > 0 ? inBefore : this.checkFunction(match.after, "after-invalid");
  }

  private numberPlaces(): void {
    const { dfg, layout } = this.match.after;
    if (this.places.length < dfg.numInsts) {
      this.places = new Int32Array(grownCapacity(this.places.length, dfg.numInsts));
    }
    this.places.fill(NONE, 0, dfg.numInsts);
    let place = 0;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        this.places[inst] = place++;
      }
    }
  }

  private checkFunction(func: Function, code: SafepointErrorCode): SafepointError[] {
    const { operands, match } = this;
    const { layout } = match.after;
    const errors: SafepointError[] = [];
    for (let i = 0; i < this.tree.reachableCount && errors.length < MAX_ERRORS; i++) {
      const block = this.tree.inPreorder(i);
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        const own = func === match.after ? inst : match.origin(inst);
        if (own === NONE) continue;
        operands.clear();
        func.dfg.collectInstValues(own, operands);
        for (let j = 0; j < operands.length; j++) {
          const value = func.dfg.resolveAliases(operands.get(j) as Value);
          if (this.isDefinedAt(value, inst, block)) continue;
          const where = code === "before-invalid" ? " in BEFORE" : "";
          const message = `v${value} is not defined on every path to its use${where}`;
          errors.push(safepointError(code, message, { inst, block, value }));
        }
      }
    }
    return errors;
  }

  /** `value` is a resolved number of either function: BEFORE's results and parameters have the same in AFTER. */
  private isDefinedAt(value: Value, inst: Inst, block: Block): boolean {
    const { dfg } = this.match.after;
    if (value >= dfg.numValues) return false;
    const kind = dfg.valueKind(value);
    if (kind === ValueKind.Param) return this.tree.dominates(dfg.valueBlock(value), block);
    if (kind !== ValueKind.Result) return false;
    const def = dfg.valueInst(value);
    const from = this.match.after.layout.blockOf(def);
    if (from === NONE) return false;
    return from === block ? this.places[def]! < this.places[inst]! : this.tree.dominates(from, block);
  }
}
