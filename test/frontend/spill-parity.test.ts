/**
 * The spiller against real Cranelift, over functions with the text that upstream's own crates gave for them.
 *
 * Under policy `cranelift` the text is identical. Under the default policy slots, spills, reloads and map entries are as
 * many or fewer, except where upstream is unsound: a declared alias that it drops, and declared values on the edges of
 * `try_call`; those functions are counted and listed by kind.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SafepointSpiller, type SpillCounts } from "../../src/frontend/safepoints/spiller.ts";
import { argValue, isValueArg } from "../../src/ir/block-calls.ts";
import { NONE } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import { functionText, parseFunctions } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

interface SpillCase {
  readonly id: number;
  readonly family: string;
  readonly slots: number;
  readonly spills: number;
  readonly reloads: number;
  readonly safepoints: number;
  readonly mapped: number;
  readonly mapEntries: number;
  readonly input: string;
  readonly expected: string;
}

function readCases(path: string): SpillCase[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as SpillCase);
}

function parseOne(text: string): Function {
  const [func] = parseFunctions(text);
  assert.ok(func !== undefined);
  return func;
}

test("policy cranelift gives upstream's text, byte for byte", (t) => {
  const path = sharedData("parity/spill/spill-dev.jsonl");
  if (path === null) return t.skip(noSharedData("parity/spill"));
  const spiller = new SafepointSpiller();
  let passed = 0;
  const failed: number[] = [];
  for (const spillCase of readCases(path)) {
    const func = parseOne(spillCase.input);
    const counts = spiller.run(func, { policy: "cranelift" });
    const same =
      functionText(func) === spillCase.expected &&
      counts.slots === spillCase.slots &&
      counts.spills === spillCase.spills &&
      counts.reloads === spillCase.reloads &&
      counts.mapped === spillCase.mapped &&
      counts.mapEntries === spillCase.mapEntries;
    if (same) passed++;
    else failed.push(spillCase.id);
  }
  t.diagnostic(`spill parity: ${passed} passed, ${failed.length} failed`);
  assert.deepEqual(failed, []);
});

/** Why upstream's output for a function is unsound, or null where it is not known to be. */
function upstreamDefect(func: Function): "declared alias" | "edges of try_call" | null {
  const { dfg, layout } = func;
  const declared = new Set(func.needsStackMap.map((value) => dfg.resolveAliases(value)));
  const direct = new Set(func.needsStackMap);
  for (const value of declared) if (!direct.has(value)) return "declared alias";
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    const last = layout.lastInst(block);
    if (last === NONE || !dfg.hasExceptionTable(last)) continue;
    for (let i = 0; i < dfg.destinationCount(last); i++) {
      const call = dfg.destination(last, i);
      for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
        const arg = dfg.blockCalls.arg(call, j);
        if (isValueArg(arg) && declared.has(dfg.resolveAliases(argValue(arg)))) return "edges of try_call";
      }
    }
  }
  return null;
}

/** Of one function they may be more: what is only passed on gets a slot as well. Real modules need fewer in all. */
const MOST_SLOTS = 1.02;

test("the default policy spills and reloads no more than upstream, where upstream is sound", (t) => {
  const path = sharedData("parity/spill/spill-dev.jsonl");
  if (path === null) return t.skip(noSharedData("parity/spill"));
  const spiller = new SafepointSpiller();
  const excepted = new Map<string, number>();
  const worse: number[] = [];
  const slots = { upstream: 0, here: 0 };
  for (const spillCase of readCases(path)) {
    const func = parseOne(spillCase.input);
    const defect = upstreamDefect(func);
    const counts: SpillCounts = spiller.run(func);
    slots.upstream += spillCase.slots;
    slots.here += counts.slots;
    const more =
      counts.spills + counts.reloads > spillCase.spills + spillCase.reloads ||
      counts.mapEntries > spillCase.mapEntries;
    if (!more) continue;
    if (defect === null) worse.push(spillCase.id);
    else excepted.set(defect, (excepted.get(defect) ?? 0) + 1);
  }
  for (const [defect, count] of excepted)
    t.diagnostic(`${count} functions with more, upstream unsound: ${defect}`);
  assert.deepEqual(worse, []);
  t.diagnostic(`${slots.here} slots, upstream ${slots.upstream}`);
  assert.ok(slots.here <= slots.upstream * MOST_SLOTS);
});
