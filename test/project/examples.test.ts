/** The examples run as they stand, on the built package: on the Node that runs the tests and, where it is there, on Node 20. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readSnapshot } from "../support/heap-snapshot.ts";
import { projectRoot, systemNode } from "../support/project.ts";

const oldNode = systemNode(20) ?? process.execPath;

function runOn(node: string, ...args: string[]): string {
  return execFileSync(node, args, { cwd: projectRoot, encoding: "utf8" });
}

function run(...args: string[]): string {
  return runOn(process.execPath, ...args);
}

test("npm run example shows slots, stack maps and code", () => {
  const output = run("bin/spillway.js", "spill", "--emit", "slots,maps,text", "examples/linked-list.clif");
  assert.match(output, /ss0 {3}4 {6}v3/);
  assert.match(output, /v4 = call fn0\(v6\), stack_map=\[i32 @ ss0\+0\]/);
});

test("a compiler's use of FunctionBuilder", () => {
  const output = run(join("examples", "build-function.mjs"));
  assert.match(output, /call fn1\(\), stack_map=\[i32 @ ss0\+0\]/);
});

test("a program that knows nothing of Spillway runs under the polyfill", () => {
  const output = runOn(oldNode, "--import", "spillway/polyfill", "examples/polyfill.mjs");
  assert.equal(
    output,
    "the numbers 1 to 100000 add up to 705082704, modulo 2 ** 32\nRuntimeError: null structure reference\n",
  );
});

test("host functions and references: what is held stays, the rest is collected", () => {
  const lines = runOn(oldNode, "examples/host-functions.mjs").split("\n");
  assert.deepEqual(lines.slice(0, 2), ["answer: 42", "ada: the same object"]);
  const figures = /^allocated: (\d+) bytes, in (\d+) collections; alive: (\d+) bytes$/.exec(lines[2]!);
  assert.ok(figures !== null, lines[2]);
  const [allocated, collections, alive] = figures.slice(1).map(Number);
  assert.ok(allocated! > 100_000_000 && collections! > 1 && alive! < 1000, lines[2]);
});

test("a heap snapshot becomes a file that DevTools load", (t) => {
  const path = join(mkdtempSync(join(tmpdir(), "spillway-example-")), "registry.heapsnapshot");
  t.after(() => rmSync(dirname(path), { recursive: true }));
  const output = runOn(oldNode, "examples/heap-snapshot.mjs", path);
  const nodes = readSnapshot(readFileSync(path, "utf8"));
  assert.equal(output, `${path}: ${nodes.length} nodes; load it in Chrome's DevTools, under Memory\n`);
  assert.equal(nodes.filter(({ name }) => name === "entry").length, 2);
});

test("a module with its compiled code beside it", (t) => {
  const path = join(mkdtempSync(join(tmpdir(), "spillway-example-")), "list.wasm");
  t.after(() => rmSync(dirname(path), { recursive: true }));
  const output = runOn(oldNode, "examples/precompile.mjs", path);
  assert.match(output, /^.*list\.wasm: \d+ bytes, and \d+ of compiled code\n500500\n$/);
});

test("a module that is compiled to stand alone", () => {
  const output = runOn(oldNode, "examples/compile-standalone.mjs");
  assert.match(
    output,
    /^\d+ bytes of Wasm GC became \d+ kB of plain Wasm\n10 55\n1000 500500\n100000 705082704\n$/,
  );
});

test("a script of the specification's form passes under a collection at every safepoint", () => {
  const output = run("bin/spillway.js", "wast", "--gc-stress", "--prove", "examples/shapes.wast");
  assert.match(output, /assert_trap +2 +0 +0\n/);
  assert.match(output, /nothing failed/);
});

/** As `npm run demo` does on that Node. */
function demo(node: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/demo.ts"], {
    cwd: projectRoot,
    encoding: "utf8",
    env: { ...process.env, npm_node_execpath: node },
  });
  assert.deepEqual([status, stderr], [0, ""]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours a terminal
  assert.doesNotMatch(stdout, /\x1b/);
  assert.match(stdout, /to [\d.]+ MB of plain Wasm, in [1-9]\d* modules/);
  assert.match(stdout, /\| {3}Point operator \+\(Point o\) => Point\(x \+ o\.x, y \+ o\.y\);\n/);
  assert.match(stdout, /collections +[1-9]\d*, which moved [\d.]+ MB/);
  assert.match(stdout, /the result stays as it is\.\n$/);
  return stdout;
}

const hasFormatter = existsSync(join(projectRoot, "node_modules", "@wasm-fmt", "dart_fmt"));

test("npm run demo on Node 20 shows that it refuses the formatter, and formats", (t) => {
  const node = systemNode(20);
  if (node === null || !hasFormatter) return t.skip("no Node 20 on the path, or no formatter");
  assert.match(demo(node), /alone +CompileError: .*\n/);
});

test("npm run demo on an engine that has garbage collection says so, and formats without using it", (t) => {
  if (!hasFormatter) return t.skip("@wasm-fmt/dart_fmt is not installed");
  assert.match(demo(process.execPath), /Spillway is forced on, and the engine gets plain Wasm only/);
});
