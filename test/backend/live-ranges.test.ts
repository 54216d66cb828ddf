/**
 * A block that a loop leaves to may stand among the loop's own blocks in the order: what it uses keeps its local all the
 * way to the loop's end. Both orders of the branch, so that one of them puts the block there.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { I32 } from "../../src/ir/types.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { Comparison } from "./comparison.ts";

function leaving(name: string, condition: string, branch: string): string {
  return `
function ${name}(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
  v2 = iconst.i32 0
  jump block1(v2)
block1(v3: i32):
  v4 = iconst.i32 3
  v5 = icmp ${condition} v3, v4
  brif v5, ${branch}
block2:
  v6 = iadd v0, v0
  v7 = ineg v6
  return v7
block3:
  v8 = iadd v3, v4
  v9 = imul v8, v8
  v10 = iadd v9, v8
  v11 = iadd v9, v10
  v12 = isub v11, v11
  v13 = iadd v12, v12
  v14 = iconst.i32 1
  v15 = iadd v3, v14
  v16 = iadd v15, v13
  jump block1(v16)
}`;
}

test("a value used where a loop is left keeps its local in the whole loop", () => {
  const functions = parseFunctions(
    leaving("u0:0", "uge", "block2, block3") + leaving("u0:1", "ult", "block3, block2"),
  );
  for (const func of functions) func.pointerType = I32;
  assert.equal(new Comparison().compareFunctions(functions, 1), null);
});
