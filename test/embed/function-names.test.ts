/** The engine's stack traces name the functions of the input, in a store and in a module that stands alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { hostWebAssembly, instantiate } from "../../src/embed/index.ts";
import { decodeModule, readNames } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Exports = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const PROGRAM = `(module $program
  (type $cell (struct (field $value i32) (field $next (ref null $cell))))
  (import "host" "tick" (func $tick))
  (func $unnamed_before_it (export "before") (result i32) (i32.const 1))
  (func (export "plain") (param i32) (result i32) (call $walk (struct.new $cell (i32.const 1) (ref.null $cell)) (local.get 0)))
  (func $walk (param $cell (ref null $cell)) (param $steps i32) (result i32)
    (call $tick)
    (if (i32.eqz (local.get $steps)) (then (return (struct.get $cell $value (local.get $cell)))))
    (call $walk (struct.get $cell $next (local.get $cell)) (i32.sub (local.get $steps) (i32.const 1))))
  (func $outermost (export "run") (param i32) (result i32) (i32.add (call 2 (local.get 0)) (i32.const 1))))`;

/** The same kind of module, without names. */
const NAMELESS = `(module
  (type (struct (field i32)))
  (func (export "inner") (export "alias") (param i32) (result i32) (struct.get 0 0 (ref.null 0)))
  (func (param i32) (result i32) (i32.add (call 0 (local.get 0)) (i32.const 1)))
  (func (export "run") (param i32) (result i32) (i32.add (call 1 (local.get 0)) (i32.const 1))))`;

const IMPORTS = { host: { tick: () => undefined } };

/** The names of functions of Wasm in a stack, the innermost first; no name where a function has none. */
function stackOf(call: () => unknown): (string | undefined)[] {
  try {
    call();
  } catch (error) {
    const { stack, name, message } = error as Error;
    const text = stack ?? "";
    assert.ok(text.startsWith(`${name}: ${message}\n`));
    return text.split("\n").flatMap((line) => {
      const match = /^\s+at (?:(\S.*) \()?wasm:\/\/.*:wasm-function\[\d+\]/.exec(line);
      return match === null ? [] : [match[1]?.replace(/^.*\./, "")];
    });
  }
  return assert.fail("it did not trap");
}

function judge(exports: Exports, bytes: Uint8Array | null): void {
  const stack = stackOf(() => exports["run"]!(5));
  assert.deepEqual(
    stack.filter((name) => name === "walk" || name === "outermost"),
    ["walk", "walk", "outermost"],
  );
  assert.equal(stack.at(-1), "export: run");
  if (bytes === null) return;
  const { module, functions } = readNames(decodeModule(bytes));
  assert.equal(module, "program");
  const names = [...functions.values()];
  for (const name of ["tick", "walk", "outermost", "unnamed_before_it"]) {
    assert.equal(names.filter((one) => one === name).length, 1, name);
  }
}

test("in a store", async () => {
  const { instance } = instantiate(await textToBinary(PROGRAM), IMPORTS);
  judge(instance.exports as Exports, null);
});

test("in a module that stands alone", async () => {
  const bytes = compile(await textToBinary(PROGRAM));
  const module = new hostWebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  judge(new hostWebAssembly.Instance(module, IMPORTS).exports as Exports, bytes);
});

test("without a name section exports name their functions in a store, and a file stays without names", async () => {
  const bytes = await textToBinary(NAMELESS);
  assert.equal(readNames(decodeModule(bytes)).functions.size, 0);
  const { instance } = instantiate(bytes);
  const stack = stackOf(() => (instance.exports as Exports)["run"]!(5));
  assert.deepEqual(stack, ["trap: null structure reference", "inner", undefined, "run"]);
  const alone = [...readNames(decodeModule(compile(bytes))).functions.values()];
  assert.deepEqual(
    alone.filter((name) => ["inner", "alias", "run"].includes(name)),
    [],
  );
  // One with names for some has the exports' for the others.
  const some = [...readNames(decodeModule(compile(await textToBinary(PROGRAM)))).functions.values()];
  assert.ok(some.includes("plain") && !some.includes("before"), some.join());
});
