/**
 * `try_call` on the engine: what each way out of it passes, and what its handler does not see. An exception is thrown by the
 * Wasm operator (`u1:8`), with the only tag there is.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { I32 } from "../../src/ir/types.ts";
import { compileFile, VALUE_BYTES } from "../../src/lab/compiled/file-module.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { verifyFunction } from "../../src/verify/index.ts";
import { engine } from "./engine.ts";

const RESULTS = 4096;

/** Throws when its argument is 0; else gives it, its double and its triple. Has a frame. */
const MAYBE = `
function u0:9(i32) -> i32, i32, i32 tail {
  ss0 = explicit_slot 64
  sig0 = (i32)
  fn0 = u1:8 sig0
block0(v0: i32):
  v4 = stack_addr.i32 ss0
  store v0, v4
  brif v0, block1, block2
block1:
  v1 = iadd v0, v0
  v2 = iadd v1, v0
  return v0, v1, v2
block2 cold:
  v3 = iconst.i32 0
  call fn0(v3)
  trap user1
}`;

/** What the first function gives for each argument, or why it did not. */
function run(text: string, args: readonly number[], results = 1): (readonly number[] | string)[] {
  const functions = parseFunctions(text);
  for (const func of functions) {
    func.pointerType = I32;
    assert.deepEqual(verifyFunction(func, {}), []);
  }
  const { bytes, refusals } = compileFile(functions);
  assert.deepEqual(
    refusals,
    functions.map(() => null),
  );
  const { memory, call } = engine(bytes);
  const words = new Int32Array(memory.buffer);
  return args.map((argument) => {
    words[0] = argument;
    const trap = call("f0", RESULTS);
    if (trap !== null) return trap === "unreachable" ? "trap" : "exception";
    return Array.from({ length: results }, (_, i) => words[(RESULTS + i * VALUE_BYTES) / 4]!);
  });
}

const PREAMBLE = `
  sig0 = (i32) -> i32, i32, i32 tail
  fn0 = u0:9 sig0`;

test("results and values reach the parameters in any order, more than once, or not at all", () => {
  const text = `
function u0:0(i32) -> i32, i32, i32, i32 {${PREAMBLE}
block0(v0: i32):
  v1 = iconst.i32 100
  v2 = iadd v0, v1
  try_call fn0(v0), sig0, block1(ret2, v2, ret0, ret2, v1), [ default: block2(v2, v0) ]
block1(v3: i32, v4: i32, v5: i32, v6: i32, v7: i32):
  v8 = iadd v6, v7
  return v3, v4, v5, v8
block2(v9: i32, v10: i32):
  return v10, v9, v9, v10
}${MAYBE}`;
  assert.deepEqual(run(text, [5, 0], 4), [
    [15, 105, 5, 115],
    [0, 100, 100, 0],
  ]);
});

test("a handler may be a loop's header, whose parameters change places on the way", () => {
  const text = `
function u0:0(i32) -> i32, i32 {${PREAMBLE}
block0(v0: i32):
  v1 = iconst.i32 1
  v2 = iconst.i32 2
  jump block1(v0, v1, v2)
block1(v3: i32, v4: i32, v5: i32):
  v9 = iconst.i32 1
  v6 = isub v3, v9
  brif v3, block2, block3
block2:
  v7 = iconst.i32 0
  try_call fn0(v7), sig0, block3, [ default: block1(v6, v5, v4) ]
block3:
  return v4, v5
}${MAYBE}`;
  assert.deepEqual(run(text, [0, 1, 2], 2), [
    [1, 2],
    [2, 1],
    [1, 2],
  ]);
});

test("both ways out may lead to one block", () => {
  const text = `
function u0:0(i32) -> i32 {${PREAMBLE}
block0(v0: i32):
  v1 = iconst.i32 0xffff_ffff
  try_call fn0(v0), sig0, block1(ret1), [ default: block1(v1) ]
block1(v2: i32):
  return v2
}${MAYBE}`;
  assert.deepEqual(run(text, [4, 0]), [[8], [-1]]);
});

test("a call whose result is an argument is not the handler's business", () => {
  const text = `
function u0:0(i32) -> i32 {${PREAMBLE}
  sig1 = (i32) -> i32 tail
  fn1 = u0:1 sig1
block0(v0: i32):
  v1 = call fn1(v0)
  try_call fn0(v1), sig0, block1(ret0), [ default: block2 ]
block1(v2: i32):
  return v2
block2:
  v3 = iconst.i32 7
  return v3
}
function u0:1(i32) -> i32 tail {${PREAMBLE}
block0(v0: i32):
  v1, v2, v3 = call fn0(v0)
  v4 = iconst.i32 3
  v5 = isub v0, v4
  return v5
}${MAYBE}`;
  // 0: thrown before the call with the handler; 3: by it.
  assert.deepEqual(run(text, [0, 3, 4]), ["exception", [7], [1]]);
});

test("traps pass", () => {
  const text = `
function u0:0(i32) -> i32 {${PREAMBLE}
  sig1 = (i32) -> i32 tail
  fn1 = u0:1 sig1
block0(v0: i32):
  try_call fn1(v0), sig1, block1(ret0), [ default: block1(v0) ]
block1(v1: i32):
  return v1
}
function u0:1(i32) -> i32 tail {
block0(v0: i32):
  trap user1
}${MAYBE}`;
  assert.deepEqual(run(text, [1]), ["trap"]);
});

test("a handler gives back the frames that were unwound, with a frame of its own or without", () => {
  for (const slot of ["", "ss0 = explicit_slot 32"]) {
    const text = `
function u0:0(i32) -> i32 {
  ${slot}${PREAMBLE}
block0(v0: i32):
  jump block1(v0)
block1(v1: i32):
  v2 = iconst.i32 1
  v3 = isub v1, v2
  brif v1, block2, block3
block2:
  v4 = iconst.i32 0
  try_call fn0(v4), sig0, block3, [ default: block1(v3) ]
block3:
  return v1
}${MAYBE}`;
    // Two megabytes of shadow stack would be used up by 32768 frames.
    assert.deepEqual(run(text, [100_000, 3]), [[0], [0]]);
  }
});

test("calls through the table are caught as well", () => {
  const text = `
function u0:0(i32) -> i32 {${PREAMBLE}
block0(v0: i32):
  v1 = func_addr.i32 fn0
  try_call_indirect v1(v0), sig0, block1(ret2), [ default: block1(v0) ]
block1(v2: i32):
  return v2
}${MAYBE}`;
  assert.deepEqual(run(text, [4, 0]), [[12], [0]]);
});
