/** Directives against texts: what matches, what does not, and how variables travel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { type Directive, directiveOf, runFilecheck } from "../../src/lab/filetest/filecheck.ts";

function directives(...comments: string[]): Directive[] {
  return comments.map((comment, i) => directiveOf(comment, i + 1)!);
}

/** The message of the failure, or "" when all directives hold. */
function check(text: string, ...comments: string[]): string {
  return runFilecheck(directives(...comments), text)?.message ?? "";
}

const TEXT = "block0(v1: i32):\n    v2 = iadd v1, v1\n    v10 = isub v2, v1\n    return v10\n";

test("a comment without a directive is none", () => {
  assert.equal(directiveOf("; just words", 1), null);
  assert.equal(directiveOf("; checking: x", 1), null);
  assert.deepEqual(directiveOf(";check:  v1 = f ", 7), { kind: "check", text: "v1 = f", line: 7 });
});

test("check: finds matches one after another", () => {
  assert.equal(check(TEXT, "; check: iadd", "; check: isub"), "");
  assert.match(check(TEXT, "; check: isub", "; check: iadd"), /nothing matches check: iadd/);
});

test("a plain pattern matches whole words only", () => {
  assert.match(check("v10 = f", "; check: v1"), /nothing matches/);
  assert.equal(check("v10 = f", "; check: v1$()"), "");
  assert.match(check("xv1", "; check: v1"), /nothing matches/);
  assert.equal(check("xv1", "; check: $()v1"), "");
});

test("punctuation in a pattern is plain text", () => {
  assert.equal(check("a (b) [c] | d.e", "; check: (b) [c] | d.e"), "");
  assert.match(check("dxe", "; check: d.e"), /nothing matches/);
});

test("sameln: and nextln: keep to their line", () => {
  assert.equal(check(TEXT, "; check: v2 =", "; sameln: iadd"), "");
  assert.match(check(TEXT, "; check: v2 =", "; sameln: isub"), /nothing matches/);
  assert.equal(check(TEXT, "; check: iadd", "; nextln: v10 = isub"), "");
  assert.match(check(TEXT, "; check: iadd", "; nextln: return"), /nothing matches/);
});

test("not: holds between the matches around it, and to the end", () => {
  assert.equal(check(TEXT, "; check: iadd", "; not: iadd", "; check: return"), "");
  assert.match(check(TEXT, "; check: iadd", "; not: isub", "; check: return"), /something matches not: isub/);
  assert.match(check(TEXT, "; check: iadd", "; not: return"), /something matches not: return/);
  assert.equal(check(TEXT, "; check: iadd", "; not: block0"), "");
});

test("unordered: takes neighbours in any order", () => {
  assert.equal(check("a b c d", "; check: a", "; unordered: c", "; unordered: b", "; check: d"), "");
  assert.match(check("a b c d", "; check: b", "; unordered: a"), /nothing matches/);
  // A check after them starts behind the furthest.
  assert.match(check("a b c b", "; unordered: c", "; unordered: a", "; check: a"), /nothing matches/);
});

test("variables hold what they matched; named expressions match anew", () => {
  assert.equal(check("v7 = f\nuse v7", "; check: $(X=v\\d+) = f", "; check: use $X"), "");
  assert.match(check("v7 = f\nuse v8", "; check: $(X=v\\d+) = f", "; check: use $X"), /nothing matches/);
  assert.equal(check("v7 v8", "; regex: V=\\bv\\d+\\b", "; check: $V $V"), "");
  assert.equal(check("v7\nv7", "; regex: V=v\\d+", "; check: $(A=$V)", "; nextln: $A"), "");
  assert.equal(check("cost: $5", "; check: cost: $$5"), "");
});

test("a bad directive is the test file's fault and names its line", () => {
  const fault = (comment: string) => (error: unknown) =>
    error instanceof InputError && error.diagnostic.place?.kind === "text" && comment !== "";
  for (const comment of [
    "; check: $X",
    "; check: $(X=t) $X",
    "; check: $(X=[)",
    "; regex: nothing",
    "; check: $ ",
  ]) {
    assert.throws(() => check("text", comment), fault(comment), comment);
  }
});
