/**
 * Published programs, each loaded by its own unmodified JavaScript. What is loaded can be run any number of times; with the first inputs
 * only, `most` of them.
 *
 * JavaScript, and not TypeScript, since Node 20 runs it as well.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { smallClass, usualClass } from "./class-file.mjs";
import { DART_FILES, KOTLIN_FILES, SELECTORS } from "./inputs.mjs";

const root = join(
  import.meta.dirname ?? new URL(".", import.meta.url).pathname,
  "..",
  "..",
  "..",
  "node_modules",
);
const load = (file) => import(pathToFileURL(join(root, file)).href);

/** A program that fails says how, as its output: natively it would fail in the same way. */
async function outcome(run) {
  try {
    return await run();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

async function each(items, run) {
  const results = [];
  for (const item of items) results.push(await outcome(() => run(item)));
  return results;
}

/** By name: loads the program, and gives what runs it. */
export const PROGRAMS = {
  async dart_fmt() {
    const { format } = await load("@wasm-fmt/dart_fmt/dart_fmt_node.js");
    return (most) => each(DART_FILES.slice(0, most), (source) => format(source, "a.dart"));
  },
  async "kotlin-fmt"() {
    // The package asks for the version of Node before it asks what the engine can do.
    Object.defineProperty(process.versions, "node", { value: "26.0.0" });
    // Node has had it since version 21.
    globalThis.navigator ??= { userAgent: "Node.js" };
    const runtime = await load("@scalar/kotlin-fmt/kotlin_fmt.runtime.mjs");
    const { createFormat } = await load("@scalar/kotlin-fmt/dist/format.js");
    const bytes = brotliDecompressSync(readFileSync(join(root, "@scalar/kotlin-fmt/kotlin_fmt.wasm.br")));
    const { format } = createFormat(
      async () => (await runtime.load(new Uint8Array(bytes).buffer, {})).exports,
    );
    return (most) => each(KOTLIN_FILES.slice(0, most), (source) => format(source));
  },
  async jasm() {
    const runtime = await load("@run-slicer/jasm/jasm.wasm-runtime.js");
    const bytes = readFileSync(join(root, "@run-slicer/jasm/jasm.wasm"));
    const { exports } = await runtime.load(new Uint8Array(bytes).buffer, { noAutoImports: true });
    const classes = [usualClass(), smallClass()];
    return (most) => each(classes.slice(0, most), (file) => exports.disassemble(file, {}));
  },
  async wasm_matches() {
    const matcher = await load("@gkd-kit/wasm_matches/dist/instantiate.mjs");
    const { toMatches } = (
      await matcher.default(readFileSync(join(root, "@gkd-kit/wasm_matches/dist/mod.wasm")))
    ).exports;
    return (most) =>
      each(SELECTORS.slice(0, most), ([pattern, ...texts]) => {
        const matches = toMatches(pattern);
        return texts.map((text) => matches(text));
      });
  },
  async "gg-bridge"() {
    const { init } = await load("@tssuite/gg-bridge-dart-typescript/dist/index.node.js");
    const bridge = await init();
    return async () => {
      const counter = bridge.createCounter(5);
      const steps = [1, 2, 3].map(() => outcome(() => counter.increment()));
      return [
        bridge.add(2, 3),
        bridge.greet("Spillway"),
        await Promise.all(steps),
        await outcome(() => counter.value),
        await outcome(() => bridge.enrichPerson({ name: "Ada", age: 36 })),
        await outcome(() => bridge.mapWithCallback([1, 2, 3], (x) => x * 10)),
        await outcome(() => bridge.analyzeBytes(Uint8Array.of(1, 2, 250))),
      ];
    };
  },
};
