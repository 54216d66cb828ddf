/**
 * The polyfill in a page of a real browser, which compiles although the browser need not: the module runs, and what was compiled is found again, in
 * the storage of the page's origin. Where there is no Chromium on the path it is skipped.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { textToBinary } from "../../src/wat.ts";
import { writeBundle } from "../../tools/bundle.ts";
import { projectRoot } from "../support/project.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-page-"));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

const PATIENCE_MS = 60_000;

/** Runs the module: compiled, found again twice, and compiled again as what is kept was changed. Tells the server how often something was kept: code, what it was linked to, and the code again. */
const PAGE = `<!doctype html>
<script>globalThis.process = { env: { SPILLWAY_POLYFILL: "force" } };</script>
<script type="module" src="/polyfill.bundle.js"></script>
<script type="module">
  const bytes = new Uint8Array(await (await fetch("/module.wasm")).arrayBuffer());
  const storage = await caches.open("spillway");
  const puts = [];
  const { put } = Cache.prototype;
  Cache.prototype.put = async function (address, response) {
    await put.call(this, address, response);
    puts.push(address);
  };
  const settled = async (count) => {
    for (let i = 0; i < 200 && puts.length < count; i++) await new Promise((done) => setTimeout(done, 50));
    return puts.length;
  };
  const run = async (given) => (await given).instance.exports.sum(1000);
  const sums = [await run(WebAssembly.instantiate(bytes))];
  const kept = [await settled(2)];
  sums.push(await run(WebAssembly.instantiate(bytes)));
  sums.push(await run(WebAssembly.instantiateStreaming(fetch("/module.wasm"))));
  kept.push(await settled(2));
  const [address] = puts;
  const entry = await storage.match(address);
  const body = new Uint8Array(await entry.clone().arrayBuffer());
  body[body.length >> 1] ^= 1;
  await put.call(storage, address, new Response(body, { headers: entry.headers }));
  sums.push(await run(WebAssembly.instantiate(bytes)));
  kept.push(await settled(3));
  await fetch("/result", { method: "POST", body: JSON.stringify({ sums, kept }) });
</script>`;

function chromium(): string | null {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return names.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
}

/** Custom sections make a module large enough to be worth a place. */
function padded(module: Uint8Array): Uint8Array {
  const section = new Uint8Array(9004);
  section.set([0, (9000 & 0x7f) | 0x80, 9000 >> 7, 1, 0x70]);
  return Uint8Array.from([...module, ...section.subarray(0, 9003)]);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test("in a page of Chromium the polyfill runs a module, and finds it compiled the next time", async (t) => {
  const browser = chromium();
  if (browser === null) return t.skip("no Chromium on the path");
  const bundle = join(folder, "polyfill.bundle.js");
  await writeBundle("polyfill", bundle);
  const text = readFileSync(join(projectRoot, "examples", "list.wat"), "utf8");
  const files: Record<string, { type: string; body: string | Uint8Array }> = {
    "/": { type: "text/html", body: PAGE },
    "/polyfill.bundle.js": { type: "text/javascript", body: readFileSync(bundle) },
    "/module.wasm": { type: "application/wasm", body: padded(await textToBinary(text)) },
  };
  const seen = Promise.withResolvers<string>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const file = files[request.url ?? ""];
    if (request.url === "/result") void bodyOf(request).then(seen.resolve);
    if (file !== undefined) response.setHeader("content-type", file.type);
    response.statusCode = file === undefined && request.url !== "/result" ? 404 : 200;
    response.end(file?.body);
  };
  const server = createServer(answer).listen(0, "localhost");
  await new Promise((resolve) => void server.once("listening", resolve));
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
  const child: ChildProcess = spawn(browser, [...flags, address], { stdio: "ignore", detached: true });
  const timer = setTimeout(() => seen.reject(new Error("the page said nothing")), PATIENCE_MS);
  try {
    const sum = 500500;
    assert.deepEqual(JSON.parse(await seen.promise), { sums: [sum, sum, sum, sum], kept: [2, 2, 3] });
  } finally {
    clearTimeout(timer);
    process.kill(-child.pid!, "SIGKILL");
    server.closeAllConnections();
    server.close();
  }
});
