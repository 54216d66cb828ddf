/** `spillway run`: compiles a module in memory and runs it on this host's WebAssembly, which needs no garbage collection. */
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { compileCodeAsync } from "../driver/compile-async.ts";
import { type HeapStatistics, Module, openCache, Store } from "../embed/index.ts";
import { writeChunksAtomically } from "../lab/atomic-file.ts";
import { types } from "../wasm/index.ts";
import { ExitCode } from "./exit.ts";
import { addGcOptions, type GcOptions, gcSettings } from "./gc-options.ts";
import { argumentCount, cannotWrite, missingImports, noEntry, noSuchExport, noVectors } from "./messages.ts";
import { openOutput } from "./output.ts";
import { colorsFor, jsonText } from "./report.ts";
import { ProgramMap } from "./run-places.ts";
import { FRAMES_KEPT, failureOf } from "./run-trace.ts";
import { parseArgument, resultText } from "./run-values.ts";
import { loadWasi, type ProgramExports, type Wasi } from "./run-wasi.ts";
import { featuresOf, featuresOption, readModule, renderInputError } from "./wasm-input.ts";

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
      "print to standard error, at the end: collections, and bytes allocated, copied and still live",
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
kind: null, i31 5, struct, array, func, host.

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

async function run(path: string, args: readonly string[], options: Options): Promise<void> {
  Error.stackTraceLimit = FRAMES_KEPT;
  try {
    const input = await readModule(path);
    const settings = gcSettings(options);
    const { gcStress, collector } = settings;
    const { prove = false } = options;
    const features = featuresOf(options.wasm);
    const map = new ProgramMap(path, input, features);
    const how = { features, collector, gcStress, prove, positions: map.isThere };
    const module = new Module(await compileCodeAsync(input.bytes, how, await openCache()));
    const program = new Program({ path, module, map }, new Store(settings), options);
    await program.run(args);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
  }
}

/** Runs the program, or a function of it; gives the results as text. */
type Call = (exports: ProgramExports) => readonly string[];

interface ProgramInput {
  readonly path: string;
  readonly module: Module;
  readonly map: ProgramMap;
}

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
  async run(args: readonly string[]): Promise<void> {
    const { invoke, dir, env } = this.options;
    const call = invoke === undefined ? this.entry() : this.callOf(invoke, args);
    const programArgs = invoke === undefined ? args : [];
    const name = this.path === "-" ? "program" : basename(this.path);
    const wasi = await loadWasi({ args: [name, ...programArgs], env, folders: dir });
    this.checkImports(wasi);
    try {
      const { exports } = this.store.instantiate(this.module, wasi.imports);
      let texts: readonly string[] = [];
      process.exitCode = wasi.run(exports, () => {
        texts = call(exports);
      });
      await this.print(texts);
    } catch (error) {
      await this.reportFailure(error);
    }
    if (this.options.heapSnapshot !== undefined) await this.writeSnapshot(this.options.heapSnapshot);
    if (this.options.gcStats === true) this.printStatistics();
  }

  private checkImports(wasi: Wasi): void {
    const missing = this.module.imports.filter(
      ({ module, name }) => wasi.imports[module]?.[name] === undefined,
    );
    if (missing.length === 0) return;
    const named = missing.map(
      ({ kind, module, name }) => `${kind} ${JSON.stringify(module)} ${JSON.stringify(name)}`,
    );
    throw new InputError(missingImports(named));
  }

  private get functionNames(): string[] {
    return this.module.exports.filter(({ kind }) => kind === "function").map(({ name }) => name);
  }

  private entry(): Call {
    if (!this.functionNames.includes("_start")) throw new InputError(noEntry(this.functionNames));
    return (exports) => {
      (exports["_start"] as () => void)();
      return [];
    };
  }

  /** The call of an export, its arguments already read. */
  private callOf(name: string, args: readonly string[]): Call {
    const { module } = this.module.code.plan;
    const exported = module.exports.find((one) => one.kind === "func" && one.name === name);
    if (exported === undefined) throw new InputError(noSuchExport(name, this.functionNames));
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
      return list.map((value, i) => resultText(this.store, value, results[i]!));
    };
  }

  private async print(texts: readonly string[]): Promise<void> {
    const output = openOutput(undefined);
    if (this.options.json === true && this.options.invoke !== undefined) output.write(jsonText(texts));
    else for (const text of texts) output.write(`${text}\n`);
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
    process.stderr.write(this.options.json === true ? jsonText(statistics) : statisticsText(statistics));
  }
}

function statisticsText({ collections, bytesAllocated, bytesCopied, liveBytes }: HeapStatistics): string {
  const number = (value: number): string => value.toLocaleString("en-US").padStart(16);
  return [
    `collections     ${number(collections)}`,
    `bytes allocated ${number(bytesAllocated)}`,
    `bytes copied    ${number(bytesCopied)}`,
    `bytes live      ${number(liveBytes)}`,
    "",
  ].join("\n");
}
