/** What random modules found (`spillway fuzz --wasm`), each as the smallest module that shows it: it does the same natively and compiled. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkModule } from "../../src/lab/wasm-fuzz/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

const FINDINGS: Readonly<Record<string, string>> = {
  "an initialiser that begins with a null need not be null": `(module
    (type $t (struct (field nullexternref) (field f64)))
    (global (export "g") (ref null $t) (struct.new $t (ref.null noextern) (f64.const 0))))`,
  "what a block of a non-null type gives may be null before the check inside": `(module
    (type $t (struct))
    (func $check (param (ref null $t)) (result i32)
      (drop (block (result (ref $t)) (ref.as_non_null (local.get 0))))
      (i32.const 7))
    (func (export "f") (result i32) (call $check (ref.null $t))))`,
  "the same with a null that is known, and a loop": `(module
    (type $t (struct))
    (memory 1)
    (func (export "f") (local (ref null $t))
      (local.set 0 (ref.as_non_null (ref.null $t)))
      (memory.fill (i32.const 0) (i32.const 0) (i32.const -1))
      (drop (loop (result (ref $t)) (ref.as_non_null (local.get 0))))))`,
  "what was learned of a function's values is not known of the next one's constants": `(module
    (type $t (struct (field (ref null 0))))
    (type $a (array i8))
    (func (param (ref null $t)) (result (ref null $t))
      ${"(struct.get $t 0 ".repeat(40)} (local.get 0) ${")".repeat(40)})
    (func (export "f") (result i32) (array.len (array.new $a (i32.const 1) (i32.const 5)))))`,
  "a data segment that does not fit is a memory access out of bounds": `(module
    (memory 1)
    (type $t (struct))
    (global (ref $t) (struct.new $t))
    (data (i32.const -1) "a"))`,
};

for (const [name, text] of Object.entries(FINDINGS)) {
  test(name, async () => {
    const verdict = await checkModule(await textToBinary(text));
    assert.equal(verdict.kind, "agreed", JSON.stringify(verdict));
  });
}
