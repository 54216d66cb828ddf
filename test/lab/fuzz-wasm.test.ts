/**
 * Random modules, natively and compiled: a sample that is always the same. `SPILLWAY_FUZZ_MODULES` asks for more, `SPILLWAY_SEED` for
 * others; `spillway fuzz --wasm` goes on for as long as one likes.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { hostWebAssembly } from "../../src/embed/host-webassembly.ts";
import { reduceWasm } from "../../src/lab/reduce/index.ts";
import { closedModule } from "../../src/lab/wasm-fuzz/closed-module.ts";
import { checkModule, ModuleSource } from "../../src/lab/wasm-fuzz/index.ts";
import { runAlone } from "../../src/lab/wasm-fuzz/run-alone.ts";
import { subjectOf } from "../../src/lab/wasm-fuzz/subject.ts";
import { DEFAULT_FEATURES, decodeModule } from "../../src/wasm/index.ts";
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

test("random modules for mvp do the same, in a store and standing alone", async () => {
  const source = new ModuleSource([], "mvp");
  for (let seed = SEED; seed < SEED + MODULES / 2; seed++) {
    const verdict = await checkModule(await source.at(seed), { turn: seed, target: "mvp" });
    assert.ok(verdict.kind === "agreed", `seed ${seed}: ${JSON.stringify(verdict)}`);
    assert.equal(verdict.alone, "");
  }
  source.end();
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

/** All that only modules of a store can share, and what is left when it stands alone. */
const OPEN = `(module
  (type $t (struct (field (mut i32)))) (type $f (func (result i32)))
  (import "fuzzing-support" "log-i32" (func $log (param i32)))
  (import "fuzzing-support" "log-any" (func $any (param anyref) (result i31ref)))
  (import "m" "throw" (func $throw))
  (import "m" "g" (global $g externref)) (import "m" "table" (table $table 2 funcref))
  (import "m" "tag" (tag $tag (param anyref))) (import "m" "memory" (memory 1))
  (export "table" (table $table)) (export "tag" (tag $tag)) (export "memory" (memory 0))
  (global $count (export "count") (mut i32) (i32.const 5))
  (elem (i32.const 1) $two)
  (func $two (export "two") (param anyref i32) (result i32 i64)
    (global.set $count (i32.add (global.get $count) (local.get 1)))
    (i32.store (i32.const 8) (local.get 1)) (call $log (local.get 1))
    (drop (call $any (struct.new $t (local.get 1)))) (drop (ref.func $needs))
    (local.get 1) (i64.const 7))
  (func $needs (export "needs") (param (ref $t)) (result i32) (struct.get $t 0 (local.get 0)))
  (func (export "leaves") (call $throw))
  (func (export "plain") (param i32) (result i32) (i32.eqz (local.get 0))))`;

test("a closed module keeps what it does, shows it by numbers, and stands alone on any target", async () => {
  const bytes = await textToBinary(OPEN);
  const ways = [
    { keepsImports: true, readsTables: true },
    { keepsImports: false, readsTables: false },
  ];
  for (const options of ways) {
    const closed = (await closedModule(bytes, decodeModule(bytes), options))!;
    const { imports, exports } = decodeModule(closed);
    assert.deepEqual(
      imports.map(({ name }) => name),
      options.keepsImports ? ["log-i32"] : [],
    );
    assert.deepEqual(
      exports.map(({ name, kind }) => (kind === "func" ? name : kind)),
      [
        ...["two", "leaves", "plain", "calls of imports", "global 1", "memory 0"],
        ...(options.readsTables ? ["table 0"] : []),
      ],
    );
    const output = compile(closed, { target: "mvp" });
    const run = (binary: Uint8Array): unknown[] => {
      const given = { "fuzzing-support": { "log-i32": () => undefined } };
      const module = new hostWebAssembly.Module(binary);
      const { exports: made } = new hostWebAssembly.Instance(module, given);
      const call = (name: string, ...args: unknown[]): unknown =>
        (made[name] as (...args: unknown[]) => unknown)(...args);
      const state = (): unknown[] => ["calls of imports", "global 1", "memory 0"].map((name) => call(name));
      const before = state();
      return [call("two", 9), call("plain", 0), ...before, ...state()];
    };
    const native = run(closed);
    assert.deepEqual(run(output), native);
    // The call shows in all of the state, for the import that was left out as well.
    assert.deepEqual(new Set(native).size, native.length);
  }
});

test("what differs where a module stands alone is found, and what must differ there is not", async () => {
  const alone = async (text: string, setting: object): Promise<unknown> => {
    const subject = (await subjectOf(await textToBinary(text), DEFAULT_FEATURES))!;
    return runAlone(subject, [{ name: "stressed", target: "mvp", collector: "stress", ...setting }], 0);
  };
  await assert.rejects(alone(AROUND, { gcStress: true, policy: MISTAKE }), {
    name: "Error",
    kind: "difference",
  });
  assert.deepEqual(await alone(AROUND, { gcStress: true }), { alone: "", events: 5, isAtLimit: false });
  const traps = `(module (type $t (struct)) (tag $e) (func (export "null") (drop (ref.as_non_null (ref.null $t))))
    (func (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0)))) (func (export "throw") (throw $e)))`;
  assert.equal(((await alone(traps, {})) as { alone: string }).alone, "");
  const vector = `(module (func (export "v") (result v128) (v128.const i64x2 0 0)))`;
  assert.match(((await alone(vector, {})) as { alone: string }).alone, /^not for this target: .* needs simd/);
});
