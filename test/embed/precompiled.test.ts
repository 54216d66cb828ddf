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
  const module = restore(await precompile(await list(), { collector: "generational" }), {
    collector: "generational",
  });
  const { sum } = store.instantiate(module).exports as { sum: (count: number) => number };
  assert.equal(sum(1000), 500500);
});

test("what cannot be restored, and what cannot be compiled, is a CompileError", async () => {
  const bytes = await list();
  assert.throws(() => restore(bytes), hostWebAssembly.CompileError);
  assert.throws(() => restore(bytes.subarray(0, 20)), hostWebAssembly.CompileError);
  await assert.rejects(precompile(bytes.subarray(0, 20)), hostWebAssembly.CompileError);
});

/** Runs a program on Node with `spillway/precompiled` loaded first; null where there is no such Node, or the package is not built. */
function run(program: string, engine: { readonly node: string; readonly environment?: object }): unknown {
  const path = join(folder, "program.mjs");
  writeFileSync(path, program);
  const polyfill = pathToFileURL(join(projectRoot, "dist", "bundled", "node", "precompiled.js")).href;
  const env = { ...process.env, ...engine.environment };
  return JSON.parse(execFileSync(engine.node, ["--import", polyfill, path], { encoding: "utf8", env }));
}

function node20(): string | null {
  return existsSync(join(projectRoot, "dist", "bundled", "node", "precompiled.js")) ? systemNode(20) : null;
}

test("on Node 20 programs run, probes are modules, and what has no code says so when it is instantiated", async (t) => {
  const node = node20();
  if (node === null) return t.skip("no Node 20 on the path, or not built");
  const bytes = await list();
  writeFileSync(join(folder, "list.wasm"), await precompile(bytes));
  writeFileSync(join(folder, "plain.wasm"), bytes);
  const program = `
    import { readFileSync } from "node:fs";
    const read = (name) => readFileSync(new URL(name, import.meta.url));
    const outcome = async (run) => { try { return await run(); } catch ({ name, message }) { return [name, message.split("\\n")[0]]; } };
    const precompiled = read("list.wasm");
    const plain = read("plain.wasm");
    const { instance } = await WebAssembly.instantiate(precompiled);
    console.log(JSON.stringify({
      sum: instance.exports.sum(1000),
      again: new WebAssembly.Instance(new WebAssembly.Module(precompiled)).exports.sum(10),
      valid: [precompiled, plain, plain.subarray(0, 30)].map((bytes) => WebAssembly.validate(bytes)),
      probe: WebAssembly.Module.exports(new WebAssembly.Module(plain)).length,
      plain: await outcome(() => WebAssembly.instantiate(plain)),
      broken: (await outcome(() => new WebAssembly.Module(plain.subarray(0, 30))))[0],
    }));`;
  assert.deepEqual(run(program, { node }), {
    sum: 500500,
    again: 55,
    valid: [true, true, false],
    probe: compile(bytes).exports.length,
    plain: ["CompileError", "module: error: the module has no compiled code with it"],
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
