/** What is invalid, in the spec's words, with the place and the function. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, refusal, refuse, wat } from "./wat.ts";

const VALID: readonly (readonly [name: string, text: string])[] = [
  ["an empty module", "(module)"],
  [
    "numbers and blocks",
    "(module (func (param i32) (result i32) local.get 0 if (result i32) i32.const 1 else i32.const 2 end))",
  ],
  [
    "a loop with parameters",
    "(module (func (result i32) i32.const 1 loop (param i32) (result i32) i32.const 2 i32.add end))",
  ],
  ["unreachable code of any type", "(module (func (result i64) unreachable i64.add drop br 0))"],
  [
    "an instruction after br that pops the missing",
    "(module (func (result f32) block (result f32) f32.const 1 br 0 f32.add end))",
  ],
  ["br_table of different blocks", "(module (func block block i32.const 0 br_table 0 1 0 end end))"],
  [
    "references in their hierarchy",
    "(module (type $s (struct)) (func (param (ref $s)) (result eqref) local.get 0))",
  ],
  ["null below every type", "(module (type $f (func)) (func (result (ref null $f)) ref.null nofunc))"],
  [
    "a cast that leaves the rest",
    `(module (type $s (struct)) (func (param anyref) (result anyref)
     block $l (result (ref $s)) local.get 0 br_on_cast $l anyref (ref $s) return end))`,
  ],
  [
    "a local set before it is read",
    "(module (type $s (struct)) (func (local (ref $s)) struct.new $s local.set 0 local.get 0 drop))",
  ],
  [
    "packed fields",
    "(module (type $s (struct (field (mut i8)))) (func (param (ref $s)) (result i32) local.get 0 struct.get_s $s 0))",
  ],
  [
    "arrays from segments",
    `(module (type $a (array (mut i32))) (data "abcd")
     (func (result (ref $a)) i32.const 0 i32.const 1 array.new_data $a 0))`,
  ],
  ["tail calls", "(module (func $f (param i32) (result i32) local.get 0 return_call $f))"],
  [
    "try_table with a reference",
    `(module (tag $e (param i32)) (func (result i32 exnref)
     block $l (result i32 exnref) try_table (catch_ref $e $l) end unreachable end))`,
  ],
  [
    "memory64 and multi-memory",
    "(module (memory 1) (memory i64 1) (func (result i32) i64.const 0 i32.load 1))",
  ],
  ["table64", "(module (table i64 1 funcref) (func (result funcref) i64.const 0 table.get 0))"],
  ["vectors", "(module (func (param v128) (result i32) local.get 0 i8x16.extract_lane_s 15))"],
  ["atomics", "(module (memory 1 1 shared) (func (result i32) i32.const 0 i32.atomic.load))"],
  [
    "wide arithmetic",
    "(module (func (param i64 i64) (result i64 i64) local.get 0 local.get 1 i64.mul_wide_u))",
  ],
  ["extended constants", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"],
  [
    "a global that reads an earlier one",
    "(module (global $a i32 (i32.const 1)) (global i32 (global.get $a)))",
  ],
  [
    "a function declared in an element segment",
    "(module (func $f) (elem declare func $f) (func (result funcref) ref.func $f))",
  ],
];

for (const [name, text] of VALID) {
  test(`valid: ${name}`, async () => {
    await accept(text);
  });
}

const INVALID: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ["a wrong operand", "(module (func (result i32) i64.const 0))", /^type mismatch: expected i32, found i64/],
  ["a missing operand", "(module (func i32.add drop))", /^type mismatch: expected i32, but nothing/],
  ["a value too many", "(module (func i32.const 0))", /^type mismatch: 1 more value/],
  [
    "an if that must have an else",
    "(module (func (result i32) i32.const 0 if (result i32) i32.const 0 end))",
    /^type mismatch: if without else/,
  ],
  ["a label too far", "(module (func br 7))", /^unknown label 7/],
  ["a local too far", "(module (func local.get 3 drop))", /^unknown local 3/],
  ["a global too far", "(module (func global.get 3 drop))", /^unknown global 3/],
  ["a function too far", "(module (func call 9))", /^unknown function 9/],
  ["a type too far", "(module (func (block (type 9))))", /^unknown type 9/],
  ["a table too far", "(module (func i32.const 0 table.get 2 drop))", /^unknown table 2/],
  ["a memory too far", "(module (func i32.const 0 i32.load drop))", /^unknown memory 0/],
  ["a tag too far", "(module (func throw 4))", /^unknown tag 4/],
  [
    "setting an immutable global",
    "(module (global i32 (i32.const 0)) (func i32.const 0 global.set 0))",
    /^immutable global/,
  ],
  [
    "setting an immutable field",
    "(module (type $s (struct (field i32))) (func (param (ref $s)) local.get 0 i32.const 0 struct.set $s 0))",
    /^immutable field/,
  ],
  [
    "setting an immutable array",
    "(module (type $a (array i32)) (func (param (ref $a)) local.get 0 i32.const 0 i32.const 0 array.set $a))",
    /^immutable array/,
  ],
  [
    "too large an alignment",
    "(module (memory 1) (func i32.const 0 i32.load align=8 drop))",
    /^alignment must not be larger than natural/,
  ],
  [
    "an unnatural atomic alignment",
    "(module (memory 1) (func i32.const 0 i32.atomic.load align=2 drop))",
    /^(atomic )?alignment must/,
  ],
  [
    "a lane too far",
    "(module (func (param v128) local.get 0 i64x2.extract_lane 2 drop))",
    /^invalid lane index/,
  ],
  [
    "a call in a constant",
    "(module (func $f (result i32) i32.const 0) (global i32 (call $f)))",
    /^constant expression required/,
  ],
  ["an undeclared function", "(module (func $f ref.func $f drop))", /^undeclared function reference/],
  [
    "an uninitialised local",
    "(module (type $s (struct)) (func (local (ref $s)) local.get 0 drop))",
    /^uninitialized local 0/,
  ],
  [
    "a local initialised in a block that ended",
    "(module (type $s (struct)) (func (local (ref $s)) block struct.new $s local.set 0 end local.get 0 drop))",
    /^uninitialized local 0/,
  ],
  ["a name exported twice", '(module (func (export "a")) (func (export "a")))', /^duplicate export name "a"/],
  ["bounds the wrong way", "(module (memory 2 1))", /^size minimum must not be greater than maximum/],
  ["a memory beyond 4 GiB", "(module (memory 65537))", /^memory size must be at most 65536 pages/],
  ["a shared memory without maximum", "(module (memory 1 shared))", /^shared memory must have maximum/],
  ["a start function with parameters", "(module (func $f (param i32)) (start $f))", /^start function/],
  [
    "a sub type of a final type",
    "(module (type $a (struct)) (type $b (sub $a (struct))))",
    /^sub type 1 does not match super type 0/,
  ],
  [
    "a sub type with a field of another type",
    "(module (type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i64)))))",
    /^sub type .*field 0 differs/,
  ],
  [
    "a tag that gives results",
    "(module (type $t (func (result i32))) (tag (type $t)))",
    /^non-empty tag result type/,
  ],
  [
    "a cast to another hierarchy",
    "(module (func (param anyref) local.get 0 ref.cast funcref drop))",
    /^type mismatch: expected funcref, found anyref/,
  ],
  [
    "a table of references that has no null",
    "(module (type $s (struct)) (table 1 (ref $s)))",
    /^type mismatch: a table of this type/,
  ],
  [
    "array.copy between types",
    `(module (type $a (array (mut i32))) (type $b (array i64)) (func (param (ref $a) (ref $b))
     local.get 0 i32.const 0 local.get 1 i32.const 0 i32.const 0 array.copy $a $b))`,
    /^array types do not match/,
  ],
];

for (const [name, text, message] of INVALID) {
  test(`invalid: ${name}`, async () => {
    await refuse(text, message);
  });
}

test("an error in a body says the instruction, the function and the byte", async () => {
  const bytes = await wat("(module (func $good) (func $bad (param i32) (result i64) local.get 0))");
  const error = refusal(bytes);
  assert.equal(error.message, 'type mismatch: expected i64, found i32 (at end) in function 1 "bad"');
  const { place } = error.diagnostic;
  assert.ok(place?.kind === "binary");
  // The `end` of the second body.
  assert.equal(bytes[place.offset], 0x0b);
  assert.equal(error.diagnostic.code, "wasm-invalid");
});

test("an error names types by the module's own indices", async () => {
  await refuse(
    `(module (type (func)) (type $a (struct (field i32))) (type (func)) (type $b (struct (field i64)))
       (func (param (ref $a)) (result (ref $b)) local.get 0))`,
    /expected \(ref 3\), found \(ref 1\)/,
  );
});

test("an error in a global says which", async () => {
  await refuse("(module (global i32 (i32.const 0)) (global i32 (i64.const 0)))", / in global 1$/);
});
