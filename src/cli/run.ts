/** `spillway run`: compiles a module in memory and runs it on this host's WebAssembly, which needs no garbage collection. */
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { type Diagnostic, InputError } from "../base/diagnostics.ts";
import { compileCodeAsync } from "../driver/compile-async.ts";
import { type HeapStatistics, Module, openCache, Store } from "../embed/index.ts";
import { writeChunksAtomically } from "../lab/atomic-file.ts";
import {
  decodeModule,
  type Features,
  types,
  validateModule,
  type Module as WasmModule,
} from "../wasm/index.ts";
import { ExitCode } from "./exit.ts";
import { addGcOptions, type GcOptions, gcSettings } from "./gc-options.ts";
import { argumentCount, cannotWrite, missingImports, noEntry, noSuchExport, noVectors } from "./messages.ts";
import { checkOutput, openOutput } from "./output.ts";
import { colorsFor, jsonText } from "./report.ts";
import { ProgramMap } from "./run-places.ts";
import { FRAMES_KEPT, failureOf } from "./run-trace.ts";
import { parseArgument, resultJson, resultText } from "./run-values.ts";
import { loadWasi, type ProgramExports, type Wasi } from "./run-wasi.ts";
import { featuresOf, featuresOption, placingErrors, readModule, renderInputError } from "./wasm-input.ts";

interface Options extends GcOptions {
  readonly invoke?: string;
  readonly dir: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly prove?: true;
  readonly gcStats?: true;
  readonly heapSnapshot?: string;
  readonly json?: true;
  readonly wasm: readonly string[];
}

export function createRunCommand(): Command {
  const command = new Command("run")
    .description(
      "Compile a module in memory and run it here: its `_start` with WASI preview 1, or one exported function.",
    )
    .argument("<file>", "a module, binary or text, or - for standard input")
    .argument("[args...]", "of the program, or of the function; those that look like options after --")
    .option("--invoke <name>", "call this export with the arguments, by its type, and print its results")
    .addOption(
      new Option(
        "--dir <host[::guest]>",
        "let the program see a folder, under another path if given; repeatable",
      )
        .default({}, "none")
        .argParser(addFolder),
    )
    .addOption(
      new Option("--env <name[=value]>", "set a variable of the program's, or pass it on; repeatable")
        .default({}, "none")
        .argParser(addVariable),
    );
  return addGcOptions(command)
    .option("--prove", "prove every function with the safepoint checker first")
    .option(
      "--gc-stats",
      "print to standard error, at the end: collections, and bytes allocated and copied; and what a last collection, not counted, leaves",
    )
    .option(
      "--heap-snapshot <file>",
      "at the end, also after a trap: write what is still reached, for Chrome's DevTools (.heapsnapshot)",
    )
    .option("--json", "print the results of --invoke as a JSON list, and --gc-stats as a JSON object")
    .addOption(featuresOption())
    .addHelpText(
      "after",
      `
Arguments of --invoke: -5 or 0xff, 1.5, inf, nan; of references only null. Results are printed one a line, references by
kind: null, i31 5, struct, array, func, host. With --json an i32 or a float is a number, but i64, inf, nan and -0, which not every reader of
JSON would get back, are strings.

WASI is the host's own. It keeps honest programs to their folders and is no sandbox for hostile ones.

Exit code: the program's own · 1 a trap, an uncaught exception, or the input is at fault · 2 wrong usage · 3 a defect of ours

Examples:
  spillway run app.wasm
  spillway run app.wasm --dir . --env HOME -- --verbose input.txt
  spillway run --invoke add app.wat 1 -2
  spillway run --gc-stats --max-heap 64m app.wasm`,
    )
    .action(run);
}

function addFolder(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const [host, guest = host] = text.split("::", 2) as [string, string?];
  if (host === "" || guest === "") throw new InvalidArgumentError("Give FOLDER, or FOLDER::PATH.");
  return { ...previous, [guest]: host };
}

function addVariable(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals === 0 || text === "") throw new InvalidArgumentError("Give NAME=VALUE, or NAME to pass it on.");
  if (equals > 0) return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  const value = process.env[text];
  return value === undefined ? { ...previous } : { ...previous, [text]: value };
}

async function run(path: string, args: readonly string[], options: Options, command: Command): Promise<void> {
  Error.stackTraceLimit = FRAMES_KEPT;
  checkOutput(options.heapSnapshot, [path], command);
  try {
    const input = await readModule(path);
    const { gcStress, ...storeOptions } = gcSettings(options);
    const { collector } = storeOptions;
    const { prove = false } = options;
    const features = featuresOf(options.wasm);
    const wasi = await programWasi(path, args, options);
    await placingErrors(input, () =>
      checkBorder(decodeModule(input.bytes, features), features, options, wasi),
    );
    const map = new ProgramMap(path, input, features);
    const how = { features, collector, gcStress, prove, positions: map.isThere };
    const cache = openCache();
    const code = await placingErrors(input, () => compileCodeAsync(input.bytes, how, cache));
    const module = new Module(code);
    const program = new Program({ path, module, map }, new Store(storeOptions), options);
    await program.run(args, wasi);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
  }
}

function programWasi(path: string, args: readonly string[], { invoke, env, dir }: Options): Promise<Wasi> {
  const name = path === "-" ? "program" : basename(path);
  return loadWasi({ args: [name, ...(invoke === undefined ? args : [])], env, folders: dir });
}

/**
 * Throws `InputError` for a module without what is to be called, or with imports that nobody has for it: one need not compile it to
 * see that. Where it is not valid either, that is what it throws.
 */
