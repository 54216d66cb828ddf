import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlFlowGraph } from "../../src/analysis/control-flow-graph.ts";
import type { Block } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import { blockOf, cfgOf, functionOf, randomEdges } from "./graphs.ts";

function successors(cfg: ControlFlowGraph, block: number): number[] {
  const count = cfg.successorCount(blockOf(block));
  return Array.from({ length: count }, (_, i) => cfg.successor(blockOf(block), i));
}

function predecessors(cfg: ControlFlowGraph, block: number): number[] {
  const count = cfg.predecessorCount(blockOf(block));
  return Array.from({ length: count }, (_, i) => cfg.predecessor(blockOf(block), i));
}

test("successors in destination order, predecessors in layout order, repeated edges kept", () => {
  const cfg = cfgOf(functionOf([[3, 1, 2, 1], [3], [1, 3], []]));
  assert.deepEqual(successors(cfg, 0), [3, 1, 2, 1]);
  assert.deepEqual(successors(cfg, 3), []);
  assert.deepEqual(predecessors(cfg, 0), []);
  assert.deepEqual(predecessors(cfg, 1), [0, 0, 2]);
  assert.deepEqual(predecessors(cfg, 3), [0, 1, 2]);
  assert.equal(cfg.edgeCount, 7);
});

test("each predecessor comes with its branch", () => {
  const func = functionOf([[1, 2], [2], []]);
  const cfg = cfgOf(func);
  assert.equal(cfg.predecessorInst(blockOf(2), 0), func.layout.lastInst(blockOf(0)));
  assert.equal(cfg.predecessorInst(blockOf(2), 1), func.layout.lastInst(blockOf(1)));
});

test("blocks that the entry does not reach have edges too", () => {
  const cfg = cfgOf(functionOf([[], [2], [1]]));
  assert.deepEqual(predecessors(cfg, 1), [2]);
  assert.deepEqual(predecessors(cfg, 2), [1]);
});

test("an edge out of the layout is none", () => {
  const func = functionOf([[1, 2], [], []]);
  func.layout.removeBlock(blockOf(1));
  retarget(func, 0, 1, 900 as Block);
  assert.equal(cfgOf(func).edgeCount, 0);
});

function retarget(func: Function, block: number, index: number, target: Block): void {
  const inst = func.layout.lastInst(blockOf(block));
  func.dfg.blockCalls.setBlock(func.dfg.destination(inst as never, index), target);
}

test("random graphs: each edge once in both directions, whatever the object held before", () => {
  const cfg = new ControlFlowGraph();
  for (let seed = 0; seed < 300; seed++) {
    const edges = randomEdges(seed, 3 + (seed % 40));
    cfg.compute(functionOf(edges));
    const reversed: number[][] = edges.map(() => []);
    edges.forEach((targets, block) => {
      assert.deepEqual(successors(cfg, block), targets);
      for (const target of targets) reversed[target]!.push(block);
    });
    reversed.forEach((sources, block) => {
      assert.deepEqual(predecessors(cfg, block), sources);
    });
  }
});
