/** The reducer: what it keeps, what it takes away, and that it ends with something small. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../../src/base/diagnostics.ts";
import type { Function } from "../../../src/ir/function.ts";
import { isValidClif } from "../../../src/lab/reduce/conditions.ts";
import { copyFunction } from "../../../src/lab/reduce/copy-function.ts";
import { reduceClif, SymptomFinder } from "../../../src/lab/reduce/index.ts";
import { type Condition, Reducer, type ReductionKind } from "../../../src/lab/reduce/reducer.ts";
import { functionText, parseFunctions } from "../../../src/text/index.ts";
import { SEEDS } from "../../text/seeds.ts";
import { largeFunction } from "./large-function.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const WRONG = { kind: "checker", policy: "wrong:loop-invariant-slot", unlike: "cranelift" } as const;

test("a function of 1,000 instructions that a policy gets wrong shrinks to at most 12", async () => {
  const source = encode(largeFunction(7919, 1000));
  const reduced = await reduceClif(source, { condition: WRONG });
  assert.ok(reduced.instsBefore >= 1000);
  assert.ok(reduced.instsAfter <= 12, decode(reduced.text));
  assert.ok(isValidClif(reduced.text));
  assert.match(decode(reduced.text), /^; needs-stack-map: v\d/m);
  assert.equal(new SymptomFinder(WRONG).symptom(reduced.text), new SymptomFinder(WRONG).symptom(source));
});

test("the result is the same for any number of jobs", async () => {
  const source = encode(largeFunction(104729, 200));
  const one = await reduceClif(source, { condition: WRONG, jobs: 1 });
  const three = await reduceClif(source, { condition: WRONG, jobs: 3 });
  assert.equal(decode(three.text), decode(one.text));
});

test("policies whose texts differ: a declared alias, which upstream drops, is what is left", async () => {
  const source = encode(`function %f(i32, i64) -> i32 tail {
    ; needs-stack-map: v5
    sig0 = (i32) tail
    fn0 = u0:0 sig0

block0(v0: i32, v1: i64):
    v2 = iadd v0, v0
    v5 -> v2
    v3 = iconst.i32 7
    call fn0(v3)
    store v2, v1+8
    brif v0, block1, block2

block1:
    call fn0(v5)
    jump block2

block2:
    return v5
}
`);
  const reduced = await reduceClif(source, {
    condition: { kind: "policies", policies: ["spillway", "cranelift"] },
  });
  assert.ok(reduced.instsAfter <= 3, decode(reduced.text));
  assert.match(decode(reduced.text), /v\d+ -> v\d+/);
});

test("the oracle's verdict can be what is kept", async () => {
  const source = encode(largeFunction(31337, 60));
  const reduced = await reduceClif(source, {
    condition: { kind: "oracle", policy: "wrong:loop-invariant-slot", unlike: "cranelift" },
  });
  assert.ok(reduced.instsAfter <= 12, decode(reduced.text));
});

test("what the verifier rejects stays rejected for the same reason", async () => {
  const source = encode(`function %f(i32) -> i32 {
block0(v0: i32):
    v1 = iadd v0, v0
    brif v0, block1, block2
block1:
    v2 = imul v1, v1
    jump block2
block2:
    v3 = iadd.i32 v2, v1
    return v3
}
`);
  const finder = new SymptomFinder({ kind: "verifier" });
  const reduced = await reduceClif(source, { condition: { kind: "verifier" } });
  assert.equal(finder.symptom(reduced.text), finder.symptom(source));
  assert.ok(reduced.instsAfter < reduced.instsBefore);
});

const command = (line: string, match?: string): Parameters<typeof reduceClif>[1] => ({
  condition: {
    kind: "command",
    command: line,
    timeoutSeconds: 20,
    suffix: ".clif",
    ...(match === undefined ? {} : { match }),
  },
  jobs: 2,
});

test("a command decides: the exit code of the first run must stay, of two functions one is enough", async () => {
  const other = "function %other(i32) -> i32 {\nblock0(v0: i32):\n    return v0\n}\n";
  const source = encode(`test cat\n\nfunction %f(i32) {
block0(v0: i32):
    v1 = iadd v0, v0
    v2 = popcnt v1
    store v2, v1
    return
}
${other}`);
  const reduced = await reduceClif(source, command("grep -q popcnt {}"));
  assert.match(reduced.condition, /ends with exit 0/);
  assert.equal(
    decode(reduced.text),
    "function %f(i32) fast {\n; pointer-type: i64\nblock0(v0: i32):\n    v1 = popcnt v0\n    return\n}\n",
  );
  const matched = await reduceClif(source, command("cat", "iadd"));
  assert.match(decode(matched.text), /iadd/);
  assert.doesNotMatch(decode(matched.text), /popcnt|store|%other/);
});

test("conditions that do not hold, and commands that are not there, are refused", async () => {
  const source = encode("function %f() {\nblock0:\n    return\n}\n");
  const refused = async (options: Parameters<typeof reduceClif>[1], code: string): Promise<void> => {
    await assert.rejects(reduceClif(source, options), (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.diagnostic.code, code);
      return true;
    });
  };
  await refused({ condition: WRONG }, "reduce-nothing-fails");
  await refused(command("spillway-no-such-command {}"), "reduce-command");
  await refused(command("cat", "no such text"), "reduce-nothing-fails");
  await assert.rejects(reduceClif(encode("; nothing"), { condition: WRONG }), { name: "InputError" });
  await assert.rejects(reduceClif(encode("function"), { condition: WRONG }), { name: "InputError" });
});

test("a command that runs too long is stopped, and that may be what is kept", async () => {
  const source = encode("function %f() {\nblock0:\n    nop\n    return\n}\n");
  const reduced = await reduceClif(source, {
    condition: {
      kind: "command",
      command: "grep -q nop {} && sleep 600; :",
      timeoutSeconds: 1,
      suffix: ".clif",
    },
  });
  assert.match(reduced.condition, /ends with timeout/);
  assert.match(decode(reduced.text), /nop/);
});

test("stopping gives what there is", async () => {
  const source = encode(largeFunction(7919, 300));
  let better = 0;
  const reduced = await reduceClif(source, {
    condition: WRONG,
    onBetter: () => {
      better++;
    },
    stop: () => better >= 2,
  });
  assert.equal(reduced.stopped, true);
  assert.equal(new SymptomFinder(WRONG).symptom(reduced.text), "wrong-use");
});

test("a copy of a function is the function, and a copy of the copy prints the same", () => {
  const copied = (func: Function): Function => {
    const copy = copyFunction(func, { replaced: new Map(), dropUnreachable: false });
    assert.ok(copy !== null);
    return copy;
  };
  const seeds = [...SEEDS.filter((seed) => !seed.includes("@0010 block0")), largeFunction(3, 100)];
  for (const func of seeds.flatMap((seed) => parseFunctions(seed))) {
    const options = { directives: true, dynamicTypes: true };
    const once = copied(func);
    const text = functionText(once, options);
    assert.equal(functionText(copied(once), options), text);
    assert.equal(once.dfg.numInsts, func.dfg.numInsts);
    assert.equal(functionText(parseFunctions(text)[0]!, options), text);
  }
});

/** Reducing needs no CLIF: here a list of numbers. */
const NUMBERS: ReductionKind<readonly number[]> = {
  passes: [
    {
      name: "items",
      count: (list) => list.length,
      apply: (list, from, to) => list.filter((_, i) => i < from || i >= to),
    },
  ],
  serialize: (list) => encode(list.join()),
  weight: (list) => list.length,
};

test("the engine finds the smallest list that a condition needs, and asks nothing twice", async () => {
  const asked: string[] = [];
  const condition: Condition = {
    holds: async (candidate) => {
      const list = decode(candidate).split(",");
      asked.push(decode(candidate));
      return list.includes("17") && list.includes("83");
    },
  };
  const start = Array.from({ length: 100 }, (_, i) => i);
  const { subject } = await new Reducer(NUMBERS, condition, start).run();
  assert.deepEqual(subject, [17, 83]);
  assert.equal(new Set(asked).size, asked.length);
  assert.ok(asked.length < 100, `${asked.length} candidates`);
});
