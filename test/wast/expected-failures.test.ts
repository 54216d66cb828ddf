/** The list of known failures hides exactly what it names, and complains about what passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { ExpectedFailures, ScriptReport } from "../../src/wast/index.ts";

function failing(file: string, ...lines: number[]): ScriptReport {
  const report = new ScriptReport();
  report.pass("module");
  for (const line of lines) report.fail({ file, line, directive: "assert_return", expected: "a", got: "b" });
  return report;
}

test("a listed failure counts as skipped, any other stays", () => {
  const list = new ExpectedFailures("# why\n\ncore/a.wast:3 an engine's limit\n");
  const report = list.filter("x/core/a.wast", failing("x/core/a.wast", 3, 4));
  assert.deepEqual(report.total(), { passed: 1, failed: 1, skipped: 1 });
  assert.deepEqual(
    report.failures.map(({ line }) => line),
    [4],
  );
  assert.equal(list.expectedCount, 1);
  assert.deepEqual(list.passedAfterAll("list"), []);
});

test("paths match from a slash on", () => {
  const list = new ExpectedFailures("a.wast:3 reason");
  assert.equal(list.filter("core/aa.wast", failing("core/aa.wast", 3)).total().failed, 1);
  assert.equal(list.filter("core/a.wast", failing("core/a.wast", 3)).total().failed, 0);
});

test("an entry that passes is an error, one whose file did not run is not", () => {
  const list = new ExpectedFailures("a.wast:3 reason\nb.wast:1 reason\nm/*.wast:* reason");
  list.filter("a.wast", failing("a.wast"));
  list.filter("m/x.wast", failing("m/x.wast", 7, 8));
  const [first, ...more] = list.passedAfterAll("the list");
  assert.deepEqual(more, []);
  assert.deepEqual(first, {
    file: "a.wast",
    line: 3,
    directive: "expected-failure",
    expected: "a failure: reason",
    got: "no failure; take the entry out of the list",
  });
});

test("an entry needs a place and a reason", () => {
  for (const bad of ["a.wast", "a.wast:3", "a.wast:x reason"]) {
    assert.throws(
      () => new ExpectedFailures(`# ok\n${bad}`),
      (error) => {
        assert.ok(error instanceof InputError);
        assert.deepEqual(error.diagnostic.place, { kind: "text", line: 2, column: 1 });
        return true;
      },
    );
  }
});
