/**
 * The package as its users get it: the built files load on the oldest Node that is supported, each entry point exports
 * what the list says, and the command works.
 */
import assert from "node:assert/strict";
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { textToBinary } from "../../src/wat.ts";
import { BUNDLE_NAMES, bundlePath } from "../../tools/bundle.ts";
import { projectRoot, systemNode } from "../support/project.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly node: string; readonly default: string } | string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as Manifest;
const entryPoints = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string"
    ? []
    : [{ name, path: join(projectRoot, target.default), onNode: join(projectRoot, target.node) }],
);

const SURFACE = join(import.meta.dirname, "api-surface.json");

test("the entry points export what test/project/api-surface.json lists", async () => {
  const surface: Record<string, string[]> = {};
  for (const { name, path } of entryPoints) {
    surface[name] = Object.keys((await import(pathToFileURL(path).href)) as object).sort();
  }
  const text = `${JSON.stringify(surface, null, 2)}\n`;
  if (process.env["UPDATE_API_SURFACE"] === "1") writeFileSync(SURFACE, text);
  assert.equal(text, readFileSync(SURFACE, "utf8"), "run with UPDATE_API_SURFACE=1 if the change is meant");
});

test("on Node the entry points are bundled, export the same, and share what they have in common", async () => {
  for (const { path, onNode } of entryPoints) {
    const [plain, bundled] = await Promise.all(
      [path, onNode].map(async (file) =>
        Object.keys((await import(pathToFileURL(file).href)) as object).sort(),
      ),
    );
    assert.deepEqual(bundled, plain, onNode);
  }
  const script = `
    import { InputError, Store } from "spillway/embed";
    import { decodeModule } from "spillway/wasm";
    import "spillway/polyfill";
    try { decodeModule(Uint8Array.of(0)); } catch (error) { console.log(error instanceof InputError); }
    console.log(import.meta.resolve("spillway/embed").endsWith("/bundled/node/embed.js"), typeof Store);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd: projectRoot,
  });
  assert.equal(output, "true\ntrue function\n");
});

test("a bundler leaves out nothing that is imported for its effects", async () => {
  const { warnings } = await build({
    entryPoints: [join(projectRoot, "bin", "spillway.js"), ...entryPoints.map(({ path }) => path)],
    bundle: true,
    write: false,
    outdir: tmpdir(),
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent",
  });
  assert.deepEqual(
    warnings.map(({ text }) => text),
    [],
  );
});

test("the package holds what its README names", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const linked = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
  const named = [...readme.matchAll(/\b(?:examples|filetests|docs)\/[\w./-]*\w/g)].map(([path]) => path);
  assert.ok(linked.length > 3 && named.length > 3);
  const isPacked = (path: string): boolean =>
    manifest.files.some((entry) => path === entry || path.startsWith(`${entry}/`));
  assert.deepEqual(
    [...linked, ...named].filter((path) => !isPacked(path)),
    [],
  );
});

test("a consumer runs no script at install, and packing makes the bundle that the exports name", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(manifest.scripts[name], undefined, name);
  assert.equal(manifest.scripts["prepack"], "npm run bundle");
  for (const name of BUNDLE_NAMES)
    assert.equal(manifest.exports[`./${name}.bundle.js`], `./${relative(projectRoot, bundlePath(name))}`);
});

/** The package with what it depends on, and no more. */
function installedAlone(folder: string): string {
  const modules = join(folder, "node_modules");
  const installed = join(modules, "spillway");
  for (const part of ["bin", "dist", "package.json"])
    cpSync(join(projectRoot, part), join(installed, part), { recursive: true });
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(projectRoot, "node_modules", name), join(modules, name), "junction");
  }
  return join(installed, "bin", "spillway.js");
}

test("without the large packages all works but -O and text, and these say what to install", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-alone-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = installedAlone(folder);
  const binary = join(folder, "list.wasm");
  writeFileSync(binary, await textToBinary(readFileSync(join(projectRoot, "examples", "list.wat"), "utf8")));
  const output = join(folder, "list.core.wasm");
  const compile = (...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [command, "compile", "-o", output, ...args], {
      encoding: "utf8",
      cwd: projectRoot,
    });
  const optimized = compile(binary, "-O");
  assert.equal(optimized.status, 1);
  assert.match(
    optimized.stderr,
    /-O needs binaryen, which is not installed\n {2}note: .*npm install binaryen\n$/,
  );
  const text = compile("examples/list.wat");
  assert.equal(text.status, 1);
  assert.match(
    text.stderr,
    /text needs @bytecodealliance\/jco-transpile, .*\n {2}note: .*npm install @bytecodealliance/,
  );
  const plain = compile(binary);
  assert.deepEqual([plain.status, plain.stderr], [0, ""]);
});

test("the demo, which the package has, says what it needs that the package has not, and runs with it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-demo-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const examples = join(dirname(dirname(installedAlone(folder))), "examples");
  mkdirSync(examples);
  copyFileSync(join(projectRoot, "examples", "demo.mjs"), join(examples, "demo.mjs"));
  const demo = (): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(examples, "demo.mjs")], { encoding: "utf8", cwd: folder });
  const { devDependencies } = manifest;
  const wanted = `@wasm-fmt/dart_fmt@${devDependencies["@wasm-fmt/dart_fmt"]}`;
  const alone = demo();
  assert.deepEqual(
    [alone.status, alone.stdout, alone.stderr],
    [1, "", `The demo runs @wasm-fmt/dart_fmt, which is not installed: npm install --no-save ${wanted}\n`],
  );
  const formatter = join(projectRoot, "node_modules", "@wasm-fmt");
  if (!existsSync(formatter)) return t.skip("@wasm-fmt/dart_fmt is not installed");
  symlinkSync(formatter, join(folder, "node_modules", "@wasm-fmt"), "junction");
  const together = demo();
  assert.deepEqual([together.status, together.stderr], [0, ""]);
});

test("every entry point has its declarations", () => {
  for (const { path } of entryPoints) assert.ok(existsSync(path.replace(/\.js$/, ".d.ts")), path);
});

test("the built package runs on Node 20", (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const files = entryPoints.flatMap(({ path, onNode }) => [path, onNode]);
  const imports = files.map((path) => `await import(${JSON.stringify(pathToFileURL(path).href)});`);
  const script = `${imports.join("\n")}\nconsole.log(process.version);`;
  const output = execFileSync(node, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.match(output, /^v20\./);
  const help = execFileSync(node, [join(projectRoot, "bin/spillway.js"), "--help"], { encoding: "utf8" });
  assert.match(help, /spill/);
});

test("the built command compiles and runs a GC module on Node 20, which has no GC", (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const spillway = (...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(node, [join(projectRoot, "bin/spillway.js"), ...args], { encoding: "utf8", cwd: projectRoot });
  const sum = spillway("run", "--invoke", "sum", "examples/list.wat", "1000", "--gc-stress");
  assert.deepEqual([sum.status, sum.stdout, sum.stderr], [0, "500500\n", ""]);
  const program = `(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (type $box (struct (field (mut i32))))
    (global $kept (mut (ref null $box)) (ref.null $box))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $sizes (i32.const 0) (i32.const 4)))
      (global.set $kept (struct.new $box (i32.load (i32.const 0))))
      (call $exit (struct.get $box 0 (global.get $kept)))))`;
  const path = join(mkdtempSync(join(tmpdir(), "spillway-package-")), "program.wat");
  writeFileSync(path, program);
  const exit = spillway("run", path, "--", "a", "b");
  assert.deepEqual([exit.status, exit.stdout, exit.stderr], [3, "", ""]);
  rmSync(dirname(path), { recursive: true });
});

/** Unmodified code of somebody else's: an export that makes an object of the heap and reads it. */
const APP = `
const bytes = Uint8Array.from(atob(process.argv[2]), (character) => character.charCodeAt(0));
const { instance } = await WebAssembly.instantiate(bytes);
console.log(instance.exports.read(41));
`;
const BOX = `(module
  (type $box (struct (field i32)))
  (global $kept (mut (ref null $box)) (ref.null $box))
  (func (export "read") (param i32) (result i32)
    (global.set $kept (struct.new $box (i32.add (local.get 0) (i32.const 1))))
    (struct.get $box 0 (global.get $kept))))`;

test("where the engine has no garbage collection, there is nothing to compare compiled modules with", (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const { status, stderr } = spawnSync(node, ["bin/spillway.js", "fuzz", "--wasm", "-n", "1"], {
    encoding: "utf8",
    cwd: projectRoot,
  });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /no garbage collection to compare compiled modules with/);
});

test("where Node gives its modules only to those who wait, as before 20.16, the command works, and nothing is kept", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-old-node-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { ...process.env, SPILLWAY_CACHE: "on", SPILLWAY_CACHE_DIR: folder };
  const old = ["--import", "data:text/javascript,delete process.getBuiltinModule"];
  const run = (...args: string[]): string =>
    execFileSync(systemNode(20) ?? process.execPath, [...old, ...args], {
      encoding: "utf8",
      cwd: projectRoot,
      env,
    });
  const output = join(folder, "list.core.wasm");
  assert.equal(run("bin/spillway.js", "run", "--invoke", "sum", "examples/list.wat", "1000"), "500500\n");
  run("bin/spillway.js", "compile", "examples/list.wat", "-o", output, "--jobs", "2", "-O");
  assert.ok(existsSync(output));
  const cache = 'import { openCache } from "spillway/embed"; console.log(openCache());';
  assert.equal(run("--input-type=module", "-e", cache), "null\n");
});

test("a package that depends on this one runs its GC modules by --import spillway/polyfill, and not without", async (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const folder = mkdtempSync(join(tmpdir(), "spillway-dependent-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(projectRoot, join(folder, "node_modules", "spillway"), "junction");
  writeFileSync(join(folder, "app.mjs"), APP);
  const binary = Buffer.from(await textToBinary(BOX)).toString("base64");
  const run = (...flags: string[]): SpawnSyncReturns<string> =>
    spawnSync(node, [...flags, "app.mjs", binary], { encoding: "utf8", cwd: folder });
  const alone = run();
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /CompileError/);
  const polyfilled = run("--import", "spillway/polyfill");
  assert.deepEqual([polyfilled.status, polyfilled.stdout, polyfilled.stderr], [0, "42\n", ""]);
});
