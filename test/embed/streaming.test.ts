/** Compiling from responses: what their bodies may be made of, and what is no response of a module. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createWebAssembly } from "../../src/embed/create-web-assembly.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { projectRoot, systemNode } from "../support/project.ts";

interface Streaming {
  compileStreaming(response: unknown): Promise<object>;
  instantiateStreaming(
    response: unknown,
  ): Promise<{ instance: { exports: { read: (n: number) => number } } }>;
}

const { compileStreaming, instantiateStreaming } = createWebAssembly({ force: true }) as unknown as Streaming;

const BOX = `(module
  (type $box (struct (field i32)))
  (func (export "read") (param i32) (result i32) (struct.get $box 0 (struct.new $box (local.get 0)))))`;
const bytes = await textToBinary(BOX);

type Body = ReadableStream | ArrayBuffer | null;

function responseOf(body: Body, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "application/wasm", ...headers } });
}

/** A body of these chunks, which need not be what a body's chunks should be. */
function streamOf(chunks: readonly unknown[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

const half = bytes.length >> 1;
const padded = Uint8Array.of(1, 2, 3, ...bytes, 4, 5);
const BODIES: Readonly<Record<string, () => Body>> = {
  "a buffer": () => bytes.slice().buffer,
  "one Uint8Array": () => streamOf([bytes]),
  buffers: () => streamOf([bytes.slice(0, half).buffer, bytes.slice(half).buffer]),
  "a DataView, and an empty view": () =>
    streamOf([new DataView(padded.buffer, 3, bytes.length), new Int8Array()]),
  "a byte at a time": () => streamOf(Array.from(bytes, (byte) => Uint8Array.of(byte))),
};

for (const [name, body] of Object.entries(BODIES)) {
  test(`a body may be ${name}`, async () => {
    assert.ok((await compileStreaming(responseOf(body()))) instanceof Object);
    const response = responseOf(body());
    const { instance } = await instantiateStreaming(Promise.resolve(response));
    assert.equal(instance.exports.read(7), 7);
    assert.equal(response.bodyUsed, true);
  });
}

test("what is no successful response of a module, read for the first time, is a TypeError", async () => {
  const used = responseOf(bytes.slice().buffer);
  await used.arrayBuffer();
  const locked = responseOf(bytes.slice().buffer);
  locked.body!.getReader();
  const wrong: readonly [unknown, RegExp][] = [
    [{}, /expected a Response/],
    [undefined, /expected a Response/],
    [responseOf(bytes.slice().buffer, {}, 404), /no ok status/],
    [
      responseOf(bytes.slice().buffer, { "content-type": "text/html" }),
      /MIME type: expected application\/wasm/,
    ],
    [responseOf(streamOf(["text"])), /expected an ArrayBuffer/],
    [used, /./],
    [locked, /locked/],
  ];
  for (const [response, message] of wrong) {
    await assert.rejects(compileStreaming(response), { name: "TypeError", message });
  }
  await assert.rejects(compileStreaming(responseOf(null)), { name: "CompileError" });
});

test("jasm's own loader, which streams a file, works on Node 20", (t) => {
  const node = systemNode(20);
  const jasm = join(projectRoot, "node_modules", "@run-slicer", "jasm", "jasm.js");
  if (node === null || !existsSync(jasm)) return t.skip("no Node 20 on the path, or no jasm");
  const url = (...path: string[]): string => JSON.stringify(pathToFileURL(join(...path)).href);
  const program = `
    import { disassemble } from ${url(jasm)};
    import { smallClass } from ${url(projectRoot, "test", "embed", "programs", "class-file.mjs")};
    console.log(await disassemble(smallClass(), {}));`;
  const polyfill = join(projectRoot, "dist", "bundled", "node", "polyfill.js");
  const args = ["--no-warnings", "--import", polyfill, "--input-type=module", "-e", program];
  const output = execFileSync(node, args, { encoding: "utf8" });
  assert.match(output, /\.class public super A/);
});
