/**
 * Runs one module on a JavaScript engine: Node, Bun, or SpiderMonkey's shell.
 *
 *     shell.mjs calls FILE NUMBER…    calls the export `run` with each number; prints a line for each: the result, or `trap`
 *     shell.mjs command FILE WORD…    runs a WASI command with these arguments (Node and Bun, by their own `node:wasi`)
 *
 * What an engine rejects is an error that nobody catches.
 */
// The shell calls its arguments so, and has no `process`.
const inShell = typeof globalThis.scriptArgs !== "undefined";
const [mode, file, ...words] = inShell ? globalThis.scriptArgs : process.argv.slice(2);
const print = inShell ? globalThis.print : console.log;
const module = new WebAssembly.Module(await bytesOf(file));
if (mode === "command") await runCommand();
else callAll();

async function bytesOf(path) {
  if (inShell) return globalThis.read(path, "binary");
  const { readFileSync } = await import("node:fs");
  return readFileSync(path);
}

function callAll() {
  const { run } = new WebAssembly.Instance(module).exports;
  for (const word of words) print(called(run, Number(word)));
}

function called(run, number) {
  try {
    return String(run(number));
  } catch (error) {
    // A stack that is exhausted is a RangeError on some engines, and an InternalError on others.
    if (error instanceof WebAssembly.RuntimeError || /recursion|stack/.test(error.message)) return "trap";
    throw error;
  }
}

async function runCommand() {
  process.emitWarning = () => undefined;
  const { WASI } = await import("node:wasi");
  const wasi = new WASI({ version: "preview1", args: ["program", ...words], returnOnExit: true });
  // Behind closures, so that the host looks for the memory in the instance, and not in the caller's first.
  const functions = Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...args) => call(...args)]);
  const imports = { wasi_snapshot_preview1: Object.fromEntries(functions) };
  process.exitCode = wasi.start(new WebAssembly.Instance(module, imports));
}
