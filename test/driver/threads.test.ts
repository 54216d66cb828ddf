/** Compiling in threads: the output is that of one thread, whatever the number of threads and the order; so are the complaints. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compile, compileCode, linkCompiled } from "../../src/driver/compile.ts";
import { compileAsync, compileCodeAsync } from "../../src/driver/compile-async.ts";
import { compileInThreads, type ThreadOptions } from "../../src/driver/node/threads.ts";
import type { PrepareOptions } from "../../src/driver/prepare.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { linked, manyFunctions } from "./many-functions.ts";

let bytes: Uint8Array;

before(async () => {
  bytes = await manyFunctions();
});

/** In an order that has no system, the same each time. */
function shuffled<T>(list: readonly T[]): T[] {
  let state = 12345;
  const keyed = list.map((value) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return { value, key: state };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

const DISTRIBUTIONS: readonly ThreadOptions[] = [
  { jobs: 1, rangeBytes: 100 },
  { jobs: 2, rangeBytes: 1 },
  { jobs: 3, rangeBytes: 200, ordered: shuffled },
  { jobs: 2, rangeBytes: 60, ordered: (ranges) => ranges.reverse() },
];

for (const threads of DISTRIBUTIONS) {
  const order = threads.ordered?.name ?? "in order";
  const how = `${threads.jobs} threads, ranges of ${threads.rangeBytes} bytes, ${order}`;
  test(`${how}: for a store, the output of one thread`, async () => {
    const { code } = await compileInThreads(bytes, threads, "store");
    assert.deepEqual(linked(code), linked(compileCode(bytes)));
  });

  test(`${how}: standing alone, the output of one thread`, async () => {
    const options: PrepareOptions = { collector: "generational", prove: true };
    const { prepared, code } = await compileInThreads(bytes, { ...options, ...threads }, "standalone");
    assert.deepEqual(linkCompiled(prepared, code, options).bytes, compile(bytes, options));
  });
}

test("all ranges are compiled once, and progress ends with all functions", async () => {
  const seen: number[] = [];
  let total = 0;
  let ranges = 0;
  await compileInThreads(
    bytes,
    {
      jobs: 2,
      rangeBytes: 150,
      ordered: (all) => {
        ranges = all.length;
        return all;
      },
      progress: (done, of) => {
        seen.push(done);
        total = of;
      },
    },
    "store",
  );
  assert.ok(ranges > 3, "there is nothing to distribute");
  assert.equal(seen.length, ranges);
  assert.equal(seen.at(-1), total);
});

test("what progress throws is what the caller gets, whichever thread compiled", async () => {
  const enough = new TypeError("enough");
  const progress = (): never => {
    throw enough;
  };
  for (const jobs of [1, 2]) {
    const compiling = compileInThreads(bytes, { jobs, rangeBytes: 100, progress }, "store");
    await assert.rejects(compiling, (error) => error === enough);
  }
});

test("a module that is not valid is refused as in one thread", async () => {
  const invalid = await textToBinary("(module (func (result i32) i64.const 0))");
  const refusal = (() => {
    try {
      compile(invalid);
    } catch (error) {
      return error;
    }
    return null;
  })();
  assert.ok(refusal instanceof Error);
  await assert.rejects(compileInThreads(invalid, { jobs: 2 }, "store"), refusal);
});

/** What upstream's #13461 broke, as in `compile.test.ts`: `$p` is live around the loop. */
function loopInvariant(name: string): string {
  return `(func $${name} (param $n i32) (result i32)
    (local $sum i32) (local $p (ref null $box)) (local $q (ref null $box))
    (local.set $p (call $make (i32.const 1000)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (struct.get $box 0 (local.get $p))))
      (local.set $q (call $make (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop (call $make (i32.const 5)))
    (i32.add (local.get $sum) (struct.get $box 0 (local.get $q))))`;
}

test("of several functions that are not proven, the first one's complaint", async () => {
  const wrong = { policy: "wrong:freed-before-map", prove: true } as const;
  const functions = Array.from({ length: 12 }, (_, i) => loopInvariant(`f${i}`));
  const module = await textToBinary(`(module (type $box (struct (field i32)))
    (func $make (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
    ${functions.join("\n")})`);
  const complaint = { name: "NotProven", message: /"f0" is not proven/ };
  assert.throws(() => compileCode(module, wrong), complaint);
  for (const { ordered } of DISTRIBUTIONS) {
    await assert.rejects(
      compileInThreads(
        module,
        { ...wrong, jobs: 2, rangeBytes: 1, ...(ordered === undefined ? {} : { ordered }) },
        "store",
      ),
      complaint,
    );
  }
});

test("those who can wait get the same", async () => {
  assert.deepEqual(await compileAsync(bytes, { jobs: 2 }), compile(bytes));
  assert.deepEqual(await compileAsync(bytes), compile(bytes));
  assert.deepEqual(linked(await compileCodeAsync(bytes, { jobs: 3 })), linked(compileCode(bytes)));
});
