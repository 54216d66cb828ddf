/**
 * The package as its users get it: the built files load on the oldest Node that is supported, each entry point exports
 * what the list says, and the command works.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot, systemNode } from "../support/project.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as Manifest;
const entryPoints = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name, path: join(projectRoot, target.default) }],
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

test("every entry point has its declarations", () => {
  for (const { path } of entryPoints) assert.ok(existsSync(path.replace(/\.js$/, ".d.ts")), path);
});

test("the built package runs on Node 20", (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const imports = entryPoints.map(({ path }) => `await import(${JSON.stringify(pathToFileURL(path).href)});`);
  const script = `${imports.join("\n")}\nconsole.log(process.version);`;
  const output = execFileSync(node, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.match(output, /^v20\./);
  const help = execFileSync(node, [join(projectRoot, "bin/spillway.js"), "--help"], { encoding: "utf8" });
  assert.match(help, /spill/);
});
