/**
 * Random functions, everything checked of each: a smoke test over fixed seeds. `spillway fuzz` goes further.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyName } from "../../src/frontend/safepoints/policies.ts";
import { NONE } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import { opcodeName } from "../../src/ir/opcodes.ts";
import { typeName } from "../../src/ir/types.ts";
import {
  CaseChecker,
  caseText,
  runCampaign,
  SeededSource,
  SeedRunner,
  TextSource,
} from "../../src/lab/fuzz/index.ts";
import { Random } from "../../src/lab/fuzz/random.ts";
import { reduceFailure } from "../../src/lab/fuzz/reduce-failure.ts";
import { functionText } from "../../src/text/index.ts";

const OPTIONS = { policy: "spillway", oracleSeeds: 2, fuel: 60, texts: true } as const;
const MISTAKE: PolicyName = "wrong:loop-invariant-slot";

test("2,000 random functions are spilled right, and all checks agree", () => {
  const runner = new SeedRunner();
  const failures = runner.run(2_000_000, 2000);
  assert.deepEqual(
    failures.map(({ seed, kind, message }) => `${seed} ${kind} ${message}`),
    [],
  );
  const { tally } = runner;
  console.log(
    `fuzz: ${tally.cases} functions, ${tally.spilled} with spills, ${tally.mapEntries} map entries`,
  );
  // The functions are worth checking: most are spilled, upstream's defects and the known mistakes show.
  assert.equal(tally.cases, 2000);
  assert.ok(tally.spilled > 1000);
  assert.ok(tally.unsoundRejected > 50);
  assert.ok(tally.wrongRejected > 20);
  assert.ok(tally.wrongShown > 10);
});

test("a seed gives the same function in fresh and in used objects", () => {
  const source = new SeededSource();
  for (let seed = 0; seed < 50; seed++) {
    source.at(seed).copy(0);
    assert.equal(functionText(source.copy(0), { directives: true }), caseText(seed));
  }
  assert.notEqual(caseText(1), caseText(2));
});

/** What occurs in a function: opcodes and traits by name. */
function features(func: Function, seen: Map<string, number>): void {
  const note = (name: string): void => {
    seen.set(name, (seen.get(name) ?? 0) + 1);
  };
  const { dfg, layout } = func;
  note(`pointer ${typeName(func.pointerType)}`);
  for (let value = 0; value < dfg.numValues; value++) {
    if (dfg.isAlias(value as never)) note("alias");
    else note(`type ${typeName(dfg.valueType(value as never))}`);
  }
  if (layout.entryBlock !== 0) note("entry not block0");
  if (func.stackSlots.length > 0) note("stack slots");
  if (dfg.extFuncs.some(({ noCollect }) => noCollect)) note("no-collect");
  if (func.needsStackMap.some((value) => dfg.isAlias(value))) note("declared alias");
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      note(opcodeName(dfg.opcode(inst)));
      const targets = Array.from({ length: dfg.destinationCount(inst) }, (_, i) =>
        dfg.blockCalls.block(dfg.destination(inst, i)),
      );
      if (targets.length > 1 && new Set(targets).size < targets.length) note("duplicate destinations");
      if (dfg.hasExceptionTable(inst)) note("exception table");
    }
  }
}

test("random functions have all the shapes that matter", () => {
  const seen = new Map<string, number>();
  const source = new SeededSource();
  for (let seed = 0; seed < 1500; seed++) features(source.at(seed).copy(0), seen);
  const wanted = [
    ...["alias", "declared alias", "stack slots", "no-collect", "duplicate destinations", "exception table"],
    ...["entry not block0", "func_addr", "bitcast", "fcmp", "fence"],
    ...[
      "pointer i32",
      "pointer i64",
      "call",
      "call_indirect",
      "try_call",
      "try_call_indirect",
      "stack_switch",
    ],
    ...["return_call", "return_call_indirect", "jump", "brif", "br_table", "trap", "trapz", "load", "store"],
    ...["i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128", "i8x16", "f64x2"].map(
      (ty) => `type ${ty}`,
    ),
  ];
  assert.deepEqual(
    wanted.filter((name) => (seen.get(name) ?? 0) < 3),
    [],
  );
});

test("random numbers are the same for a seed, and seeds above 32 bits differ", () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 4 }, () => random.below(1000));
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(7 + 2 ** 32));
});

/** The first seed whose function the mistaken policy spills so that the oracle sees it. */
function seedThatShows(policy: PolicyName): number {
  for (let seed = 0; seed < 3000; seed++) {
    const checker = new CaseChecker();
    const source = new SeededSource().at(seed);
    checker.check(source, { ...OPTIONS, texts: false, wrongPolicy: policy });
    if (checker.tally.wrongShown > 0) return seed;
  }
  assert.fail(`no seed shows ${policy}`);
}

test("a spiller that is wrong is found out", () => {
  const source = new TextSource(caseText(seedThatShows(MISTAKE)));
  const failure = new CaseChecker().check(source, { ...OPTIONS, policy: MISTAKE });
  assert.equal(failure?.kind, `${MISTAKE}-unproved-and-differs`);
});

test("a failing function is reduced to the smallest that fails the same way", async () => {
  const seed = seedThatShows(MISTAKE);
  const options = { ...OPTIONS, texts: false, policy: MISTAKE };
  const failure = new CaseChecker().check(new SeededSource().at(seed), options);
  assert.ok(failure !== null);
  const text = caseText(seed);
  const reduced = await reduceFailure({ ...failure, seed, text, options }, () => false);
  assert.ok(reduced !== null);
  assert.ok(reduced.length < text.length);
  assert.equal(new CaseChecker().check(new TextSource(reduced), options)?.kind, failure.kind);
});

test("null that comes to a declared parameter through an undeclared one does not move", () => {
  // The checker knows that v0 is always null, and proves what cranelift makes of it; the oracle must not move it either.
  const source = new TextSource(`function %null_through_parameter() system_v {
; needs-stack-map: v0
    sig0 = () system_v
    fn0 = u0:0 sig0

block0:
    v2 = iconst.i32 0
    jump block1(v2)

block1(v1: i32):
    jump block2(v1)

block2(v0: i32):
    call fn0()
    try_call fn0(), sig0, block2(v0), []
}
`);
  assert.equal(new CaseChecker().check(source, OPTIONS), null);
});

test("a campaign checks exactly the seeds it was given, however many threads share them", async () => {
  const seedOptions = { policy: "spillway", oracleSeeds: 1, fuel: 20 } as const;
  const [one, two] = await Promise.all(
    [1, 2].map((jobs) => runCampaign({ firstSeed: 77, count: 600, jobs, seedOptions })),
  );
  assert.equal(one!.done, 600);
  assert.deepEqual(two, one);
});
