/**
 * Runs one of the published programs by its own unmodified JavaScript, and prints what it did as JSON.
 *
 *     node [--import spillway/polyfill] run-program.mjs NAME [MOST]
 *
 * Of its inputs it is given the first ones, `MOST` of them at most.
 *
 * JavaScript, and not TypeScript, since Node 20 runs it as well.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { classFile, DART_FILES, KOTLIN_FILES, SELECTORS } from "./inputs.mjs";

const [name, most = Infinity] = process.argv.slice(2);
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
  for (const item of items.slice(0, most)) results.push(await outcome(() => run(item)));
  return results;
}

const PROGRAMS = {
  async dart_fmt() {
    const { format } = await load("@wasm-fmt/dart_fmt/dart_fmt_node.js");
    return each(DART_FILES, (source) => format(source, "a.dart"));
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
    return each(KOTLIN_FILES, (source) => format(source));
  },
  async jasm() {
    const runtime = await load("@run-slicer/jasm/jasm.wasm-runtime.js");
    const bytes = readFileSync(join(root, "@run-slicer/jasm/jasm.wasm"));
    const { exports } = await runtime.load(new Uint8Array(bytes).buffer, { noAutoImports: true });
    const text = await exports.disassemble(classFile(), {});
    return [text];
  },
  async wasm_matches() {
    const matcher = await load("@gkd-kit/wasm_matches/dist/instantiate.mjs");
    const { toMatches } = (
      await matcher.default(readFileSync(join(root, "@gkd-kit/wasm_matches/dist/mod.wasm")))
    ).exports;
    return each(SELECTORS, ([pattern, ...texts]) => {
      const matches = toMatches(pattern);
      return texts.map((text) => matches(text));
    });
  },
  async "gg-bridge"() {
    const { init } = await load("@tssuite/gg-bridge-dart-typescript/dist/index.node.js");
    const bridge = await init();
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
  },
};

const output = await PROGRAMS[name]();
process.stdout.write(JSON.stringify(output, (_, value) => (value === undefined ? "undefined" : value)));
process.exit(0);
