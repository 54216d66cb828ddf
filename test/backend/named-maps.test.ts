/**
 * Which map a frame names where a block begins. A wrong answer would have a collector read the wrong slots, so every answer is also held
 * against all paths of bounded length.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlTree } from "../../src/backend/control-tree.ts";
import { NamedMaps, UNNAMED } from "../../src/backend/named-maps.ts";
import { type Block, NONE } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import { parseFunctions } from "../../src/text/index.ts";

const LONGEST_PATH = 12;

/** Blocks in text, in which `a`, `b` and `none` on a line of their own are calls with those maps, and `quiet` one that collects nothing. */
function functionOf(blocks: string): Function {
  const calls = blocks
    .replace(/^ *a$/gm, "    call fn0(), stack_map=[i32 @ ss0+0]")
    .replace(/^ *b$/gm, "    call fn0(), stack_map=[i32 @ ss1+0]")
    .replace(/^ *none$/gm, "    call fn0()");
  return parseFunctions(`function %f(i32) tail {
    ss0 = explicit_slot 4
    ss1 = explicit_slot 4
    sig0 = () tail
    fn0 = %collects sig0
${calls}
}`)[0]!;
}

function answers(func: Function, isKept: boolean): Map<Block, number> {
  const control = new ControlTree();
  control.compute(func);
  const maps = new NamedMaps();
  maps.compute(func, control, isKept);
  const found = new Map<Block, number>();
  for (let i = 0; i < control.blockCount; i++) found.set(control.blockAt(i), maps.at(control.blockAt(i)));
  return found;
}

/** What is named where each block begins, on any path from the entry. A call that needs nothing of a frame leaves one that is not kept to others. */
function allPaths(func: Function, isKept: boolean): Map<Block, Set<number>> {
  const { layout, dfg } = func;
  const seen = new Map<Block, Set<number>>();
  const walk = (block: Block, named: number, length: number): void => {
    if (length > LONGEST_PATH) return;
    const names = seen.get(block) ?? new Set();
    seen.set(block, names.add(named));
    let last = named;
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      const map = dfg.stackMap(inst);
      if (func.mayCollect(inst)) last = isKept || map !== NONE ? map + 1 : UNNAMED;
      for (let i = 0; i < dfg.destinationCount(inst); i++)
        walk(dfg.blockCalls.block(dfg.destination(inst, i)), last, length + 1);
    }
  };
  walk(layout.entryBlock as Block, UNNAMED, 0);
  return seen;
}

interface Case {
  readonly blocks: string;
  /** What is named where each block begins; and where that differs, if the frame is kept during calls that need nothing of it. */
  readonly named: readonly string[];
  readonly kept?: readonly string[];
}

const FUNCTIONS: Readonly<Record<string, Case>> = {
  "a block after a call": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    return`,
    named: ["nothing", "a"],
  },
  "arms that agree": {
    blocks: `block0(v0: i32):
    brif v0, block1, block2
block1:
a
    jump block3
block2:
b
a
    jump block3
block3:
    return`,
    named: ["nothing", "nothing", "nothing", "a"],
  },
  "arms that do not": {
    blocks: `block0(v0: i32):
a
    brif v0, block1, block2
block1:
b
    jump block3
block2:
    jump block3
block3:
    return`,
    named: ["nothing", "a", "a", "nothing"],
  },
  "a loop that keeps what was named before it": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    brif v0, block1, block2
block2:
    return`,
    named: ["nothing", "a", "a"],
  },
  "a loop that names its own": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    brif v0, block2, block3
block2:
b
    jump block1
block3:
    return`,
    named: ["nothing", "nothing", "nothing", "nothing"],
  },
  "a nest of which the inner loop changes what is named": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    jump block2
block2:
b
    brif v0, block2, block3
block3:
a
    brif v0, block1, block4
block4:
    return`,
    named: ["nothing", "a", "nothing", "b", "a"],
  },
  "a call without references leaves the frame to others": {
    blocks: `block0(v0: i32):
a
none
    jump block1
block1:
    return`,
    named: ["nothing", "nothing"],
    kept: ["nothing", "none"],
  },
  "a loop around a call without references": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    brif v0, block2, block3
block2:
none
    jump block1
block3:
    return`,
    named: ["nothing", "nothing", "nothing", "nothing"],
  },
};

for (const [name, { blocks, named, kept = named }] of Object.entries(FUNCTIONS)) {
  for (const isKept of [false, true]) {
    test(`${name}${isKept ? ", kept" : ""}`, () => {
      const func = functionOf(blocks);
      const found = answers(func, isKept);
      const words = wordsOf(func);
      assert.deepEqual(
        [...found].sort(([x], [y]) => x - y).map(([, map]) => words.get(map)),
        isKept ? kept : named,
      );
      const paths = allPaths(func, isKept);
      for (const [block, map] of found) {
        const onPaths = [...paths.get(block)!];
        if (map !== UNNAMED) assert.deepEqual(onPaths, [map], `block${block}`);
        else
          assert.ok(onPaths.includes(UNNAMED) || onPaths.length > 1, `block${block} is named on all paths`);
      }
    });
  }
}

function wordsOf(func: Function): Map<number, string> {
  const { dfg, layout } = func;
  const words = new Map([[UNNAMED, "nothing"]]);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (!func.mayCollect(inst)) continue;
      const map = dfg.stackMap(inst);
      words.set(map + 1, map === NONE ? "none" : ["a", "b"][dfg.stackMaps.entrySlot(map, 0)]!);
    }
  }
  return words;
}
