/**
 * A published program on an engine that refuses it: the Dart formatter, written in Dart, compiled by dart2wasm, and run by the package's
 * own JavaScript, as it is on npm.
 *
 *     npm run demo                in a checkout; elsewhere, with the formatter installed: node examples/demo.mjs
 *
 * What `spillway/polyfill` installs is made by hand here, so that its store can be asked for figures. On an engine that would take the
 * module it is told to compile it all the same.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createColors } from "picocolors";
import { createWebAssembly, Store } from "spillway/embed";

const PACKAGE = "@wasm-fmt/dart_fmt";
const VERSION = "0.4.0";
const SNIPPET = `class Point{final num x,y;const Point(this.x,this.y);
Point operator+(Point o)=>Point(x+o.x,y+o.y);}
void main(){var sum=[for(var i=0;i<3;i++)Point(i,i*i)].reduce((a,b)=>a+b);print('\${sum.x}, \${sum.y}');}
`;
/** How often the snippet stands in the large program. */
const REPEATS = 200;

const isColoured = process.stdout.isTTY === true && !process.env["NO_COLOR"];
const { bold, cyan, dim, green, red } = createColors(isColoured);

const title = (text) => console.log(`\n${bold(text)}`);
const row = (name, text) => console.log(`  ${name.padEnd(12)}${text}`);
const block = (text, paint) =>
  console.log(
    text
      .trimEnd()
      .replace(/^/gm, `  ${dim("|")} `)
      .split("\n")
      .map(paint)
      .join("\n"),
  );
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

/** What `run` gives, and how long it took. */
function timed(run) {
  const start = performance.now();
  const result = run();
  return [result, performance.now() - start];
}

/** What the engine has against the module, or null. */
function refusalOf(module) {
  try {
    new WebAssembly.Module(module);
    return null;
  } catch (error) {
    return error;
  }
}

/** From now on `seen` is told of each module that `namespace` compiles: its bytes, and how long it took. */
function watchModules(namespace, seen) {
  namespace.Module = new Proxy(namespace.Module, {
    construct(target, args) {
      const [module, milliseconds] = timed(() => Reflect.construct(target, args));
      seen(args[0].byteLength, milliseconds);
      return module;
    },
  });
}

/** The formatter's files, wherever it is installed; a checkout has it. */
function fileOf(name) {
  try {
    return readFileSync(fileURLToPath(import.meta.resolve(`${PACKAGE}/${name}`)));
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "ENOENT") throw error;
    console.error(
      `The demo runs ${PACKAGE}, which is not installed: npm install --no-save ${PACKAGE}@${VERSION}`,
    );
    process.exit(1);
  }
}

const { version } = JSON.parse(fileOf("package.json"));
const bytes = fileOf("dart_fmt.wasm");

title("The program");
row("package", `${PACKAGE} ${version}, unmodified: dart_fmt_node.js and dart_fmt.wasm`);
row("module", `${megabytes(bytes.length)} of Wasm GC, by dart2wasm`);

title(`This engine: Node ${process.versions.node}, V8 ${process.versions.v8}`);
const refusal = refusalOf(bytes);
if (refusal !== null) {
  row("alone", red(`${refusal.name}: ${refusal.message}`));
} else {
  row("alone", "has garbage collection and would run it; it is not given the chance:");
  row("", "Spillway is forced on, and the engine gets plain Wasm only");
}

const plain = { modules: 0, bytes: 0, milliseconds: 0 };
watchModules(WebAssembly, (size, milliseconds) => {
  plain.modules++;
  plain.bytes += size;
  plain.milliseconds += milliseconds;
});
const store = new Store();
globalThis.WebAssembly = createWebAssembly({ store, force: refusal === null });
let compileMilliseconds = 0;
watchModules(WebAssembly, (_, milliseconds) => {
  compileMilliseconds += milliseconds;
});

title("With Spillway");
// Seconds go by; on a terminal the next line is written over this one.
if (process.stdout.isTTY) process.stdout.write("  compiling…\r");
const start = performance.now();
const { format } = await import("@wasm-fmt/dart_fmt/node");
const loaded = performance.now() - start;
row(
  "compiled",
  `${seconds(compileMilliseconds)}, to ${megabytes(plain.bytes)} of plain Wasm, in ${plain.modules} modules`,
);
row("loaded", `${seconds(loaded)} for \`import { format } from "${PACKAGE}"\`, all of that included`);

title("It formats Dart");
block(SNIPPET, dim);
console.log(dim("  becomes"));
const [formatted, first] = timed(() => format(SNIPPET, "demo.dart"));
block(formatted, cyan);
row("time", seconds(first));

const program = Array.from({ length: REPEATS }, (_, index) =>
  SNIPPET.replaceAll("Point", `Point${index}`).replace("main", `main${index}`),
).join("");
title(`And a program of ${program.split("\n").length - 1} lines`);
const before = store.statistics();
const [large, time] = timed(() => format(program, "large.dart"));
const after = store.statistics();
row("time", `${seconds(time)}, ${large.split("\n").length - 1} lines come out`);
row(
  "allocated",
  `${megabytes(after.bytesAllocated - before.bytesAllocated)}, on a heap in a plain linear memory`,
);
row(
  "collections",
  `${after.collections - before.collections}, which moved ${megabytes(after.bytesCopied - before.bytesCopied)} of live objects`,
);
store.collect();
row("alive", `${megabytes(store.statistics().liveBytes)} after one more`);

const isStable = format(formatted, "again.dart") === formatted;
console.log(
  `\n${isStable ? green("Formatted again, the result stays as it is.") : red("Formatted again, the result changes!")}`,
);
process.exitCode = isStable ? 0 : 1;
