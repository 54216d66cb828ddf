/**
 * The architecture, as far as a machine can hold it: which folder imports which, no import cycles, generated files in
 * step with their tables, and a public surface that changes only on purpose.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { staleFiles } from "../../tools/generate.ts";
import { projectRoot } from "../support/project.ts";

/** The middle of the order: each may import what stands above it in this list, as far as `BELOW` says. */
const CLIF = ["base", "ir", "text", "analysis"];
const COMPILER = [
  ...CLIF,
  "verify",
  "interp",
  "check",
  "frontend",
  "passes",
  "wasm",
  "object",
  "backend",
  "gc",
  "translate",
  "runtime",
  "lowering",
  "link",
];

/** For each folder, the folders it may import besides itself. A folder stands for those below it too. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  base: [],
  ir: ["base"],
  text: ["base", "ir"],
  analysis: ["base", "ir"],
  verify: CLIF,
  interp: CLIF,
  check: CLIF,
  frontend: CLIF,
  passes: CLIF,
  wasm: ["base"],
  object: ["base"],
  runtime: ["base", "wasm"],
  gc: ["base", "ir", "frontend", "wasm", "object"],
  translate: ["base", "ir", "frontend", "passes", "wasm", "object", "gc"],
  backend: ["base", "ir", "analysis", "wasm", "object"],
  lowering: ["base", "wasm"],
  link: ["base", "wasm", "object", "gc", "runtime", "lowering"],
  driver: COMPILER,
  embed: ["base", "wasm", "object", "gc", "runtime", "link", "driver"],
  wast: ["base", "wasm", "driver", "embed"],
  lab: [...COMPILER, "driver", "embed", "wast"],
  cli: [...COMPILER, "driver", "embed", "wast", "lab"],
};

/** `src/runtime/assembly` is AssemblyScript, a program of its own that nothing imports. */
const files = globSync("src/**/*.ts", { cwd: projectRoot })
  .filter((file) => !file.startsWith("src/runtime/assembly/"))
  .sort();

/** The local files that a file imports, types and dynamic imports included, relative to the project. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(projectRoot, file), "utf8");
  const specifiers = source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return Array.from(specifiers, (match) =>
    relative(projectRoot, join(projectRoot, dirname(file), match[1]!)),
  );
}

function folderOf(file: string): string {
  const parts = file.split("/");
  return parts.length === 2 ? "" : parts[1]!;
}

test("folders import only what stands below them", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const folder = folderOf(file);
    if (folder === "" || folder === "meta") continue;
    const allowed = BELOW[folder];
    assert.ok(allowed !== undefined, `src/${folder} has no place in the order of folders`);
    for (const imported of importsOf(file)) {
      const target = folderOf(imported);
      if (target !== folder && !allowed.includes(target)) wrong.push(`${file} imports ${imported}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("files have no import cycles, types included", () => {
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      return;
    }
    state.set(file, "open");
    path.push(file);
    for (const imported of importsOf(file)) visit(imported);
    path.pop();
    state.set(file, "done");
  };
  for (const file of files) visit(file);
  assert.deepEqual(cycles, []);
});

test("every import names a file that is there", () => {
  const known = new Set(files);
  const missing = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !known.has(imported))
      .map((imported) => `${file} imports ${imported}`),
  );
  assert.deepEqual(missing, []);
});

test("generated files are what their sources give", async () => {
  assert.deepEqual(await staleFiles(), [], "run npm run generate");
});

test("no file speaks of what is not the project's own", () => {
  // Machine paths and registries; the lockfile must hold no host name either.
  const lock = readFileSync(join(projectRoot, "package-lock.json"), "utf8");
  assert.doesNotMatch(lock, /https?:\/\/(?!opencollective|github|patreon|feross|www\.|paypal)/);
  for (const file of globSync("{src,test,tools,bench,docs,filetests,examples}/**/*", { cwd: projectRoot })) {
    if (!/\.(ts|md|clif|js|json|mjs)$/.test(file)) continue;
    const text = readFileSync(join(projectRoot, file), "utf8");
    assert.doesNotMatch(text, new RegExp(["/work", "main"].join("/")), file);
  }
});
