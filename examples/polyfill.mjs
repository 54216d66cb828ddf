/**
 * A program that knows nothing of Spillway: it uses `WebAssembly` as it stands, on a module with garbage collection. Node 20 refuses
 * the module, unless the polyfill is there:
 *
 *     node --import spillway/polyfill examples/polyfill.mjs
 *
 * (The module is kept as text here, and made a binary first.)
 */
import { readFileSync } from "node:fs";
import { textToBinary } from "spillway/wat";

const bytes = await textToBinary(readFileSync(new URL("list.wat", import.meta.url), "utf8"));
const { instance } = await WebAssembly.instantiate(bytes);
console.log(`the numbers 1 to 100000 add up to ${instance.exports.sum(100_000) >>> 0}, modulo 2 ** 32`);
try {
  instance.exports.nth(3, 7);
} catch (error) {
  console.log(`${error instanceof WebAssembly.RuntimeError ? "RuntimeError" : "?"}: ${error.message}`);
}
