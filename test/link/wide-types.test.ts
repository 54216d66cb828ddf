/**
 * Function types with as many parameters as engines take: there is no room for one that says where the shadow stack ends. Modules without
 * references do without it; others are refused by name.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile as compileStandalone } from "../../src/driver/compile.ts";
import { compile, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { hostRefusal } from "../wasm/host-engine.ts";

type Callable = (...args: number[]) => number;

const params = (count: number): string => `(param ${"i32 ".repeat(count)})`;
const args = (count: number): string => "(i32.const 3)".repeat(count);

/** Makes an object, so it needs to know where the stack ends. */
const MAKES = `(module (type $c (struct (field i32)))
  (func (export "make") (param i32) (result i32) (struct.get $c 0 (struct.new $c (local.get 0)))))`;

test("a module without references calls, and is called, with a frame of another's live", async () => {
  const wide = await textToBinary(`(module (import "a" "make" (func $make (param i32) (result i32)))
    (func (export "wide") ${params(1000)} (result i32) (call $make (local.get 999))))`);
  const caller = await textToBinary(`(module (type $c (struct (field i32)))
    (import "b" "narrow" (func $f (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (local $kept (ref $c))
      (local.set $kept (struct.new $c (local.get 0)))
      (i32.add (call $f (i32.const 5)) (struct.get $c 0 (local.get $kept)))))`);
  const narrow = await textToBinary(`(module (import "w" "wide" (func $wide ${params(1000)} (result i32)))
    (func (export "narrow") (param i32) (result i32) (call $wide ${args(999)} (local.get 0))))`);
  const options = { collector: "stress", gcStress: true, prove: true } as const;
  const store = new Store({ collector: "stress" });
  const instance = async (bytes: Uint8Array, imports = {}): Promise<Record<string, Callable>> =>
    store.instantiate<Record<string, Callable>>(compile(bytes, options), imports).exports;
  const a = await instance(await textToBinary(MAKES));
  const w = await instance(wide, { a });
  const b = await instance(narrow, { w });
  const { run } = await instance(caller, { b });
  assert.equal(w["wide"]!(...new Array<number>(999).fill(0), 9), 9);
  assert.equal(run!(100), 105);
});

const REFUSED: readonly (readonly [what: string, count: number, fields: string])[] = [
  ["a function", 1000, `(func ${params(1000)})`],
  [
    "a type that only a call names",
    1000,
    `(table 1 funcref) (func (call_indirect ${params(1000)} ${args(1000)} (i32.const 0)))`,
  ],
  [
    "a call through a table that others see",
    999,
    `(table (export "t") 1 funcref) (func (call_indirect ${params(999)} ${args(999)} (i32.const 0)))`,
  ],
];

for (const [what, count, fields] of REFUSED) {
  const message = `a function type with ${count} parameters, in a module with references, cannot be compiled yet`;
  const binary = (text: string): Promise<Uint8Array> =>
    textToBinary(`(module (type $c (struct)) (func (export "make") (drop (struct.new $c))) ${text})`);

  test(`with references, ${what} of ${count} parameters is refused, and of one less is not`, async () => {
    const bytes = await binary(fields);
    assert.throws(() => compileStandalone(bytes), { name: "InputError", message });
    const fewer = fields.replace(params(count), params(count - 1)).replace(args(count), args(count - 1));
    assert.equal(hostRefusal(compileStandalone(await binary(fewer))), "");
  });
}
