/**
 * Random modules, natively and compiled: a sample that is always the same. `SPILLWAY_FUZZ_MODULES` asks for more, `SPILLWAY_SEED` for
 * others; `spillway fuzz --wasm` goes on for as long as one likes.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { reduceWasm } from "../../src/lab/reduce/index.ts";
import { checkModule, ModuleSource } from "../../src/lab/wasm-fuzz/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { runCli } from "../cli/run-cli.ts";

const MODULES = Number(process.env["SPILLWAY_FUZZ_MODULES"] ?? 6);
const SEED = Number(process.env["SPILLWAY_SEED"] ?? 1);

const folder = mkdtempSync(join(tmpdir(), "spillway-fuzz-wasm-"));
after(() => rmSync(folder, { recursive: true }));

test(`${MODULES} random modules do the same natively and compiled`, async () => {
  const source = new ModuleSource();
  let agreed = 0;
  for (let seed = SEED; seed < SEED + MODULES; seed++) {
    const verdict = await checkModule(await source.at(seed), { turn: seed });
    assert.notEqual(verdict.kind, "failed", `seed ${seed}: ${JSON.stringify(verdict)}`);
    if (verdict.kind === "agreed") agreed++;
  }
  source.end();
  assert.ok(agreed > MODULES / 2, `${agreed} compared`);
});

test("a seed is a module", async () => {
  const [one, other] = [new ModuleSource(), new ModuleSource()];
  await one.at(1);
  assert.deepEqual(await one.at(2), await other.at(2));
  one.end();
  other.end();
});

const MISTAKE = "wrong:last-definition-only";
/** Two references that go around a loop: what their last definitions alone hold is not all that they are. */
const AROUND = `(module
  (type $t (struct (field (mut i32)) (field (ref null $t))))
  (func $make (param i32) (result (ref $t)) (struct.new $t (local.get 0) (ref.null $t)))
  (func (export "f") (param i32) (result i32) (local $a (ref null $t)) (local $b (ref null $t)) (local $i i32) (local $sum i32)
    (local.set $a (call $make (i32.const 1)))
    (local.set $b (call $make (i32.const 2)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (struct.get $t 0 (local.get $a))))
      (local.set $a (local.get $b))
      (local.set $b (call $make (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))
    (local.get $sum)))`;

test("a failure is saved, and the exit code is 1", async () => {
  const start = join(folder, "around.wasm");
  writeFileSync(start, await textToBinary(AROUND));
  const output = join(folder, "failures");
  const { code, stdout } = await runCli([
    ...["fuzz", "--wasm", "--start-from", start, "-n", "1", "-s", "1", "-j", "1", "--no-reduce"],
    ...["--policy", MISTAKE, "-o", output, "--json"],
  ]);
  assert.equal(code, 1, stdout);
  const { done, failures } = JSON.parse(stdout) as { done: number; failures: object[] };
  assert.deepEqual([done, failures.length], [1, 1]);
  assert.deepEqual(readdirSync(output), ["crash-1.wasm"]);
  // What was saved fails with the mistake, and without it does not.
  const bytes = new Uint8Array(readFileSync(join(output, "crash-1.wasm")));
  assert.equal((await checkModule(bytes, { policy: MISTAKE })).kind, "failed");
  assert.equal((await checkModule(bytes)).kind, "agreed");
});

test("what fails can be reduced", async () => {
  const bytes = await textToBinary(AROUND);
  const { file } = await reduceWasm(bytes, { form: "wasm", condition: { kind: "runs", policy: MISTAKE } });
  assert.ok(file.length < bytes.length * 0.8, `${bytes.length} bytes became ${file.length}`);
  assert.equal((await checkModule(file, { policy: MISTAKE })).kind, "failed");
});

test("a module that imports what cannot be made up is passed over", async () => {
  const bytes = await textToBinary(`(module (type $t (struct)) (import "m" "g" (global (ref $t))))`);
  assert.equal((await checkModule(bytes)).kind, "skipped");
});
