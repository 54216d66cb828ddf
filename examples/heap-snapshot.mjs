/**
 * What holds memory: a snapshot of the heap, as a file for Chrome's DevTools (Memory, Load profile).
 *
 *     node examples/heap-snapshot.mjs registry.heapsnapshot
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { instantiate } from "spillway/embed";
import { textToBinary } from "spillway/wat";

const [path = "registry.heapsnapshot"] = process.argv.slice(2);
const bytes = await textToBinary(readFileSync(new URL("registry.wat", import.meta.url), "utf8"));
const { instance, store } = instantiate(bytes, { host: { visit: () => {} } });
const { add } = instance.exports;
// What JavaScript holds is a root, and shows as one.
const list = add(add(null, "ada", { born: 1815 }), "answer", 42n);

const snapshot = store.heapSnapshot();
// In chunks: a large heap's text is longer than a string may be.
await writeFile(path, snapshot);
console.log(`${path}: ${snapshot.nodeCount} nodes; load it in Chrome's DevTools, under Memory`);
// It is held until here.
void list;
