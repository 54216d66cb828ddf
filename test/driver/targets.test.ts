/**
 * Targets: what the engine of the output lacks is lowered, so that validators with just those features accept it and it does what the
 * input does natively; what cannot be is refused by name.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { parseTarget, TARGET_NAMES } from "../../src/driver/targets.ts";
import { decodeModule, validateModule } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { binaryOf, results } from "./agreement.ts";
import { TARGET_PROGRAMS } from "./target-programs.ts";
import { run } from "./wabt.ts";

test("a target is a name with changes", () => {
  assert.deepEqual([...parseTarget("mvp")], ["mvp"]);
  assert.ok(parseTarget("mvp, +bulk-memory").has("bulk-memory"));
  assert.ok(!parseTarget("node20,-simd").has("simd"));
  assert.ok(!parseTarget("wasm3.0-nogc,-reference-types").has("exceptions"), "what builds on it goes too");
  assert.throws(() => parseTarget("wasm9"), /unknown target "wasm9"/);
  assert.throws(() => parseTarget("mvp,simd"), /with \+ or - in front, and not "simd"/);
  assert.throws(() => parseTarget("mvp,+wings"), /not "\+wings"/);
});

for (const program of TARGET_PROGRAMS) {
  for (const target of TARGET_NAMES) {
    test(`${program.name}: as natively, for ${target}`, async () => {
      const native = await binaryOf(program);
      const output = compile(native, { target });
      const features = parseTarget(target);
      validateModule(decodeModule(output, features), features);
      run("wasm-validate", output, features);
      assert.deepEqual(results(output, program.args), results(native, program.args));
    });
  }
}

/** wabt's interpreter calls each export on an instance of its own. */
for (const program of TARGET_PROGRAMS) {
  test(`${program.name}: for mvp, on an interpreter that is not ours`, async () => {
    const native = await binaryOf(program);
    const output = compile(native, { target: "mvp" });
    for (const argument of program.args.slice(0, 3)) {
      const [expected] = results(native, [argument]);
      const said = run("wasm-interp", output, parseTarget("mvp"), [
        "-r",
        "run",
        "-a",
        `i32:${argument >>> 0}`,
      ]);
      const found = /=> i32:(\d+)/.exec(said);
      if (expected === "trap") assert.match(said, /=> error:/);
      else assert.equal(Number(found?.[1]) | 0, expected, said);
    }
  });
}

test("passive data stays as large where there is a heap to keep it in", async () => {
  const text = "abcdefgh".repeat(10_000);
  const input = await textToBinary(`(module (type $a (array i8)) (data $d "${text}")
    (func (export "run") (param i32) (result i32)
      (array.get_u $a (array.new_data $a $d (local.get 0) (i32.const 100)) (i32.const 99))))`);
  const output = compile(input, { target: "mvp" });
  assert.ok(output.length < input.length + 10_000, `${output.length}`);
  assert.deepEqual(results(output, [0, 7, 79_900, 79_901]), [100, 99, 104, "trap"]);
});

const REFUSED: readonly (readonly [target: string, wat: string, message: RegExp])[] = [
  [
    "mvp",
    `(module (func (drop (i8x16.splat (i32.const 1)))))`,
    /^i8x16\.splat needs simd, which the target does not have$/,
  ],
  ["wasm2", `(module (memory 1 1 shared))`, /^a shared memory needs threads/],
  ["wasm2", `(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))`, /^i32\.atomic\.load needs/],
  ["mvp", `(module (global v128 (v128.const i64x2 0 0)))`, /^a global of type v128 needs simd/],
];

for (const [target, wat, message] of REFUSED) {
  test(`${target} refuses ${wat}`, async () => {
    const bytes = await textToBinary(wat);
    assert.throws(() => compile(bytes, { target }), { name: "InputError", message });
  });
}
