import assert from "node:assert/strict";
import { test } from "node:test";
import { functionText, parseFunctions } from "../../src/text/index.ts";
import { annotatedText, verifyFunction } from "../../src/verify/index.ts";

function annotated(text: string): string {
  const [func] = parseFunctions(text);
  assert.ok(func !== undefined);
  return annotatedText(func, verifyFunction(func));
}

test("errors stand under the instructions they are about", () => {
  const text = annotated(`function %f(i32, i64) {
block0(v0: i32, v1: i64):
    v2 = iadd v0, v1
    v3 -> v2
    jump block1(v3)

block1(v4: i64):
    return v4
}`);
  assert.equal(
    text,
    `function %f(i32, i64) fast {
block0(v0: i32, v1: i64):
    v2 = iadd v0, v1
;   ^~~~~~~~~~~~~~~~
; error: inst0: arg 1 (v1) has type i64, expected i32

    v3 -> v2
    jump block1(v3)
;   ^~~~~~~~~~~~~~~
; error: inst1: arg v3 has type i32, expected i64


block1(v4: i64):
    return v4
;   ^~~~~~~~~
; error: inst2: arguments of return must match function signature

}

; 3 verifier errors
`,
  );
});

test("errors of declarations, blocks and the function itself", () => {
  assert.match(
    annotated("function %f() {\n    gv0 = vmctx\nblock0:\n    return\n}"),
    /gv0 = vmctx\n; {3}\^~+\n; error: gv0: /,
  );
  assert.match(
    annotated("function %f() {\nblock0:\n    nop\n}"),
    /\nblock0:\n;\^~+\n; error: block0: block does not/,
  );
  assert.match(
    annotated("function %f() -> i32 preserve_all {\nblock0:\n    trap user1\n}"),
    /^function .*\{\n;\^~+\n; error: function: Signature/,
  );
});

test("the annotated text is valid CLIF of the same function", () => {
  const source =
    "function %f() {\nblock0:\n    v0 = iconst.i32 1\n    v1 = iconst.i64 1\n    v2 = iadd v0, v1\n    return\n}";
  const [func] = parseFunctions(source);
  const [again] = parseFunctions(annotated(source));
  assert.ok(func !== undefined && again !== undefined);
  assert.equal(functionText(again), functionText(func));
});
