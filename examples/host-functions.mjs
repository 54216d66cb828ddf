/**
 * Host functions and references: JavaScript's values live in objects of the module, and its objects live in variables of JavaScript.
 * Both survive collections, and what neither side holds is collected.
 *
 *     node examples/host-functions.mjs
 */
import { readFileSync } from "node:fs";
import { instantiate } from "spillway/embed";
import { textToBinary } from "spillway/wat";

const bytes = await textToBinary(readFileSync(new URL("registry.wat", import.meta.url), "utf8"));
const seen = [];
const { instance, store } = instantiate(bytes, {
  host: { visit: (name, value) => seen.push([name, value]) },
});
const { add, each, waste } = instance.exports;

const ada = { born: 1815 };
// To JavaScript a list is an opaque object, or null when it is empty.
let list = null;
list = add(list, "ada", ada);
list = add(list, "answer", 42n);

waste(10_000_000);
store.collect();

each(list);
for (const [name, value] of seen) console.log(`${name}: ${value === ada ? "the same object" : value}`);
const { collections, bytesAllocated, liveBytes } = store.statistics();
console.log(`allocated: ${bytesAllocated} bytes, in ${collections} collections; alive: ${liveBytes} bytes`);
