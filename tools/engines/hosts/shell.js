/**
 * Runs one module on a JavaScript engine: Node, Bun, or SpiderMonkey's shell. A script and a module alike, and so without `await`:
 * the shell hands words only to scripts.
 *
 *     shell.js calls FILE NUMBER…    calls the export `run` with each number; prints a line for each: the result, or `trap`
 *     shell.js command FILE WORD…    runs a WASI command with these arguments (Node and Bun, by their own `node:wasi`)
 *
 * What an engine rejects is an error that nobody catches.
 */
const inShell = typeof process === "undefined";
const [mode, file, ...words] = inShell ? globalThis.scriptArgs : process.argv.slice(2);
const print = inShell ? globalThis.print : console.log;
const program = new WebAssembly.Module(bytesOf(file));
if (mode === "command") runCommand();
else callAll();

function bytesOf(path) {
  return inShell ? globalThis.read(path, "binary") : process.getBuiltinModule("node:fs").readFileSync(path);
}

function callAll() {
  const { run } = new WebAssembly.Instance(program).exports;
  for (const word of words) print(called(run, Number(word)));
}

function called(run, number) {
  try {
    return String(run(number));
  } catch (error) {
    // A stack that is exhausted is an error of another class, with other words on each engine.
    if (error instanceof WebAssembly.RuntimeError || /recursion|stack/.test(error.message)) return "trap";
    throw error;
  }
}

function runCommand() {
  process.emitWarning = () => undefined;
  const { WASI } = process.getBuiltinModule("node:wasi");
  const wasi = new WASI({ version: "preview1", args: ["program", ...words], returnOnExit: true });
  // Behind closures, so that the host looks for the memory in the instance, and not in the caller's first.
  const functions = Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...args) => call(...args)]);
  const imports = { wasi_snapshot_preview1: Object.fromEntries(functions) };
  process.exitCode = wasi.start(new WebAssembly.Instance(program, imports));
}
