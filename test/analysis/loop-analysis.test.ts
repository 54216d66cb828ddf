import assert from "node:assert/strict";
import { test } from "node:test";
import { type Loop, LoopAnalysis } from "../../src/analysis/loop-analysis.ts";
import { Traversal } from "../../src/analysis/traversal.ts";
import { I32List } from "../../src/base/column.ts";
import { NONE } from "../../src/ir/entities.ts";
import { blockOf, cfgOf, functionOf, randomEdges } from "./graphs.ts";

interface PlainLoop {
  readonly header: number;
  readonly depth: number;
  readonly irreducible: boolean;
  readonly blocks: readonly number[];
}

const byHeader = (a: PlainLoop, b: PlainLoop): number => a.header - b.header;

function loopsOf(
  edges: readonly (readonly number[])[],
  analysis: LoopAnalysis = new LoopAnalysis(),
): PlainLoop[] {
  const func = functionOf(edges);
  analysis.compute(func, cfgOf(func));
  return Array.from({ length: analysis.loopCount }, (_, i) => {
    const loop = i as Loop;
    const parent = analysis.parent(loop);
    if (parent !== NONE) assert.equal(analysis.depth(loop), analysis.depth(parent) + 1);
    return {
      header: analysis.header(loop),
      depth: analysis.depth(loop),
      irreducible: analysis.isIrreducible(loop),
      blocks: edges.map((_, block) => block).filter((block) => analysis.contains(loop, blockOf(block))),
    };
  }).sort(byHeader);
}

/** The definition: strongly connected regions, the first block in preorder taken out, again inside. */
function loopsByDefinition(edges: readonly (readonly number[])[]): PlainLoop[] {
  const preorder = preorderOf(edges);
  const loops: PlainLoop[] = [];
  const visit = (blocks: ReadonlySet<number>, depth: number): void => {
    for (const region of regionsOf(edges, blocks)) {
      const header = region.reduce((a, b) => (preorder.get(a)! < preorder.get(b)! ? a : b));
      const inside = new Set(region);
      const entered = [...preorder.keys()].flatMap((block) =>
        inside.has(block) ? [] : edges[block]!.filter((target) => inside.has(target)),
      );
      const irreducible = entered.some((target) => target !== header);
      loops.push({ header, depth, irreducible, blocks: region.toSorted((a, b) => a - b) });
      inside.delete(header);
      visit(inside, depth + 1);
    }
  };
  visit(new Set(preorder.keys()), 1);
  return loops.sort(byHeader);
}

function preorderOf(edges: readonly (readonly number[])[]): Map<number, number> {
  const order = new Map<number, number>();
  const visit = (block: number): void => {
    if (order.has(block)) return;
    order.set(block, order.size);
    edges[block]!.forEach(visit);
  };
  visit(0);
  return order;
}

/** The sets of blocks that reach each other within `blocks`, those with a cycle. */
function regionsOf(edges: readonly (readonly number[])[], blocks: ReadonlySet<number>): number[][] {
  const reach = new Map<number, Set<number>>();
  for (const start of blocks) {
    const seen = new Set<number>();
    const work = [start];
    while (work.length > 0) {
      for (const target of edges[work.pop()!]!) {
        if (!blocks.has(target) || seen.has(target)) continue;
        seen.add(target);
        work.push(target);
      }
    }
    reach.set(start, seen);
  }
  const regions: number[][] = [];
  const done = new Set<number>();
  for (const block of blocks) {
    if (done.has(block) || !reach.get(block)!.has(block)) continue;
    const region = [...blocks].filter(
      (other) => reach.get(block)!.has(other) && reach.get(other)!.has(block),
    );
    for (const member of region) done.add(member);
    regions.push(region);
  }
  return regions;
}

test("no loops in a diamond, one in a self loop", () => {
  assert.deepEqual(loopsOf([[1, 2], [3], [3], []]), []);
  assert.deepEqual(loopsOf([[1], [1, 2], []]), [{ header: 1, depth: 1, irreducible: false, blocks: [1] }]);
});

test("nested loops, and blocks between them", () => {
  const loops = loopsOf([[1], [2], [3], [2, 4], [1, 5], []]);
  assert.deepEqual(loops, [
    { header: 1, depth: 1, irreducible: false, blocks: [1, 2, 3, 4] },
    { header: 2, depth: 2, irreducible: false, blocks: [2, 3] },
  ]);
});

test("a loop entered in two places is irreducible", () => {
  assert.deepEqual(loopsOf([[1, 2], [2], [1, 3], []]), [
    { header: 1, depth: 1, irreducible: true, blocks: [1, 2] },
  ]);
});

test("only the loops that the second entry jumps into are irreducible", () => {
  // 1 (2 (3 4)) with an edge from 0 into 4: all three are entered beside their headers.
  const all = loopsOf([[1, 4], [2], [3], [4], [3, 5], [2, 6], [1, 7], []]);
  assert.deepEqual(
    all.map((loop) => loop.irreducible),
    [true, true, true],
  );
  // The same with an edge from 1 into 4: the outer loop holds both ends.
  const inner = loopsOf([[1], [2, 4], [3], [4], [3, 5], [2, 6], [1, 7], []]);
  assert.deepEqual(
    inner.map((loop) => loop.irreducible),
    [false, true, true],
  );
});

test("cycles that the entry does not reach are no loops", () => {
  assert.deepEqual(loopsOf([[], [2], [1]]), []);
});

test("random graphs agree with the definition", () => {
  const analysis = new LoopAnalysis();
  let irreducible = 0;
  let nested = 0;
  for (let seed = 0; seed < 1500; seed++) {
    const edges = randomEdges(seed, 2 + (seed % 22));
    const expected = loopsByDefinition(edges);
    assert.deepEqual(loopsOf(edges, analysis), expected, `seed ${seed}`);
    irreducible += expected.filter((loop) => loop.irreducible).length;
    nested += expected.filter((loop) => loop.depth > 2).length;
  }
  assert.ok(irreducible > 500 && nested > 200, `${irreducible} irreducible, ${nested} deep`);
});

test("100,000 loops nested in each other", () => {
  const depth = 100_000;
  // Headers 1 … depth going in, latches going out.
  const edges = Array.from({ length: 2 * depth + 2 }, (_, i) => {
    if (i <= depth) return [i + 1];
    if (i > 2 * depth) return [];
    return [2 * depth + 1 - i, i + 1];
  });
  const func = functionOf(edges);
  const analysis = new LoopAnalysis();
  analysis.compute(func, cfgOf(func));
  assert.equal(analysis.loopCount, depth);
  assert.equal(analysis.loopDepth(blockOf(depth)), depth);
  assert.equal(analysis.isIrreducible(0 as Loop), false);
});

test("the depth-first order is that of the traversal, so the first block reached is the header", () => {
  const edges = [[2, 1], [2], [1, 3], []];
  assert.equal(loopsOf(edges)[0]!.header, 2);
  const out = new I32List();
  new Traversal().postOrder(functionOf(edges), out);
  assert.deepEqual(
    Array.from({ length: out.length }, (_, i) => out.get(i)),
    [1, 3, 2, 0],
  );
});
