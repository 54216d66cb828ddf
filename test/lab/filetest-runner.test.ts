/** The runner itself: what fails, what is skipped, what blessing writes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { type FileReport, runFiletest } from "../../src/lab/filetest/index.ts";

function run(source: string, bless = false, filter = ""): FileReport {
  return runFiletest("test.clif", source, { bless, filter });
}

/** The failures, as `command: message`. */
function failures(report: FileReport): string[] {
  return report.results
    .filter(({ passed }) => !passed)
    .map(({ command, message }) => `${command}: ${message}`);
}

const FUNCTION = "function %f(i32) -> i32 system_v {\nblock0(v0: i32):\n    return v0\n}\n";

const SPILLS = `function %f(i32) -> i32 system_v {
    ; needs-stack-map: v0
    fn0 = %gc() system_v
block0(v0: i32):
    call fn0()
    return v0
}
`;

function codeOf(source: string): string {
  try {
    run(source);
  } catch (error) {
    if (error instanceof InputError) return error.diagnostic.code;
    throw error;
  }
  return "";
}

test("a file must say what to test, in words that are known", () => {
  assert.equal(codeOf(FUNCTION), "filetest-no-command");
  assert.equal(codeOf(`test nonsense\n${FUNCTION}`), "filetest-unknown-command");
  assert.equal(codeOf(`test cat nonsense\n${FUNCTION}`), "filetest-unknown-option");
  assert.equal(codeOf(`test safepoints policy=nonsense\n${FUNCTION}`), "filetest-unknown-policy");
  assert.equal(codeOf("test cat\nfunction %f( {"), "clif-syntax");
});

test("upstream's own commands are skipped by name, without parsing", () => {
  const report = run("test compile precise-output\ntest optimize\nfunction nonsense");
  assert.deepEqual(report.skipped, ["compile", "optimize"]);
  assert.deepEqual(report.results, []);
  assert.deepEqual(run(`test compile\ntest cat\n${FUNCTION}`).skipped, ["compile"]);
});

test("directives fail with their line", () => {
  const report = run(`test cat\n${FUNCTION}; check: return v1\n`);
  assert.deepEqual(failures(report), ["cat: nothing matches check: return v1"]);
  assert.equal(report.results[0]?.line, 6);
  assert.deepEqual(failures(run(`test cat\n${FUNCTION}; check: return v0\n`)), []);
});

test("run directives are judged by the interpreter and by what is compiled", () => {
  const sum =
    "function %sum(i128, i128) -> i128 {\nblock0(v0: i128, v1: i128):\n    v2 = iadd v0, v1\n    return v2\n}\n";
  for (const place of ["both", "interpreter", "wasm"]) {
    assert.deepEqual(failures(run(`test run on=${place}\n${sum}; run: %sum(-1, 3) == 2\n`)), []);
    const [wrong] = failures(run(`test run on=${place}\n${sum}; run: %sum(-1, 3) == 3\n`));
    assert.equal(wrong?.includes("as compiled"), place === "wasm", wrong);
  }
  const half = "function %f(f16) -> f16 {\nblock0(v0: f16):\n    return v0\n}\n; run: %f(0x1.0) == 0x1.0\n";
  assert.deepEqual(failures(run(`test run\n${half}`)), []);
  assert.match(run(`test run on=wasm\n${half}`).skipped[0]!, /values of type f16/);
});

test("an expectation that is missing, wrong or asked for by nobody fails", () => {
  const head = "test safepoints\n";
  assert.match(failures(run(head + SPILLS))[0]!, /does not say what to expect/);
  assert.match(
    failures(run(`${head}${SPILLS}; expect: safepoints\n; nonsense\n`))[0]!,
    /not what is expected/,
  );
  const unused = `test cat\n${FUNCTION}; expect: safepoints\n; slots 0\n`;
  assert.match(failures(run(unused))[0]!, /no line `test safepoints` asks/);
});

test("blessing writes what is printed, and then all passes and nothing changes", () => {
  const source = `test safepoints policy=cranelift\ntest safepoints\n${SPILLS}\n; kept\n${FUNCTION}; expect: gone\n; x\n`;
  const blessed = run(source, true).blessed;
  assert.ok(blessed !== null);
  assert.deepEqual(failures(run(blessed)), []);
  assert.equal(run(blessed, true).blessed, null);
  assert.match(
    blessed,
    /^; expect: safepoints policy=cranelift\n; slots 1, spills 1, reloads 1, maps 1, entries 1, calls 1$/m,
  );
  assert.match(blessed, /^; kept$/m);
  assert.doesNotMatch(blessed, /gone/);
});

test("blessing keeps other comments behind a function out of the section", () => {
  const source = `test safepoints\ntest cat\n${SPILLS}; check: return v0\n`;
  const blessed = run(source, true).blessed;
  assert.match(blessed!, /^; \}\n\n; check: return v0$/m);
  assert.deepEqual(failures(run(blessed!)), []);
});

test("blessing mends the comments of test verifier", () => {
  const source = `test verifier\nfunction %f(i32, i64) system_v {
block0(v0: i32, v1: i64):
    v2 = iadd v0, v1
    return ; error: wrong
}\n`;
  assert.equal(failures(run(source)).length, 1);
  const blessed = run(source, true).blessed;
  assert.match(blessed!, /v2 = iadd v0, v1 ; error: arg 1 \(v1\) has type i64, expected i32\n {4}return\n/);
  assert.deepEqual(failures(run(blessed!)), []);
});

test("the filter chooses functions by name; what is not run is not judged", () => {
  const source = `test safepoints\n${SPILLS}${FUNCTION.replace("%f", "%other")}`;
  assert.deepEqual(
    run(source, false, "other").results.map((result) => result.function),
    ["%other"],
  );
});

test("a safepoint test fails when the checker says the opposite of what the file expects", () => {
  const wrong = SPILLS.replace("return v0", "return v1").replace("call fn0()", "call fn0()\n    v1 -> v0");
  const rejected = run(`test safepoints policy=wrong:unresolved-alias\n${wrong}`);
  assert.match(failures(rejected)[0]!, /the checker rejects the spilled function/);
  const proven = run(`test safepoints expect-fail\n${SPILLS}`);
  assert.match(failures(proven)[0]!, /the checker proves the spilled function, which is expected to fail/);
});

test("policies named together must agree", () => {
  const source = `test safepoints policy=cranelift,spillway unverified\n${SPILLS.replace("fn0 =", "; no-collect: fn0\n fn0 =")}`;
  assert.match(failures(run(source))[0]!, /policy spillway gives another text than cranelift/);
});

test("an invalid function fails before it is spilled", () => {
  const source = `test safepoints\n${SPILLS.replace("return v0", "return")}`;
  assert.match(failures(run(source))[0]!, /the function is not valid/);
});

test("test ssa refuses what it cannot build by name", () => {
  const source = `test ssa\n${FUNCTION.replace("return v0", "v1 = popcnt v0\n    return v1")}`;
  assert.throws(
    () => run(source),
    (error: unknown) => error instanceof InputError && /`popcnt`/.test(error.diagnostic.message),
  );
});