function checkBorder(module: WasmModule, features: Features, { invoke }: Options, wasi: Wasi): void {
  const fault = borderFault(module, invoke, wasi);
  if (fault === null) return;
  validateModule(module, features);
  throw new InputError(fault);
}

function borderFault(
  { imports, exports }: WasmModule,
  invoke: string | undefined,
  wasi: Wasi,
): Diagnostic | null {
  const missing = imports.filter(({ module, name }) => wasi.imports[module]?.[name] === undefined);
  const named = missing.map(({ type, module, name }) => {
    const kind = type.kind === "func" ? "function" : type.kind;
    return `${kind} ${JSON.stringify(module)} ${JSON.stringify(name)}`;
  });
  if (named.length > 0) return missingImports(named);
  const functions = exports.filter(({ kind }) => kind === "func").map(({ name }) => name);
  if (invoke === undefined) return functions.includes("_start") ? null : noEntry(functions);
  return functions.includes(invoke) ? null : noSuchExport(invoke, functions);
}

/** Runs the program, or a function of it; gives the results as text, or for JSON. */
type Call = (exports: ProgramExports) => readonly (number | string)[];

interface ProgramInput {
  readonly path: string;
  readonly module: Module;
  readonly map: ProgramMap;
}

const callOfStart: Call = (exports) => {
  (exports["_start"] as () => void)();
  return [];
};

/** One module on its way from its imports to its exit code. */
class Program {
  private readonly path: string;
  private readonly module: Module;
  private readonly map: ProgramMap;
  private readonly store: Store;
  private readonly options: Options;

  constructor({ path, module, map }: ProgramInput, store: Store, options: Options) {
    this.path = path;
    this.module = module;
    this.map = map;
    this.store = store;
    this.options = options;
  }

  /** Throws `InputError` for what cannot be run; what the program does wrong is reported. */
  async run(args: readonly string[], wasi: Wasi): Promise<void> {
    const { invoke } = this.options;
    const call = invoke === undefined ? callOfStart : this.callOf(invoke, args);
    try {
      const { exports } = this.store.instantiate(this.module, wasi.imports);
      let results: readonly (number | string)[] = [];
      process.exitCode = wasi.run(exports, () => {
        results = call(exports);
      });
      await this.print(results);
    } catch (error) {
      await this.reportFailure(error);
    }
    if (this.options.heapSnapshot !== undefined) await this.writeSnapshot(this.options.heapSnapshot);
    if (this.options.gcStats === true) this.printStatistics();
  }

  /** The call of an export, its arguments already read. */
  private callOf(name: string, args: readonly string[]): Call {
    const { module } = this.module.code.plan;
    const exported = module.exports.find((one) => one.kind === "func" && one.name === name)!;
    const type = module.functionTypes.get(exported.index);
    const table = module.types;
    const params = Array.from({ length: table.paramCount(type) }, (_, i) => table.param(type, i));
    const results = Array.from({ length: table.resultCount(type) }, (_, i) => table.result(type, i));
    if ([...params, ...results].includes(types.V128)) throw new InputError(noVectors(name));
    if (params.length !== args.length)
      throw new InputError(argumentCount(name, params.map(types.valTypeName), args.length));
    const values = args.map((text, i) => parseArgument(text, params[i]!));
    return (exports) => {
      if (name !== "_initialize") (exports["_initialize"] as (() => void) | undefined)?.();
      const returned = (exports[name] as (...given: unknown[]) => unknown)(...values);
      const list = results.length === 1 ? [returned] : ((returned ?? []) as unknown[]);
      const shown = this.options.json === true ? resultJson : resultText;
      return list.map((value, i) => shown(this.store, value, results[i]!));
    };
  }

  private async print(results: readonly (number | string)[]): Promise<void> {
    const output = openOutput(undefined);
    if (this.options.json === true && this.options.invoke !== undefined) output.write(jsonText(results));
    else for (const result of results) output.write(`${result}\n`);
    await output.end();
  }

  private async reportFailure(error: unknown): Promise<void> {
    const failure = failureOf(this.module, error, await this.map.places(this.store.lastPositions));
    if (failure === null) throw error;
    const { red, bold } = colorsFor(process.stderr);
    const lines = [`${this.path}: ${red(bold("error:"))} ${failure.message}`];
    for (const frame of failure.frames) lines.push(`  ${frame}`);
    process.stderr.write(`${lines.join("\n")}\n`);
    process.exitCode = ExitCode.Input;
  }

  private async writeSnapshot(path: string): Promise<void> {
    try {
      await writeChunksAtomically(path, this.store.heapSnapshot());
    } catch (error) {
      throw new InputError(cannotWrite(path, error));
    }
  }

  private printStatistics(): void {
    // Bytes are counted up to the last collection: one more, which is not counted itself, brings them up to date.
    const { collections, bytesCopied } = this.store.statistics();
    this.store.collect();
    const statistics = { ...this.store.statistics(), collections, bytesCopied };
    const isLeft = this.options.collector !== "null";
    process.stderr.write(
      this.options.json === true ? jsonText(statistics) : statisticsText(statistics, isLeft),
    );
  }
}

/** `isCollected` where the bytes that live are what a collection at the end has left. */
function statisticsText(
  { collections, bytesAllocated, bytesCopied, liveBytes }: HeapStatistics,
  isCollected: boolean,
): string {
  const number = (value: number): string => value.toLocaleString("en-US").padStart(16);
  return [
    `collections     ${number(collections)}`,
    `bytes allocated ${number(bytesAllocated)}`,
    `bytes copied    ${number(bytesCopied)}`,
    `bytes live      ${number(liveBytes)}${isCollected ? "   after one more collection, at the end" : ""}`,
    "",
  ].join("\n");
}
