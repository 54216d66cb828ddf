/** The cache in files: found again, replaced when damaged, bounded, and shared by processes that write at the same time. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type CacheEntry, type CodeCache, compileCached } from "../../src/driver/code-cache.ts";
import { compileCode } from "../../src/driver/compile.ts";
import { compileCodeAsync } from "../../src/driver/compile-async.ts";
import { identityOf } from "../../src/driver/node/compiler-identity.ts";
import { cacheFolder, diskCache } from "../../src/driver/node/disk-cache.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { projectRoot } from "../support/project.ts";
import { linked, manyFunctions } from "./many-functions.ts";

let bytes: Uint8Array;
let expected: Uint8Array;
let root: string;

before(async () => {
  root = mkdtempSync(join(tmpdir(), "spillway-cache-"));
  bytes = await manyFunctions();
  expected = linked(compileCode(bytes));
});

after(() => rmSync(root, { recursive: true }));

let folders = 0;

/** A folder that is not there yet. */
function newFolder(): string {
  return join(root, String(folders++), "spillway");
}

function open(folder: string, maxBytes = 1 << 20): CodeCache {
  return diskCache({ folder, maxBytes, minModuleBytes: 0 }, {})!;
}

/** What the cache gives and is given. */
function watched(cache: CodeCache): { readonly cache: CodeCache; readonly events: string[] } {
  const events: string[] = [];
  return {
    events,
    cache: {
      entry: (input, settings) => {
        const entry = cache.entry(input, settings)!;
        return {
          load: () => {
            const stored = entry.load();
            events.push(stored === null ? "miss" : "hit");
            return stored;
          },
          save: (stored) => {
            events.push("save");
            entry.save(stored);
          },
        };
      },
    },
  };
}

function onlyFile(folder: string): string {
  const names = readdirSync(folder);
  assert.equal(names.length, 1, names.join());
  return join(folder, names[0]!);
}

test("what one cache saved, another finds; it is what compiling gives", async () => {
  const folder = newFolder();
  const first = watched(open(folder));
  assert.deepEqual(linked(compileCached(bytes, {}, first.cache)), expected);
  assert.deepEqual(first.events, ["miss", "save"]);
  const second = watched(open(folder));
  assert.deepEqual(linked(compileCached(bytes, {}, second.cache)), expected);
  assert.deepEqual(linked(await compileCodeAsync(bytes, {}, second.cache)), expected);
  assert.deepEqual(second.events, ["hit", "hit"]);
});

test("other bytes and other settings are other files", async () => {
  const folder = newFolder();
  const { cache, events } = watched(open(folder));
  compileCached(bytes, {}, cache);
  compileCached(bytes, { gcStress: true }, cache);
  compileCached(await textToBinary("(module (func))"), {}, cache);
  assert.deepEqual(events, ["miss", "save", "miss", "save", "miss", "save"]);
  assert.equal(readdirSync(folder).length, 3);
});

test("what code was linked to is a second file, where the code is and both have room", () => {
  const folder = newFolder();
  const [code, link] = [new Uint8Array(1000).fill(1), new Uint8Array(500).fill(2)];
  const places = (maxBytes: number): CacheEntry => open(folder, maxBytes).entry(bytes, "")!;
  const roomy = places(1 << 20);
  roomy.link!.save(link);
  assert.equal(roomy.link!.load(), null, "without the code it is of no use");
  roomy.save(code);
  places(1500).link!.save(link);
  assert.equal(roomy.link!.load(), null, "there are headers, too");
  roomy.link!.save(link);
  assert.deepEqual([roomy.load(), roomy.link!.load()], [code, link]);
  const names = readdirSync(folder).sort();
  assert.deepEqual(names.map(extname), [".code", ".link"]);
  // One under the other's name is not there.
  copyFileSync(join(folder, names[0]!), join(folder, names[1]!));
  assert.equal(roomy.link!.load(), null);
});

test("of a module that is compiled twice, there is one place for what it was linked to", () => {
  const cache = open(newFolder());
  const placeOf = (settings: string): unknown => cache.entry(bytes, settings)!.link;
  assert.equal(placeOf(""), placeOf(""));
  assert.notEqual(placeOf(""), placeOf("others"));
});

