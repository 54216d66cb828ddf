/**
 * The polyfills as pages load them: one file each without anything of Node, not too large to send, and alive where there is no Node. Its realm
 * here is a child process of Node 20 that has lost `process`, `require` and the like before the bundle is evaluated.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { precompile } from "../../src/embed.ts";
import { textToBinary } from "../../src/wat.ts";
import { BUNDLE_NAMES, type BundleName, writeBundle } from "../../tools/bundle.ts";
import { projectRoot, systemNode } from "../support/project.ts";

const MOST_BYTES_SENT: Readonly<Record<BundleName, number>> = { polyfill: 150_000, precompiled: 84_000 };

const folder = mkdtempSync(join(tmpdir(), "spillway-bundle-"));
const imports = new Map<BundleName, readonly string[]>();
after(() => rmSync(folder, { recursive: true }));

function pathOf(name: BundleName): string {
  return join(folder, `${name}.bundle.mjs`);
}

before(async () => {
  for (const name of BUNDLE_NAMES) imports.set(name, await writeBundle(name, pathOf(name)));
});

for (const name of BUNDLE_NAMES) {
  test(`the bundle ${name} imports nothing, and nothing of Node`, () => {
    const text = readFileSync(pathOf(name), "utf8");
    // Not the whole text into a failure's message.
    assert.deepEqual(text.match(/["'`]node:.{20}|worker_threads.{20}|\brequire\(.{20}/g), null);
    assert.deepEqual(imports.get(name), []);
  });

  const most = MOST_BYTES_SENT[name];
  test(`the bundle ${name} takes at most ${most} bytes to send`, () => {
    const { length } = brotliCompressSync(readFileSync(pathOf(name)));
    assert.ok(length <= most, `${length} bytes`);
  });
}

/** Evaluates the bundle, with or without Node's globals, and says what became of `WebAssembly`. */
const PROGRAM = `
const [bundle, binary, realm] = process.argv.slice(2);
const { stdout } = process;
const bytes = Buffer.from(binary, "base64");
const before = WebAssembly;
const refused = !before.validate(bytes);
if (realm === "browser") for (const name of ["process", "Buffer", "global", "setImmediate"]) delete globalThis[name];
await import(bundle);
const { instance } = await WebAssembly.instantiate(bytes);
stdout.write(JSON.stringify({ refused, installed: WebAssembly !== before, sum: instance.exports.sum(1000) }));
`;

const EVALUATIONS = BUNDLE_NAMES.flatMap((name) => ["browser", "node"].map((realm) => ({ name, realm })));

for (const { name, realm } of EVALUATIONS) {
  test(`evaluated on Node 20${realm === "browser" ? " without Node's globals" : ""}, the bundle ${name} installs WebAssembly`, async (t) => {
    const node = systemNode(20);
    if (node === null) return t.skip("no Node 20 on the path");
    const program = join(folder, "program.mjs");
    writeFileSync(program, PROGRAM);
    const text = readFileSync(join(projectRoot, "examples", "list.wat"), "utf8");
    const bytes = await textToBinary(text);
    const binary = Buffer.from(name === "polyfill" ? bytes : await precompile(bytes)).toString("base64");
    const { stdout, stderr } = spawnSync(node, [program, pathOf(name), binary, realm], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), { refused: true, installed: true, sum: 500500 });
  });
}
