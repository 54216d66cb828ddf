/** The declarations as a program in TypeScript sees them: strictly, with those of a page and none of Node's. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { projectRoot } from "../support/project.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "spillway-types-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(projectRoot, join(folder, "node_modules", "spillway"), "junction");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2024",
    lib: ["es2024", "dom"],
    module: "nodenext",
    types: [],
    noUnusedLocals: false,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});
after(() => rmSync(folder, { recursive: true }));

/** What the compiler complains of. */
function complaints(program: string): string[] {
  writeFileSync(join(folder, "program.ts"), program);
  const tsc = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], {
    encoding: "utf8",
    cwd: folder,
  });
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

const PROGRAM = `
import "spillway/polyfill";
import { install as installPrecompiled } from "spillway/precompiled";
import {
  compile, createWebAssembly, type Exports, type HeapSnapshot, type HeapStatistics, type Instance, instantiate, openCache, Store,
  type StoreOptions, Tag,
} from "spillway/embed";

const options: StoreOptions = { collector: "generational", maxHeapBytes: 64 << 20 };
const store = new Store(options);
const module = compile(new Uint8Array(), { collector: store.collector, cache: openCache() });

// Nothing is known of the exports: each may be called, and has what globals, memories and tables have, or has not.
const { exports } = store.instantiate(module, { host: { log: console.log } });
exports.push(exports.newList(), { any: "object" });
exports.counter.value = exports.counter.value;
const bytes: number | undefined = exports.memory.buffer?.byteLength;
const first: unknown = exports.table.get?.(0);
const named = exports as { sum: (n: number) => number };
const same: Exports = exports;

// The exports' types are declared, as a type or as an interface, or follow from where they go.
interface List {
  newList(): object;
  push(list: object, value: unknown): void;
  readonly memory: WebAssembly.Memory;
  readonly tag: Tag;
}
const list = store.instantiate<List>(module).exports;
list.push(list.newList(), 1);
const page: ArrayBuffer = list.memory.buffer;
const calculator: Instance<{ sum(n: number): number }> = store.instantiate(module);
const total: number = calculator.exports.sum(3) + instantiate<{ sum(n: number): number }>(new ArrayBuffer(8)).instance.exports.sum(1);
// Another module's exports are imports.
store.instantiate(module, { list: { ...exports } });

installPrecompiled({ force: true, store });
// @ts-expect-error: without a compiler there is nothing to tell it.
installPrecompiled({ compile: { prove: true } });

const { liveBytes }: HeapStatistics = store.statistics();
const snapshot: HeapSnapshot = store.heapSnapshot();
const text: string = snapshot.toString();
for (const chunk of snapshot) chunk.length;
createWebAssembly({ store });
`;

test("a program that uses all of it is well typed", () => {
  assert.deepEqual(complaints(PROGRAM), []);
});

test("what the types rule out is refused", () => {
  const wrong = [
    ["new Store({ collector: 'foo' });", "TS2322"],
    ["new Store().instantiate<{ sum(n: number): number }>(new ArrayBuffer(8)).exports.sum('3');", "TS2345"],
    ["new Store().instantiate<{ sum(n: number): number }>(new ArrayBuffer(8)).exports.add(3);", "TS2339"],
    ["new Store().instantiate(new ArrayBuffer(8)).exports.push = () => 1;", "TS2542"],
    ["const n: number = new Store().instantiate(new ArrayBuffer(8)).exports.sum(3);", "TS2322"],
  ] as const;
  const program = wrong.map(([line]) => line).join("\n");
  const found = complaints(`import { Store } from "spillway/embed";\n${program}`);
  const codes = found.flatMap(
    (line) => /^program\.ts\((\d+),\d+\): error (TS\d+)/.exec(line)?.slice(1, 3).join() ?? [],
  );
  assert.deepEqual(
    codes,
    wrong.map(([, code], i) => `${i + 2},${code}`),
    found.join("\n"),
  );
});
