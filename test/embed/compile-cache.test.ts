/** The cache and the threads as programs meet them: in the JavaScript API, in the polyfill, and not at all in a browser's bundle. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { compile, compileAsync, type Module, openCache, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { manyFunctions } from "../driver/many-functions.ts";
import { projectRoot } from "../support/project.ts";

let root: string;
let bytes: Uint8Array;
let expected: unknown;

before(async () => {
  root = mkdtempSync(join(tmpdir(), "spillway-embed-cache-"));
  bytes = withPadding(await manyFunctions());
  expected = resultOf(compile(bytes));
});

after(() => rmSync(root, { recursive: true }));

/** With a custom section that makes the module worth a place in the cache. */
function withPadding(module: Uint8Array): Uint8Array {
  const size = 9000;
  const section = new Uint8Array(3 + size);
  section.set([0, (size & 0x7f) | 0x80, size >> 7, 1, 0x70]);
  return Uint8Array.from([...module, ...section]);
}

function resultOf(module: Module): unknown {
  const { run } = new Store().instantiate(module).exports as { run: (n: number) => unknown };
  return run(1);
}

function withEnvironment<T>(settings: Record<string, string>, work: () => T): T {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    return work();
  } finally {
    process.env = before;
  }
}

test("compile keeps code in a cache that it is given", async () => {
  const folder = join(root, "api");
  const cache = withEnvironment({ SPILLWAY_CACHE: "on" }, () => openCache({ folder }));
  assert.ok(cache !== null);
  for (let i = 0; i < 2; i++) {
    assert.equal(resultOf(compile(bytes, { cache })), expected);
    assert.equal(resultOf(await compileAsync(bytes, { cache, jobs: 2 })), expected);
    assert.deepEqual(kindsIn(folder), [".code", ".link"]);
  }
});

function kindsIn(folder: string): string[] {
  return readdirSync(folder)
    .map((file) => extname(file))
    .sort();
}

test("there is none where the environment says so", () => {
  assert.equal(
    withEnvironment({ SPILLWAY_CACHE: "off" }, () => openCache()),
    null,
  );
  assert.equal(resultOf(compile(bytes, { cache: null })), expected);
});

test("what is wrong is a compile error, with threads as without", async () => {
  const invalid = await textToBinary("(module (func (result i32) i64.const 0))");
  for (const jobs of [1, 2]) {
    await assert.rejects(compileAsync(invalid, { jobs }), { name: "CompileError", message: /module:0x/ });
  }
});

/** A program that knows nothing of Spillway, with the polyfill before it. */
function runWithPolyfill(folder: string, code: string, ...flags: string[]): string {
  const polyfill = pathToFileURL(join(projectRoot, "src/embed/polyfill.ts")).href;
  const args = [...flags, "--import", polyfill, "--input-type=module", "-e", code];
  return execFileSync(process.execPath, args, {
    encoding: "utf8",
    env: {
      ...process.env,
      SPILLWAY_POLYFILL: "force",
      SPILLWAY_CACHE: "on",
      SPILLWAY_CACHE_DIR: folder,
    },
  }).trim();
}

test("the polyfill finds what it compiled the last time, whichever way it is asked", () => {
  const folder = join(root, "polyfill");
  const input = join(root, "input.wasm");
  writeFileSync(input, bytes);
  const start = `
    import { readFileSync } from "node:fs";
    const bytes = readFileSync(${JSON.stringify(input)});`;
  const ways = [
    "const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));",
    "const instance = new WebAssembly.Instance(await WebAssembly.compile(bytes));",
    "const { instance } = await WebAssembly.instantiate(bytes);",
  ];
  const written = new Map<string, number>();
  for (const way of ways) {
    assert.equal(
      runWithPolyfill(folder, `${start} ${way} console.log(instance.exports.run(1));`),
      String(expected),
    );
    assert.deepEqual(kindsIn(folder), [".code", ".link"]);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      // The same file, not one that was written in its place; that it was used shows in its time.
      const { ino, mtimeMs } = statSync(path);
      assert.equal(ino, written.get(name) ?? ino);
      assert.ok(mtimeMs > 1e9);
      written.set(name, ino);
      utimesSync(path, 1000, 1000);
    }
  }
});

test("where Node gives its modules only to those who wait, as before 20.16, the polyfill does without", () => {
  const folder = join(root, "old-node");
  const input = join(root, "input.wasm");
  writeFileSync(input, bytes);
  const code = `
    import { readFileSync } from "node:fs";
    const { instance } = await WebAssembly.instantiate(readFileSync(${JSON.stringify(input)}));
    console.log(instance.exports.run(1));`;
  const old = ["--import", "data:text/javascript,delete process.getBuiltinModule"];
  assert.equal(runWithPolyfill(folder, code, ...old), String(expected));
  assert.equal(existsSync(folder), false);
});

test("no file on the way to the door of what only Node has, nor behind it, imports a module of Node's", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    // Types are gone when it runs.
    const source = readFileSync(join(projectRoot, file), "utf8").replaceAll(/^import type .*/gm, "");
    assert.doesNotMatch(source, /(?:from|import)\s*\(?\s*"node:/, file);
    for (const [, path] of source.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g))
      visit(relative(projectRoot, join(projectRoot, dirname(file), path!)));
  };
  for (const file of ["src/embed/polyfill.ts", "src/embed/index.ts"]) visit(file);
  assert.ok(seen.has("src/driver/node/disk-cache.ts"), "the door is not on the way");
});
