/** Epochs against their definition, by searching for paths in random graphs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DominatorTree } from "../../src/analysis/dominator-tree.ts";
import { Epochs } from "../../src/check/epochs.ts";
import {
  blockOf,
  cfgOf,
  type Edges,
  functionOf,
  randomEdges,
  randomSource,
  reachable,
} from "../analysis/graphs.ts";

const GRAPHS = 3000;
const MAX_BLOCKS = 12;

/** Whether a path from the end of `from` to the start of `to`, not through `from` again, passes one of the blocks. */
function passes(edges: Edges, from: number, to: number, blocks: readonly number[]): boolean {
  const behind = new Set(edges[from]!.flatMap((next) => [...reachable(edges, next, from)]));
  return blocks.some(
    (block) => behind.has(block) && edges[block]!.some((next) => reachable(edges, next, from).has(to)),
  );
}

test("a block begins in the epoch in which a dominator ends just when no safepoint lies between them", () => {
  let equal = 0;
  let different = 0;
  for (let seed = 0; seed < GRAPHS; seed++) {
    const edges = randomEdges(seed, MAX_BLOCKS);
    const random = randomSource(seed + 77);
    const safepoints = edges.map((_, block) => block).filter(() => random(4) === 0);
    const func = functionOf(edges);
    const cfg = cfgOf(func);
    const tree = new DominatorTree();
    tree.compute(func, cfg);
    const epochs = new Epochs();
    epochs.begin(edges.length);
    for (const block of safepoints) if (tree.isReachable(blockOf(block))) epochs.addSafepoint(blockOf(block));
    epochs.compute(cfg, tree);
    for (let from = 0; from < edges.length; from++) {
      for (let to = 0; to < edges.length; to++) {
        if (from === to || !tree.dominates(blockOf(from), blockOf(to))) continue;
        const isFresh = epochs.exit(blockOf(from)) === epochs.entry(blockOf(to));
        assert.equal(isFresh, !passes(edges, from, to, safepoints), `graph ${seed}, ${from} to ${to}`);
        if (isFresh) equal++;
        else different++;
      }
    }
  }
  assert.ok(equal > 1000 && different > 1000);
});

test("each safepoint of a block begins an epoch", () => {
  const func = functionOf([[1], []]);
  const cfg = cfgOf(func);
  const tree = new DominatorTree();
  tree.compute(func, cfg);
  const epochs = new Epochs();
  epochs.begin(2);
  epochs.addSafepoint(blockOf(0));
  epochs.addSafepoint(blockOf(0));
  epochs.compute(cfg, tree);
  const seen = [0, 1, 2].map((count) => epochs.after(blockOf(0), count));
  assert.equal(new Set(seen).size, 3);
  assert.equal(epochs.entry(blockOf(1)), seen[2]);
});