test("links go before any code does", () => {
  const folder = newFolder();
  const maxBytes = 4000;
  const places = ["a", "b", "c"].map((settings) => open(folder, maxBytes).entry(bytes, settings)!);
  const round = (): void => {
    for (const { load, save, link } of places) {
      if (load() === null) save(new Uint8Array(1000));
      if (link!.load() === null) link!.save(new Uint8Array(700));
    }
  };
  for (let start = 0; start < 3; start++) {
    round();
    assert.ok(places.every(({ load }) => load() !== null));
    const files = readdirSync(folder);
    assert.ok(files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) <= maxBytes);
    assert.equal(files.filter((file) => file.endsWith(".link")).length, 1);
  }
});

test("a file that is damaged is compiled and written anew", () => {
  const folder = newFolder();
  compileCached(bytes, {}, open(folder));
  const path = onlyFile(folder);
  const whole = readFileSync(path);
  const damages: readonly (readonly [string, Buffer])[] = [
    ["empty", Buffer.alloc(0)],
    ["cut off in the header", whole.subarray(0, 20)],
    ["cut off", whole.subarray(0, whole.length - 1)],
    ["longer", Buffer.concat([whole, Buffer.from([0])])],
    ...[0, 9, 30, 44, 50, whole.length >> 1, whole.length - 1].map((at) => {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      return [`changed at ${at}`, changed] as const;
    }),
  ];
  for (const [what, damaged] of damages) {
    writeFileSync(path, damaged);
    const { cache, events } = watched(open(folder));
    assert.deepEqual(linked(compileCached(bytes, {}, cache)), expected, what);
    assert.deepEqual(events, ["miss", "save"], what);
    assert.deepEqual(readFileSync(path), whole, what);
  }
});

test("a file under another's name is not taken for it", () => {
  const folder = newFolder();
  compileCached(bytes, { gcStress: true }, open(folder));
  const stress = onlyFile(folder);
  compileCached(bytes, {}, open(folder));
  const plain = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((path) => path !== stress)!;
  writeFileSync(plain, readFileSync(stress));
  const { cache, events } = watched(open(folder));
  compileCached(bytes, {}, cache);
  assert.deepEqual(events, ["miss", "save"]);
});

test("when all is too much, what was not used for longest goes", async () => {
  const folder = newFolder();
  const modules = await Promise.all(
    [1, 2, 3, 4].map((n) => textToBinary(`(module (func (export "f") (result i32) i32.const ${n}))`)),
  );
  const cacheOf = (maxBytes: number): ReturnType<typeof watched> => watched(open(folder, maxBytes));
  compileCached(modules[0]!, {}, cacheOf(1 << 20).cache);
  const size = statSync(onlyFile(folder)).size;
  const three = 3 * size + 2;
  for (const module of modules.slice(1, 3)) compileCached(module, {}, cacheOf(three).cache);
  // All are from long ago, the first from before the others; then it is used.
  readdirSync(folder).forEach((name) => void utimesSync(join(folder, name), 1000, 1000));
  assert.deepEqual(use(cacheOf(three), modules[0]!), ["hit"]);
  compileCached(modules[3]!, {}, cacheOf(three).cache);
  assert.equal(readdirSync(folder).length, 3);
  assert.deepEqual(use(cacheOf(three), modules[0]!), ["hit"]);
  assert.deepEqual(use(cacheOf(three), modules[3]!), ["hit"]);
  // One that is larger than all may be is not kept, and takes nothing out.
  compileCached(bytes, {}, cacheOf(three).cache);
  assert.equal(readdirSync(folder).length, 3);
});

function use({ cache, events }: ReturnType<typeof watched>, module: Uint8Array): readonly string[] {
  compileCached(module, {}, cache);
  return events;
}

test("what a killed writer left goes, and what is not ours stays", () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const name = "0".repeat(64);
  for (const file of [`${name}.code.123`, `${name}.code.124`, "notes.txt"])
    writeFileSync(join(folder, file), "x");
  for (const file of [`${name}.code.123`, "notes.txt"]) utimesSync(join(folder, file), 1000, 1000);
  compileCached(bytes, {}, open(folder));
  const left = readdirSync(folder);
  assert.ok(!left.includes(`${name}.code.123`));
  assert.ok(left.includes(`${name}.code.124`), "its writer may still be at work");
  assert.ok(left.includes("notes.txt"));
});

