/** Functions made from nothing but a control-flow graph, for the tests of this folder. */
import { ControlFlowGraph } from "../../src/analysis/control-flow-graph.ts";
import { FuncCursor } from "../../src/ir/cursor.ts";
import type { Block } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { I32 } from "../../src/ir/types.ts";

export type Edges = readonly (readonly number[])[];

/** A function whose block i branches to `edges[i]`: none returns, one jumps, two is a brif, more a br_table. */
export function functionOf(edges: Edges): Function {
  const func = new Function();
  const cursor = new FuncCursor(func);
  for (let i = 0; i < edges.length; i++) func.layout.appendBlock(func.dfg.makeBlock());
  const selector = cursor.atEnd(blockOf(0)).iconst(I32, 0);
  edges.forEach((targets, i) => {
    cursor.atEnd(blockOf(i));
    const calls = targets.map((target) => func.dfg.blockCall(blockOf(target), []));
    const [first, second] = calls;
    if (first === undefined) cursor.return_([]);
    else if (second === undefined) cursor.jump(first);
    else if (calls.length === 2) cursor.brif(selector, first, second);
    else cursor.brTable(selector, calls);
  });
  return func;
}

export function blockOf(number: number): Block {
  return number as Block;
}

export function cfgOf(func: Function): ControlFlowGraph {
  const cfg = new ControlFlowGraph();
  cfg.compute(func);
  return cfg;
}

/** Small pseudo-random numbers, the same in every run. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39) ^ (state >>> 15);
    return (state >>> 0) % below;
  };
}

/** A random graph of up to `maxBlocks` blocks: jumps, branches and small tables to anywhere but the entry. */
export function randomEdges(seed: number, maxBlocks: number): number[][] {
  const random = randomSource(Math.imul(seed + 1, 0x9e3779b1));
  const count = 2 + random(maxBlocks - 1);
  return Array.from({ length: count }, () => {
    const kind = random(10);
    const successors = kind === 0 ? 0 : kind < 4 ? 1 : kind < 9 ? 2 : 3 + random(3);
    return Array.from({ length: successors }, () => 1 + random(count - 1));
  });
}

/** The blocks reached from `start` without passing `without`. */
export function reachable(edges: Edges, start: number, without: number): Set<number> {
  const seen = new Set<number>();
  const work = start === without ? [] : [start];
  while (work.length > 0) {
    const block = work.pop()!;
    if (seen.has(block)) continue;
    seen.add(block);
    for (const target of edges[block]!) if (target !== without) work.push(target);
  }
  return seen;
}
