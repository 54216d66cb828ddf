/**
 * Ahead of time: a module with garbage collection becomes one without, which brings its collector along. Any engine runs it then, as
 * it is, without Spillway; here it is the one that runs this script.
 *
 *     node examples/compile-standalone.mjs
 */
import { readFileSync } from "node:fs";
import { compileStandalone } from "spillway/embed";
import { textToBinary } from "spillway/wat";

const bytes = await textToBinary(readFileSync(new URL("list.wat", import.meta.url), "utf8"));
const output = compileStandalone(bytes, { maxHeapBytes: 16 << 20 });
console.log(`${bytes.length} bytes of Wasm GC became ${Math.ceil(output.length / 1000)} kB of plain Wasm`);

const { instance } = await WebAssembly.instantiate(output);
for (const count of [10, 1000, 100_000]) console.log(count, instance.exports.sum(count) >>> 0);
