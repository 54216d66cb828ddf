/** The reducer on modules and scripts: what it keeps, what it gives back, and what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../../src/base/diagnostics.ts";
import { type ReduceWasmOptions, reduceWasm, type WasmConditionSpec } from "../../../src/lab/reduce/index.ts";
import { loosely, WasmSymptomFinder } from "../../../src/lab/reduce/wasm/wasm-conditions.ts";
import { SymptomPool, TIMEOUT } from "../../../src/lab/reduce/worker-pool.ts";
import { decodeAndValidate, parseFeatures } from "../../../src/wasm/index.ts";
import { type RunOptions, runFile, textToBinary } from "../../../src/wast/index.ts";
import { largeModule, largeScript, type Planted, REFUSED } from "./large-script.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const lineCount = (text: string): number => text.trimEnd().split("\n").length;

const NATIVE: RunOptions = { engine: "native", features: [] };

function failing(options: RunOptions, more: { passes?: RunOptions; match?: string } = {}): WasmConditionSpec {
  const { passes, match } = more;
  return {
    kind: "script",
    name: "bug.wast",
    fails: { options, words: "" },
    ...(passes === undefined ? {} : { passes: { options: passes, words: "" } }),
    ...(match === undefined ? {} : { match }),
  };
}

function uncompiled(form: "module" | "script", match?: string): WasmConditionSpec {
  return {
    kind: "compile",
    form,
    fails: { options: { features: parseFeatures("-wide-arithmetic") }, words: "-W -wide-arithmetic" },
    ...(match === undefined ? {} : { match }),
  };
}

function command(line: string, suffix: string, match?: string): ReduceWasmOptions["condition"] {
  const matching = match === undefined ? {} : { match };
  return { kind: "command", command: line, timeoutSeconds: 20, suffix, ...matching };
}

/** A sum that is one too little for its assertion. */
const WRONG_SUM: Planted = {
  fields: `  (func $bad (export "bad") (param $a i32) (result i32)
    (local $q (ref null $pair))
    (local.set $q (struct.new $pair (local.get $a) (ref.null $pair)))
    (i32.add (struct.get $pair $first (local.get $q)) (call $sum0 (i32.const 0))))`,
  assertions: `(assert_return (invoke "bad" (i32.const 7)) (i32.const 8))`,
};

/** An instruction that is not compiled. */
const WIDE = `  (func $wide (export "wide") (param $a i64) (param $b i64) (result i64)
    (local $low i64)
    (${REFUSED} (local.get $a) (local.get $b))
    (local.set $low)
    (i64.add (local.get $low)))`;

const onOneLine = new RegExp(`^ +${REFUSED.replace(".", "\\.")}$`, "m");

