/**
 * `spillway/precompiled`, as programs meet it: modules that have their code with them run on an engine without garbage collection and without the
 * compiler, as they run on any other.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { compile, hostWebAssembly, precompile, restore, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { projectRoot, systemNode } from "../support/project.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-precompiled-"));
after(() => rmSync(folder, { recursive: true }));

const list = (): Promise<Uint8Array> =>
  textToBinary(readFileSync(join(projectRoot, "examples", "list.wat"), "utf8"));

test("what was precompiled is restored, with imports and exports as they were", async () => {
  const bytes = await list();
  const module = restore(await precompile(bytes));
  assert.deepEqual(module.exports, compile(bytes).exports);
  assert.equal(module.customSections("spillway.code").length, 1);
  const { sum } = new Store().instantiate(module).exports as { sum: (count: number) => number };
  assert.equal(sum(1000), 500500);
});

test("for a store with another collector, too", async () => {
  const store = new Store({ collector: "generational" });
  const module = restore(await precompile(await list(), { collector: "generational" }));
  const { sum } = store.instantiate(module).exports as { sum: (count: number) => number };
  assert.equal(sum(1000), 500500);
});

test("what cannot be restored, and what cannot be compiled, is a CompileError", async () => {
  const bytes = await list();
  assert.throws(() => restore(bytes), hostWebAssembly.CompileError);
  assert.throws(() => restore(bytes.subarray(0, 20)), hostWebAssembly.CompileError);
  await assert.rejects(precompile(bytes.subarray(0, 20)), hostWebAssembly.CompileError);
});

function entryPoint(name: string): string {
  return pathToFileURL(join(projectRoot, "dist", "bundled", "node", `${name}.js`)).href;
}

interface Engine {
  readonly node: string;
  readonly environment?: object;
  /** What is loaded first. */
  readonly entries?: readonly string[];
}

/** Runs a program on Node with `spillway/precompiled` loaded first; null where there is no such Node, or the package is not built. */
function run(program: string, { node, environment, entries = ["precompiled"] }: Engine): unknown {
  const path = join(folder, "program.mjs");
  writeFileSync(path, program);
  const env = { ...process.env, ...environment };
  const imports = entries.flatMap((name) => ["--import", entryPoint(name)]);
  return JSON.parse(
    execFileSync(node, [...imports, path, entryPoint("precompiled")], { encoding: "utf8", env }),
  );
}

/** What runs of a module with its code, one without, and one that any engine takes. */
const THREE_MODULES = `
  import { readFileSync } from "node:fs";
  const read = (name) => readFileSync(new URL(name, import.meta.url));
  const runs = (bytes) => WebAssembly.instantiate(bytes).then(() => true, ({ name }) => name);
  const modules = [read("list.wasm"), read("plain.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)];
  const isReplaced = !String(WebAssembly.Module).includes("[native code]");
  console.log(JSON.stringify([isReplaced, ...await Promise.all(modules.map(runs))]));`;

async function writeModules(): Promise<void> {
  const bytes = await list();
  writeFileSync(join(folder, "list.wasm"), await precompile(bytes));
  writeFileSync(join(folder, "plain.wasm"), bytes);
}

test("with the polyfill beside it, in either order, modules without code run, too", async (t) => {
  const node = node20();
  if (node === null) return t.skip("no Node 20 on the path, or not built");
  await writeModules();
  const environment = { SPILLWAY_CACHE: "off" };
  for (const entries of [
    ["precompiled", "polyfill"],
    ["polyfill", "precompiled"],
  ])
    assert.deepEqual(run(THREE_MODULES, { node, entries, environment }), [true, true, true, true]);
  assert.deepEqual(run(THREE_MODULES, { node, environment }), [true, true, "CompileError", true]);
});

test("forced, what has no code goes to the engine", async (t) => {
  const node = node20();
  if (node === null) return t.skip("no Node 20 on the path, or not built");
  await writeModules();
  const environment = { SPILLWAY_POLYFILL: "force" };
  assert.deepEqual(run(THREE_MODULES, { node, environment }), [true, true, "CompileError", true]);
  assert.deepEqual(run(THREE_MODULES, { node: process.execPath, environment }), [true, true, true, true]);
});

test("options of a compiler are refused by name", (t) => {
  const node = node20();
  if (node === null) return t.skip("no Node 20 on the path, or not built");
  const program = `
    const { install } = await import(process.argv[2]);
    try { install({ compile: { prove: true } }); } catch ({ name, message }) { console.log(JSON.stringify([name, message])); }`;
  const [name, message] = run(program, { node }) as [string, string];
  assert.equal(name, "TypeError");
  assert.match(message, /^install has no option compile/);
});

function node20(): string | null {
  return existsSync(join(projectRoot, "dist", "bundled", "node", "precompiled.js")) ? systemNode(20) : null;
}

test("on Node 20 programs run, probes are modules, and what has no code says so when it is instantiated", async (t) => {
  const node = node20();
  if (node === null) return t.skip("no Node 20 on the path, or not built");
  const bytes = await list();
  await writeModules();
  const program = `
    import { readFileSync } from "node:fs";
    const read = (name) => readFileSync(new URL(name, import.meta.url));
    const outcome = async (run) => { try { return await run(); } catch ({ name, message }) { return [name, message.split("\\n")[0]]; } };
    const precompiled = read("list.wasm");
    const plain = read("plain.wasm");
    const { instance } = await WebAssembly.instantiate(precompiled);
    const { hasGarbageCollection } = await import(process.argv[2]);
    console.log(JSON.stringify({
      sum: instance.exports.sum(1000),
      again: new WebAssembly.Instance(new WebAssembly.Module(precompiled)).exports.sum(10),
      valid: [precompiled, plain, plain.subarray(0, 30)].map((bytes) => WebAssembly.validate(bytes)),
      probe: WebAssembly.Module.exports(new WebAssembly.Module(plain)).length,
      plain: await outcome(() => WebAssembly.instantiate(plain)),
      has: hasGarbageCollection(),
      broken: (await outcome(() => new WebAssembly.Module(plain.subarray(0, 30))))[0],
    }));`;
  assert.deepEqual(run(program, { node }), {
    sum: 500500,
    again: 55,
    valid: [true, true, false],
    probe: compile(bytes).exports.length,
    plain: ["CompileError", "module: error: the module has no compiled code with it"],
    has: false,
    broken: "CompileError",
  });
});

test("a published program runs by its own code, on Node 20 and natively", async (t) => {
  const node = node20();
  const package_ = join(projectRoot, "node_modules", "@gkd-kit", "wasm_matches", "dist");
  if (node === null || !existsSync(package_))
    return t.skip("no Node 20 on the path, or not built, or no wasm_matches");
  writeFileSync(
    join(folder, "matches.wasm"),
    await precompile(new Uint8Array(readFileSync(join(package_, "mod.wasm")))),
  );
  const program = `
    import { readFileSync } from "node:fs";
    const matcher = await import(${JSON.stringify(pathToFileURL(join(package_, "instantiate.mjs")).href)});
    const module = readFileSync(new URL("matches.wasm", import.meta.url));
    const { toMatches } = (await matcher.default(module)).exports;
    const matches = toMatches("[a-c]+\\\\d{2}");
    console.log(JSON.stringify(["abc12", "abc1", "a99"].map((text) => matches(text))));`;
  const expected = [true, false, true];
  assert.deepEqual(run(program, { node }), expected);
  assert.deepEqual(run(program, { node: process.execPath }), expected);
});
