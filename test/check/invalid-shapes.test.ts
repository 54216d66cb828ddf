/**
 * The two shapes among upstream's own spiller tests that are not valid CLIF, so that nobody wonders about them: one branches to
 * the entry, which the checker can prove all the same; the other is no SSA, of which nothing can be proved.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSafepoints, type SafepointError } from "../../src/check/index.ts";
import type { PolicyName } from "../../src/frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../../src/frontend/safepoints/spiller.ts";
import { parseFunctions } from "../../src/text/index.ts";

function spillAndCheck(text: string, policy: PolicyName): readonly SafepointError[] {
  const [before] = parseFunctions(text);
  const [after] = parseFunctions(text);
  new SafepointSpiller().run(after!, { policy });
  return checkSafepoints(before!, after!);
}

const LOOP_TO_ENTRY = `function %loop(i32, i32) system_v {
    ; needs-stack-map: v0 v1
    fn0 = %f(i32) system_v

block0(v0: i32, v1: i32):
    call fn0(v0)
    jump block0(v0, v1)
}`;

test("a loop to the entry block is proved", () => {
  assert.deepEqual(spillAndCheck(LOOP_TO_ENTRY, "spillway"), []);
  assert.deepEqual(spillAndCheck(LOOP_TO_ENTRY, "cranelift"), []);
});

test("and what is wrong in it is found: the second round's parameters are not the first's", () => {
  const swapped = LOOP_TO_ENTRY.replace("jump block0(v0, v1)", "jump block0(v1, v0)");
  assert.deepEqual(spillAndCheck(swapped, "spillway"), []);
  const [before] = parseFunctions(swapped);
  const [after] = parseFunctions(LOOP_TO_ENTRY);
  new SafepointSpiller().run(after!);
  const [error] = checkSafepoints(before!, after!);
  assert.equal(error!.code, "wrong-use");
});

// A diamond whose join uses a value of one arm.
const NO_SSA = `function %diamond(i32) system_v {
    ; needs-stack-map: v1 v2 v3
    fn0 = %f(i32) system_v

block0(v0: i32):
    brif v0, block1, block2

block1:
    v1 = iconst.i64 1
    v2 = iconst.i64 2
    call fn0(v0)
    jump block3(v1, v2)

block2:
    v3 = iconst.i64 3
    call fn0(v0)
    jump block3(v3, v3)

block3(v4: i64, v5: i64):
    call fn0(v0)
    v6 = iadd v1, v4
    return
}`;

test("a use that its definition does not dominate is BEFORE's own fault, and is named", () => {
  const [error] = spillAndCheck(NO_SSA, "cranelift");
  assert.equal(error!.code, "before-invalid");
  assert.equal(error!.message, "v1 is not defined on every path to its use in BEFORE");
  assert.equal(error!.block, 3);
});