test("where nothing can be written, everything is compiled", () => {
  const file = join(root, "a-file");
  writeFileSync(file, "");
  const { cache, events } = watched(open(join(file, "below")));
  assert.deepEqual(linked(compileCached(bytes, {}, cache)), expected);
  assert.deepEqual(linked(compileCached(bytes, {}, cache)), expected);
  assert.deepEqual(events, ["miss", "save", "miss", "save"]);
  if (process.getuid?.() === 0) return;
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o500);
  assert.deepEqual(linked(compileCached(bytes, {}, open(folder))), expected);
});

test("a proof that is asked for is found anew", () => {
  const folder = newFolder();
  const { cache, events } = watched(open(folder));
  compileCached(bytes, { prove: true }, cache);
  assert.deepEqual(events, []);
});

test("processes that start together leave one file, which is whole", async () => {
  const folder = newFolder();
  const input = join(root, "input.wasm");
  writeFileSync(input, bytes);
  const url = (path: string): string => pathToFileURL(join(projectRoot, path)).href;
  const program = `
    import { readFileSync } from "node:fs";
    import { compileCached } from ${JSON.stringify(url("src/driver/code-cache.ts"))};
    import { diskCache } from ${JSON.stringify(url("src/driver/node/disk-cache.ts"))};
    import { linked } from ${JSON.stringify(url("test/driver/many-functions.ts"))};
    const bytes = new Uint8Array(readFileSync(${JSON.stringify(input)}));
    const cache = diskCache({ folder: ${JSON.stringify(folder)}, minModuleBytes: 0 }, {});
    let length = 0;
    for (let i = 0; i < 5; i++) length += linked(compileCached(bytes, {}, cache)).length;
    console.log(length);`;
  const run = promisify(execFile);
  const runs = [1, 2, 3].map(() =>
    run(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }),
  );
  for (const { stdout } of await Promise.all(runs)) assert.equal(Number(stdout), 5 * expected.length);
  onlyFile(folder);
  const { cache, events } = watched(open(folder));
  assert.deepEqual(linked(compileCached(bytes, {}, cache)), expected);
  assert.deepEqual(events, ["hit"]);
});

test("the environment says where, how much, or not at all", () => {
  assert.equal(diskCache({}, { SPILLWAY_CACHE: "off", HOME: root }), null);
  assert.equal(diskCache({ folder: root }, { SPILLWAY_CACHE: "off" }), null);
  const environment = { SPILLWAY_CACHE_DIR: newFolder(), SPILLWAY_CACHE_MB: "0" };
  const { cache, events } = watched(diskCache({ minModuleBytes: 0 }, environment)!);
  compileCached(bytes, {}, cache);
  compileCached(bytes, {}, cache);
  assert.deepEqual(events, ["miss", "save", "miss", "save"]);
});

test("the folder is the platform's", () => {
  assert.equal(cacheFolder({ SPILLWAY_CACHE_DIR: "/own", XDG_CACHE_HOME: "/xdg" }, "linux"), "/own");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/xdg", HOME: "/home/me" }, "linux"), "/xdg/spillway");
  assert.equal(cacheFolder({ HOME: "/home/me" }, "linux"), "/home/me/.cache/spillway");
  assert.equal(cacheFolder({ HOME: "/Users/me" }, "darwin"), "/Users/me/Library/Caches/spillway");
  assert.equal(cacheFolder({}, "win32"), null);
});

test("small modules are compiled each time", () => {
  const cache = diskCache({ folder: newFolder() }, {})!;
  assert.ok(bytes.length < 8192);
  assert.equal(cache.entry(bytes, ""), null);
  assert.notEqual(cache.entry(new Uint8Array(8192), ""), null);
});

test("another compiler, another identity; in a bundle, none", () => {
  const folder = newFolder();
  const source = join(folder, "src");
  mkdirSync(join(source, "link"), { recursive: true });
  writeFileSync(join(source, "link", "plan.js"), "1;");
  assert.equal(identityOf(source), null);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", version: "1.0.0" }));
  assert.equal(identityOf(source), null);
  const identities = new Set<string | null>();
  const add = (): void => void identities.add(identityOf(source));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "spillway", version: "1.0.0" }));
  add();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "spillway", version: "1.0.1" }));
  add();
  writeFileSync(join(source, "link", "plan.js"), "1 ;");
  add();
  utimesSync(join(source, "link", "plan.js"), 1000, 1000);
  add();
  assert.equal(identities.size, 4);
  assert.ok(!identities.has(null));
});
