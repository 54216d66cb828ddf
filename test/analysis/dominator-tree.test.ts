import assert from "node:assert/strict";
import { test } from "node:test";
import { DominatorTree } from "../../src/analysis/dominator-tree.ts";
import { NONE } from "../../src/ir/entities.ts";
import { blockOf, cfgOf, functionOf, randomEdges, reachable } from "./graphs.ts";

function treeOf(
  edges: readonly (readonly number[])[],
  tree: DominatorTree = new DominatorTree(),
): DominatorTree {
  const func = functionOf(edges);
  tree.compute(func, cfgOf(func));
  return tree;
}

test("a diamond's join is dominated by its branch only", () => {
  const tree = treeOf([[1, 2], [3], [3], []]);
  assert.deepEqual(
    [0, 1, 2, 3].map((block) => tree.idom(blockOf(block))),
    [NONE, 0, 0, 0],
  );
  assert.equal(tree.dominates(blockOf(0), blockOf(3)), true);
  assert.equal(tree.dominates(blockOf(1), blockOf(3)), false);
  assert.equal(tree.dominates(blockOf(3), blockOf(3)), true);
});

test("Lengauer and Tarjan's own example", () => {
  // R A B C D E F G H I J K L as 0 … 12.
  const names = "RABCDEFGHIJKL";
  const graph = ["BAC", "D", "ADE", "FG", "L", "H", "I", "IJ", "KE", "K", "I", "RI", "H"];
  // The entry may not be a destination, so K's edge to R is left out; it changes no dominator.
  const edges = graph.map((targets) => [...targets.replace("R", "")].map((name) => names.indexOf(name)));
  const tree = treeOf(edges);
  const idoms = [...names].slice(1).map((_, i) => names[tree.idom(blockOf(i + 1))]);
  assert.equal(idoms.join(""), "RRRRRCCRRGRD");
});

test("unreachable blocks dominate nothing and nothing dominates them", () => {
  const tree = treeOf([[1], [], [1]]);
  assert.equal(tree.isReachable(blockOf(2)), false);
  assert.equal(tree.idom(blockOf(2)), NONE);
  assert.equal(tree.idom(blockOf(1)), 0);
  assert.equal(tree.dominates(blockOf(2), blockOf(2)), false);
  assert.equal(tree.dominates(blockOf(0), blockOf(2)), false);
});

test("random graphs agree with the definition: a dominates b when removing a cuts b off", () => {
  const tree = new DominatorTree();
  for (let seed = 0; seed < 400; seed++) {
    const edges = randomEdges(seed, 2 + (seed % 24));
    treeOf(edges, tree);
    const reached = reachable(edges, 0, NONE);
    assert.equal(tree.reachableCount, reached.size);
    for (let a = 0; a < edges.length; a++) {
      const left = reachable(edges, 0, a);
      for (let b = 0; b < edges.length; b++) {
        const expected = reached.has(a) && reached.has(b) && !left.has(b);
        assert.equal(tree.dominates(blockOf(a), blockOf(b)), expected, `seed ${seed}: ${a} over ${b}`);
      }
    }
    const place = new Map(Array.from(reached, (_, i) => [tree.inPreorder(i), i]));
    for (const block of reached) {
      const idom = tree.idom(blockOf(block));
      if (idom !== NONE) assert.ok(place.get(idom)! < place.get(blockOf(block))!);
    }
  }
});

test("a chain of 300,000 blocks, and a ladder that is bad for naive algorithms", () => {
  const length = 300_000;
  const chain = treeOf(Array.from({ length }, (_, i) => (i + 1 < length ? [i + 1] : [])));
  assert.equal(chain.idom(blockOf(length - 1)), length - 2);
  const half = 50_000;
  // Down one side, each rung leads to the other side, which runs back up.
  const ladder = treeOf(
    Array.from({ length: 2 * half }, (_, i) => {
      if (i < half) return i + 1 < half ? [i + 1, i + half] : [i + half];
      return i > half ? [i - 1] : [];
    }),
  );
  assert.equal(ladder.idom(blockOf(half)), 0);
  assert.equal(ladder.idom(blockOf(2 * half - 1)), half - 1);
});
