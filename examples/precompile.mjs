/**
 * Compiled before it is shipped: a module gets its compiled code beside it, and a program runs it without compiling anything. An engine that has
 * garbage collection runs the same file as it is.
 *
 *     node examples/precompile.mjs app.wasm
 */
import { readFileSync, writeFileSync } from "node:fs";
import { precompile, restore, Store } from "spillway/embed";
import { textToBinary } from "spillway/wat";

// Where the program is built.
const [path = "app.wasm"] = process.argv.slice(2);
const bytes = await textToBinary(readFileSync(new URL("list.wat", import.meta.url), "utf8"));
const precompiled = await precompile(bytes);
writeFileSync(path, precompiled);
console.log(`${path}: ${bytes.length} bytes, and ${precompiled.length - bytes.length} of compiled code`);

// Where it runs.
const module = restore(readFileSync(path));
const { exports } = new Store().instantiate(module);
console.log(exports.sum(1000));
