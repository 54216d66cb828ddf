/**
 * Effects keep their order when values move to where they are used, and narrow values of calls are cut where their upper
 * bits matter: small functions, in the interpreter and on the engine.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { I32 } from "../../src/ir/types.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { Comparison } from "./comparison.ts";

function agree(text: string): void {
  const functions = parseFunctions(text);
  for (const func of functions) func.pointerType = I32;
  assert.equal(new Comparison().compareFunctions(functions, 1), null);
}

/** Writes its argument to memory and gives it back. */
const NOTE = `
function u0:1(i8) -> i8 {
block0(v0: i8):
  v1 = iconst.i32 16384
  v2 = load.i8 v1
  v3 = iadd v2, v2
  v4 = iadd v3, v0
  store v4, v1
  return v4
}`;

test("the second result of a call may have anything above its bits", () => {
  agree(`
function u0:0(i8) -> i32 {
  sig0 = (i8) -> i8, i8
  fn0 = u0:1 sig0
block0(v0: i8):
  v1, v2 = call fn0(v0)
  v3 = uextend.i32 v2
  return v3
}
function u0:1(i8) -> i8, i8 {
block0(v0: i8):
  v1 = iadd v0, v0
  v2 = iadd v1, v0
  return v0, v2
}`);
});

test("the low half of iconcat is made before the high one", () => {
  agree(`
function u0:0(i8) -> i16 {
  sig0 = (i8) -> i8
  fn0 = u0:1 sig0
block0(v0: i8):
  v1 = call fn0(v0)
  v2 = call fn0(v0)
  v3 = iconcat v1, v2
  return v3
}
function u0:2(i8) -> i16 {
  sig0 = (i8) -> i8
  fn0 = u0:1 sig0
block0(v0: i8):
  v1 = call fn0(v0)
  v2 = call fn0(v0)
  v3 = iconcat v2, v1
  return v3
}${NOTE}`);
});

test("the check of a large offset comes before the call whose result is stored", () => {
  agree(`
function u0:0(i32, i8) {
  sig0 = (i8) -> i8
  fn0 = u0:1 sig0
block0(v0: i32, v1: i8):
  v2 = iconst.i32 0xffff_fff0
  v3 = bor v0, v2
  v4 = uadd_overflow_trap v3, v2, heap_oob
  v5 = iconst.i8 1
  v6 = call fn0(v5)
  store v6, v4
  return
}${NOTE}`);
});

test("a load stays before a store, a call before a call, a division before a store", () => {
  agree(`
function u0:0(i8, i8) -> i8, i8 {
  sig0 = (i8) -> i8
  fn0 = u0:1 sig0
block0(v0: i8, v1: i8):
  v2 = iconst.i32 16384
  v3 = load.i8 notrap v2
  store v0, v2
  v4 = call fn0(v0)
  v5 = load.i8 notrap v2
  v6 = call fn0(v1)
  v7 = isub v6, v4
  v8 = isub v5, v3
  return v7, v8
}
function u0:2(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
  v2 = iconst.i32 16384
  v3 = udiv v0, v1
  store v0, v2
  return v3
}
function u0:3(i32, i8) -> i8 {
  sig0 = (i8) -> i8
  fn0 = u0:1 sig0
block0(v0: i32, v1: i8):
  v2 = iconst.i32 16384
  v3 = load.i8 notrap v2
  v4 = call fn0(v1)
  brif v4, block1(v3), block1(v1)
block1(v5: i8):
  return v5
}${NOTE}`);
});

test("a slot of no bytes has an address", () => {
  agree(`
function u0:0() -> i8 {
  ss0 = explicit_slot 0
block0:
  v0 = stack_addr.i32 ss0
  v1 = iconst.i32 0
  v2 = icmp uge v0, v1
  return v2
}`);
});
