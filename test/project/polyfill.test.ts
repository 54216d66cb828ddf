/**
 * The polyfill as programs take it in: by an import before the modules that need it, by `require`, and in bundles of every format. It is
 * there before the next module runs.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type BuildOptions, build } from "esbuild";
import { textToBinary } from "../../src/wat.ts";
import { projectRoot, systemNode } from "../support/project.ts";

/** Somebody's module that compiles while it is evaluated, as JavaScript that a compiler writes for Node does. */
const SIBLING = `
const bytes = Uint8Array.from(atob(BINARY), (character) => character.charCodeAt(0));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
const isNative = String(WebAssembly.Module).includes("[native code]");
const names = ["Module", "Instance", "Global", "Table", "Memory", "Tag", "Exception"];
for (const name of names) if (WebAssembly[name].name !== name) throw new Error(name);
export const sum = isNative ? "the engine's own" : exports.sum(4);
`;
const PROGRAMS: Readonly<Record<string, string>> = {
  "app.mjs": `import "spillway/polyfill"; import { sum } from "./sibling.mjs"; console.log(sum);`,
  "app.cjs": `require("spillway/polyfill"); console.log(require("./sibling.mjs").sum);`,
};
const LIST = `(module
  (type $box (struct (field i32)))
  (func (export "sum") (param i32) (result i32)
    (i32.add (local.get 0) (struct.get $box 0 (struct.new $box (i32.const 38))))))`;

let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "spillway-polyfill-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(projectRoot, join(folder, "node_modules", "spillway"), "junction");
  const binary = JSON.stringify(Buffer.from(await textToBinary(LIST)).toString("base64"));
  writeFileSync(join(folder, "sibling.mjs"), SIBLING.replace("BINARY", binary));
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text);
});
after(() => rmSync(folder, { recursive: true }));

/** What it prints: on Node 20 because it must be there, on this engine because it is told to. */
function run(node: string, file: string): string {
  const env = {
    ...process.env,
    SPILLWAY_POLYFILL: "force",
    SPILLWAY_CACHE: "on",
    SPILLWAY_CACHE_DIR: folder,
  };
  return execFileSync(node, ["--no-warnings", join(folder, file)], { encoding: "utf8", env });
}

for (const name of Object.keys(PROGRAMS)) {
  const way = name.endsWith(".cjs") ? "require" : "import";
  for (const where of ["this Node", "Node 20"]) {
    test(`${way} installs it before the next module runs, on ${where}`, (t) => {
      const node = where === "Node 20" ? systemNode(20) : process.execPath;
      if (node === null) return t.skip("no Node 20 on the path");
      assert.equal(run(node, name), "42\n");
    });
  }
}

/** Builds the program as a bundle of this kind; gives the file. */
async function bundle(
  platform: "browser" | "node",
  format: NonNullable<BuildOptions["format"]>,
): Promise<string> {
  const file = `${platform}.${format}.${format === "esm" ? "mjs" : "cjs"}`;
  const { outputFiles, warnings } = await build({
    entryPoints: [join(folder, "app.mjs")],
    bundle: true,
    write: false,
    platform,
    format,
    logLevel: "error",
  });
  // A script for Node has no address of its own, which costs it the cache.
  const known = platform === "node" && format !== "esm" ? ["empty-import-meta"] : [];
  assert.deepEqual([...new Set(warnings.map(({ id }) => id))], known);
  const { text } = outputFiles[0]!;
  if (platform === "browser") assert.doesNotMatch(text, /["'`]node:/);
  writeFileSync(join(folder, file), text);
  return file;
}

for (const platform of ["browser", "node"] as const) {
  for (const format of ["iife", "cjs", "esm"] as const) {
    test(`a bundle for ${platform === "node" ? "Node" : "browsers"}, format ${format}, runs on Node 20`, async (t) => {
      const file = await bundle(platform, format);
      const node = systemNode(20);
      if (node === null) return t.skip("no Node 20 on the path");
      assert.equal(run(node, file), "42\n");
    });
  }
}
