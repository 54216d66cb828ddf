/**
 * What a frame names where a block begins, be it made at once or by the first call that needs it. A wrong answer would have a collector read the wrong slots, so every answer is
 * also held against all paths of bounded length.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlTree } from "../../src/backend/control-tree.ts";
import { CLOSED, MAYBE_OPEN, NamedMaps, UNNAMED } from "../../src/backend/named-maps.ts";
import { type Block, NONE } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import { parseFunctions } from "../../src/text/index.ts";

/** What the frame names at first: nothing that a call's map could be. */
const AT_FIRST = -1;
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

function answers(func: Function, atFirst: number): Map<Block, number> {
  const control = new ControlTree();
  control.compute(func);
  const maps = new NamedMaps();
  maps.readCalls(func, control);
  maps.compute(func, control, atFirst);
  const found = new Map<Block, number>();
  for (let i = 0; i < control.blockCount; i++) found.set(control.blockAt(i), maps.at(control.blockAt(i)));
  return found;
}

/**
 * What is named where each block begins, on any path from the entry, if calls go by what was found: one without references leaves
 * the frame alone where that is known to be closed.
 */
function allPaths(
  func: Function,
  atFirst: number,
  found: ReadonlyMap<Block, number>,
): Map<Block, Set<number>> {
  const { layout, dfg } = func;
  const seen = new Map<Block, Set<number>>();
  const walk = (block: Block, named: number, length: number): void => {
    if (length > LONGEST_PATH) return;
    const names = seen.get(block) ?? new Set();
    seen.set(block, names.add(named));
    let last = named;
    let known = found.get(block)!;
    let inst = layout.firstInst(block);
    while (inst !== NONE) {
      const map = dfg.stackMap(inst);
      if (func.mayCollect(inst) && !(known === CLOSED && map === NONE)) {
        last = map + 1;
        known = last;
      }
      for (let i = 0; i < dfg.destinationCount(inst); i++)
        walk(dfg.blockCalls.block(dfg.destination(inst, i)), last, length + 1);
      inst = layout.nextInst(inst);
    }
  };
  walk(layout.entryBlock as Block, atFirst, 0);
  return seen;
}

interface Case {
  readonly blocks: string;
  /** What is named where each block begins: if the frame is made at once, and if it is made late. */
  readonly named: readonly string[];
  readonly late: readonly string[];
}

const FUNCTIONS: Readonly<Record<string, Case>> = {
  "a block after a call": {
    blocks: `block0(v0: i32):
a
    jump block1
block1:
    return`,
    named: ["nothing", "a"],
    late: ["closed", "a"],
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
    late: ["closed", "closed", "closed", "a"],
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
    late: ["closed", "a", "a", "nothing"],
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
    late: ["closed", "a", "a"],
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
    late: ["closed", "nothing", "nothing", "nothing"],
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
    late: ["closed", "a", "nothing", "b", "a"],
  },
  "a call without references names a map, too": {
    blocks: `block0(v0: i32):
a
none
    jump block1
block1:
    return`,
    named: ["nothing", "none"],
    late: ["closed", "none"],
  },
  "a call without references leaves the frame closed": {
    blocks: `block0(v0: i32):
none
    jump block1
block1:
a
    jump block2
block2:
    return`,
    named: ["nothing", "none", "a"],
    late: ["closed", "closed", "a"],
  },
  "an arm without a call": {
    blocks: `block0(v0: i32):
    brif v0, block1, block2
block1:
a
    jump block3
block2:
none
    jump block3
block3:
none
    jump block4
block4:
    return`,
    named: ["nothing", "nothing", "nothing", "nothing", "none"],
    late: ["closed", "closed", "closed", "maybe open", "none"],
  },
  "a loop around the first call": {
    blocks: `block0(v0: i32):
    jump block1
block1:
none
    brif v0, block2, block3
block2:
a
    jump block1
block3:
    return`,
    named: ["nothing", "nothing", "none", "none"],
    late: ["closed", "maybe open", "none", "none"],
  },
};

for (const [name, { blocks, named, late }] of Object.entries(FUNCTIONS)) {
  for (const [atFirst, wanted] of [
    [AT_FIRST, named],
    [CLOSED, late],
  ] as const) {
    test(`${name}${atFirst === CLOSED ? ", late" : ""}`, () => {
      const func = functionOf(blocks);
      const found = answers(func, atFirst);
      const words = wordsOf(func);
      assert.deepEqual(
        [...found].sort(([x], [y]) => x - y).map(([, map]) => words.get(map)),
        wanted,
      );
      const paths = allPaths(func, atFirst, found);
      for (const [block, map] of found) checkAgainst(map, [...paths.get(block)!], `block${block}`);
    });
  }
}

function wordsOf(func: Function): Map<number, string> {
  const { dfg, layout } = func;
  const words = new Map([
    [UNNAMED, "nothing"],
    [CLOSED, "closed"],
    [MAYBE_OPEN, "maybe open"],
  ]);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (!func.mayCollect(inst)) continue;
      const map = dfg.stackMap(inst);
      words.set(map + 1, map === NONE ? "none" : ["a", "b"][dfg.stackMaps.entrySlot(map, 0)]!);
    }
  }
  return words;
}

function checkAgainst(found: number, onPaths: readonly number[], block: string): void {
  if (found === MAYBE_OPEN) {
    assert.ok(onPaths.length > 1, `${block} begins alike on all paths`);
  } else if (found === UNNAMED) {
    assert.ok(!onPaths.includes(CLOSED), `${block} may begin closed`);
    assert.ok(onPaths.includes(AT_FIRST) || onPaths.length > 1, `${block} is named on all paths`);
  } else {
    assert.deepEqual(onPaths, [found], block);
  }
}