test("a script of 1,000 lines with a wrong result shrinks to a few, the same for any number of jobs", async () => {
  const source = encode(largeScript(77, 1000, WRONG_SUM));
  assert.ok(lineCount(decode(source)) > 1000);
  const condition = failing(NATIVE);
  const two = await reduceWasm(source, { form: "wast", condition, jobs: 2 });
  const text = decode(two.file);
  assert.ok(lineCount(text) < 15, text);
  assert.match(two.condition, /assert_return: expected \(i32\.const #\), got \(i32\.const #\)/);
  const report = await runFile({ name: "bug.wast", bytes: two.file }, NATIVE);
  assert.deepEqual(
    report.failures.map(({ directive }) => directive),
    ["assert_return"],
  );
  const one = await reduceWasm(source, { form: "wast", condition, jobs: 1 });
  assert.equal(decode(one.file), text);
});

test("a script of 1,000 lines with a module that the compiler refuses shrinks to that instruction", async () => {
  const source = encode(largeScript(31, 1000, { fields: WIDE, assertions: "" }));
  const condition = uncompiled("script", REFUSED);
  const { file } = await reduceWasm(source, { form: "wast", condition, jobs: 2 });
  assert.ok(lineCount(decode(file)) < 15, decode(file));
  assert.match(decode(file), onOneLine);
});

test("a binary comes back as a binary, text as text, both valid and as refused as before", async () => {
  const text = largeModule(9, 20, WIDE);
  const condition = uncompiled("module", REFUSED);
  const binary = await reduceWasm(await textToBinary(text), { form: "wasm", condition });
  assert.ok(binary.file.length < 60, `${binary.file.length} bytes`);
  decodeAndValidate(binary.file);
  assert.ok((await new WasmSymptomFinder(condition).symptom(binary.file))?.includes(REFUSED));
  const wat = await reduceWasm(encode(text), { form: "wat", condition });
  assert.match(decode(wat.file), /^\(module\n(?: .*\n)*\)\n$/);
  assert.match(decode(wat.file), onOneLine);
  assert.deepEqual(await textToBinary(decode(wat.file)), binary.file);
});

test("a command gets the file in its own form and by its own ending", async () => {
  const text = largeModule(9, 3, "");
  const asText = await reduceWasm(encode(text), {
    form: "wat",
    condition: command("grep -q array.new {} && case {} in *.wat) ;; *) false;; esac", ".wat"),
    jobs: 2,
  });
  assert.match(decode(asText.file), /array\.new/);
  assert.ok(lineCount(decode(asText.file)) < 12, decode(asText.file));
  const asBinary = await reduceWasm(await textToBinary(text), {
    form: "wasm",
    condition: command("head -c 4 {} | grep -q asm && grep -q sum1 {}", ".wasm"),
  });
  decodeAndValidate(asBinary.file);
  assert.match(decode(asBinary.file), /sum1/);
  assert.ok(asBinary.file.length < 50, `${asBinary.file.length} bytes`);
  const script = await reduceWasm(encode(largeScript(5, 100, WRONG_SUM)), {
    form: "wast",
    condition: command("cat", ".wast", '(invoke "bad"'),
    jobs: 2,
  });
  assert.equal(decode(script.file), '(assert_return (invoke "bad" (i32.const 7)) (i32.const 8))\n');
});

const TWO_BUGS = `;;! gc = true
(module (func (export "f") (result i32) (i32.const 1)) (func (export "g") (unreachable)))
;; first an unexpected trap
(assert_return (invoke "g"))
(assert_return (invoke "f") (i32.const 2))
(assert_trap (invoke "f") "unreachable")
`;

test("the first failure stays the first; --match chooses another; the header stays", async () => {
  const reduced = async (condition: WasmConditionSpec): Promise<string> =>
    decode((await reduceWasm(encode(TWO_BUGS), { form: "wast", condition })).file);
  const first = await reduced(failing(NATIVE));
  assert.match(first, /^;;! gc = true\n\(module\n[^;]*\(;0;\)/);
  assert.match(first, /\(assert_return \(invoke "g"\)\)\n$/);
  assert.doesNotMatch(first, /invoke "f"|;; first/);
  const trap = await reduced(failing(NATIVE, { match: "assert_trap" }));
  assert.match(trap, /assert_trap \(invoke "f"\) "unreachable"\)\n$/);
  assert.doesNotMatch(trap, /assert_return/);
});

test("what must pass elsewhere keeps a reduction from slipping to another failure", async () => {
  const source = encode(`(module (type $s (struct (field i32)))
  (func (export "f") (result i32) (struct.get $s 0 (struct.new $s (i32.const 5)))))
(assert_return (invoke "f") (i32.const 5))
(module (func (export "g") (result i32) (i32.const 1)))
(assert_return (invoke "g") (i32.const 1))
`);
  const options: RunOptions = { engine: "native", features: ["-gc"] };
  const passes = { passes: NATIVE };
  const { file } = await reduceWasm(source, { form: "wast", condition: failing(options, passes) });
  assert.match(decode(file), /struct/);
  assert.doesNotMatch(decode(file), /"g"/);
  const report = await runFile({ name: "bug.wast", bytes: file }, NATIVE);
  assert.equal(report.failures.length, 0);
});

test("modules that are binaries or without `(module` are reduced, quoted and invalid ones stay", async () => {
  const reduced = async (text: string, match: string): Promise<string> => {
    const condition = command("cat", ".wast", match);
    return decode((await reduceWasm(encode(text), { form: "wast", condition })).file);
  };
  const binary = await textToBinary('(module (memory 1) (func (export "kept") (nop)))');
  const bytes = Array.from(binary, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  assert.equal(await reduced(`(module $m binary "${bytes}")`, "$m"), "(module $m)\n");
  const fields = await reduced('(memory 1)\n(func (export "kept") (nop))\n', '"kept"');
  assert.match(fields, /^\(module\n/);
  assert.doesNotMatch(fields, /memory|nop/);
  const definition = await reduced('(module definition $d (memory 1) (func (export "kept")))', '"kept"');
  assert.match(definition, /^\(module definition \$d\n/);
  const quoted = '(module quote "(func (export \\"kept\\"))")\n';
  assert.equal(await reduced(quoted, "kept"), quoted);
  const invalid = '(assert_invalid (module (func (export "kept") (drop))) "type mismatch")\n';
  assert.equal(await reduced(invalid, "kept"), invalid);
  const trap = '(assert_trap (module (func $s (unreachable)) (start $s) (memory 1)) "unreachable")\n';
  assert.match(await reduced(trap, '"unreachable"'), /^\(assert_trap \(module/);
});

test("a candidate without end is stopped, and the thread after it works", async () => {
  const pool = new SymptomPool(failing(NATIVE), 1, 1000);
  const endless = '(module (func (export "f") (loop (br 0))))(assert_return (invoke "f"))';
  assert.equal(await pool.symptom(encode(endless)), TIMEOUT);
  assert.equal(await pool.symptom(encode("(module)")), null);
  assert.match(String(await pool.symptom(encode(TWO_BUGS))), /^assert_return: expected \(\), got trap/);
  await pool.end();
});

test("stopping gives what there is, and every better file is whole", async () => {
  const source = encode(largeScript(3, 400, WRONG_SUM));
  const files: Uint8Array[] = [];
  const { file, stopped } = await reduceWasm(source, {
    form: "wast",
    condition: failing(NATIVE),
    onBetter: (better) => {
      files.push(better);
    },
    stop: () => files.length >= 3,
  });
  assert.equal(stopped, true);
  assert.deepEqual(files.at(-1), file);
  for (const bytes of files) {
    const { failures } = await runFile({ name: "bug.wast", bytes }, NATIVE);
    assert.deepEqual([failures.length, failures[0]!.directive], [1, "assert_return"]);
  }
});

test("what is no module or script, and what shows no failure, is refused", async () => {
  const refused = async (source: Uint8Array, options: ReduceWasmOptions, code: RegExp): Promise<void> => {
    await assert.rejects(reduceWasm(source, options), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.diagnostic.code, code);
      return true;
    });
  };
  const module = uncompiled("module");
  const whole = await textToBinary(largeModule(1, 2, ""));
  for (let length = 0; length < whole.length; length += 7) {
    await refused(whole.subarray(0, length), { form: "wasm", condition: module }, /^(wasm-|reduce-nothing)/);
  }
  await refused(encode("(module (func (drop)))"), { form: "wat", condition: module }, /^wasm-invalid$/);
  await refused(encode("(module (fnc))"), { form: "wat", condition: module }, /^wat-syntax$/);
  await refused(Uint8Array.of(0x28, 0xff), { form: "wat", condition: module }, /^wat-syntax$/);
  const script = failing(NATIVE);
  await refused(encode("(module"), { form: "wast", condition: script }, /^wast-syntax$/);
  await refused(Uint8Array.of(0x28, 0xff), { form: "wast", condition: script }, /^wast-syntax$/);
  await refused(encode(";; nothing"), { form: "wast", condition: script }, /^reduce-no-command$/);
  await refused(encode("(module)"), { form: "wast", condition: script }, /^reduce-nothing-fails$/);
  await refused(encode("(module)"), { form: "wat", condition: module }, /^reduce-nothing-fails$/);
});

test("failures are the same whatever their names and numbers", () => {
  assert.equal(loosely('function 12 "f" (at 0x1f)'), loosely('function 3 "other" (at 0x0)'));
  assert.equal(loosely('in function 12 "main"'), loosely("in function 0"));
  assert.equal(loosely("got (i32.const -5)"), loosely("got (i32.const 0x7f)"));
  assert.equal(loosely("unknown $list"), loosely("unknown $a"));
  assert.notEqual(loosely("(i32.const 1)"), loosely("(i64.const 1)"));
  assert.notEqual(loosely("trap: unreachable"), loosely("trap: out of bounds"));
});
