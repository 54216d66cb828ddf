/**
 * What added blocks stand behind. BEFORE's parameters are assigned when its branch is taken, which is on the way into the
 * first added block; so a value made before that, which equalled an argument, equals the parameter as well inside. Several
 * edges of BEFORE may lead through one added block: what is true behind all of them is true there.
 */
import type { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import type { I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import { ValueKind } from "../ir/values.ts";
import { EdgeRenaming } from "./edge-renaming.ts";
import type { FactSet, FactSets } from "./facts.ts";
import type { Match } from "./match.ts";

/** Destination `index` of the branch of an original block. */
interface EnteringEdge {
  readonly from: Block;
  readonly index: number;
}

export class AddedBlocks {
  private readonly facts: FactSets;
  private readonly renaming: EdgeRenaming;
  /** By added block: the edges of BEFORE that lead through it. */
  private readonly entering: Map<Block, EnteringEdge[]>;
  private match!: Match;

  constructor(facts: FactSets) {
    this.facts = facts;
    this.renaming = new EdgeRenaming(facts);
    this.entering = new Map();
  }

  /** `reachable` are the reachable blocks of AFTER. */
  begin(match: Match, cfg: ControlFlowGraph, reachable: I32List): void {
    this.match = match;
    this.entering.clear();
    if (match.after.dfg.numBlocks === match.before.dfg.numBlocks) return;
    for (let i = 0; i < reachable.length; i++) {
      const from = reachable.get(i) as Block;
      if (!match.isOriginal(from)) continue;
      for (let index = 0; index < cfg.successorCount(from); index++) {
        this.enter({ from, index }, cfg.successor(from, index), cfg);
      }
    }
  }

  private enter(edge: EnteringEdge, first: Block, cfg: ControlFlowGraph): void {
    for (let block = first; !this.match.isOriginal(block); block = cfg.successor(block, 0)) {
      const edges = this.entering.get(block);
      if (edges === undefined) this.entering.set(block, [edge]);
      else edges.push(edge);
    }
  }

  /** What a resolved value of AFTER equals in a block, when it equals `set` but for what the block stands behind. */
  behind(set: FactSet, value: Value, block: Block): FactSet {
    const edges = this.entering.get(block);
    if (edges === undefined || this.isMadeBehind(value, block)) return set;
    let result = this.rename(set, edges[0]!);
    for (let i = 1; i < edges.length; i++) {
      result = this.facts.meet(result, this.rename(set, edges[i]!));
    }
    return result;
  }

  private rename(set: FactSet, edge: EnteringEdge): FactSet {
    const { before, after } = this.match;
    const origin = this.match.origin(after.layout.lastInst(edge.from) as Inst) as Inst;
    const call = before.dfg.destination(origin, edge.index);
    this.renaming.set(before, call, before.dfg.blockCalls.block(call));
    return this.renaming.apply(set);
  }

  /** Whether the value is made in an added block on the way to this one: then its facts are those behind the edge. */
  private isMadeBehind(value: Value, block: Block): boolean {
    const { dfg, layout } = this.match.after;
    let at =
      dfg.valueKind(value) === ValueKind.Param ? dfg.valueBlock(value) : layout.blockOf(dfg.valueInst(value));
    while (at !== NONE && at !== block && !this.match.isOriginal(at)) {
      at = dfg.blockCalls.block(dfg.destination(layout.lastInst(at) as Inst, 0));
    }
    return at === block;
  }
}
