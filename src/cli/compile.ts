/** `spillway compile`: a module with references to one that brings its own collector. */
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { type CompileOptions, compileCode } from "../driver/compile.ts";
import { type AsyncOptions, compileLinked, MOST_JOBS } from "../driver/compile-async.ts";
import { mappedModule } from "../driver/compile-with-source-map.ts";
import { type DumpStage, FunctionDump } from "../driver/dump.ts";
import { NotProven } from "../driver/not-proven.ts";
import { optimizeLinked } from "../driver/optimize-output.ts";
import { precompile } from "../driver/precompile.ts";
import { CompileMeasurement } from "../driver/report.ts";
import { POLICY_NAMES, type PolicyName } from "../frontend/index.ts";
import type { LinkedModule } from "../link/output-module.ts";
import { decodeAndValidate } from "../wasm/index.ts";
import { CompileProgress } from "./compile-progress.ts";
import { reportText } from "./compile-report.ts";
import { ExitCode } from "./exit.ts";
import { functionIndex } from "./function-choice.ts";
import { addGcOptions, type GcOptions, gcSettings } from "./gc-options.ts";
import { requireBinaryen } from "./optional-packages.ts";
import { checkOutput, type Output, openOutput } from "./output.ts";
import { colorsFor, jsonText } from "./report.ts";
import {
  addSourceMapOptions,
  checkMapUsage,
  type MapOptions,
  mapPath,
  mapSettings,
} from "./source-map-option.ts";
import { addTargetOptions, TARGET_HELP, type TargetOptions, targetSettings } from "./target-option.ts";
import {
  featuresOf,
  featuresOption,
  type ModuleInput,
  placingErrors,
  readModule,
  renderInputError,
} from "./wasm-input.ts";

interface Options extends GcOptions, TargetOptions, MapOptions {
  readonly standalone?: true;
  readonly output?: string;
  readonly emit: DumpStage | "wasm" | "precompiled";
  readonly function?: string;
  readonly policy: PolicyName;
  readonly prove?: true;
  readonly jobs?: number;
  readonly O?: true;
  readonly report?: true;
  readonly json?: true;
  readonly wasm: readonly string[];
}

export function createCompileCommand(): Command {
  const command = new Command("compile")
    .description(
      "Compile a module that needs garbage collection to one that brings its own collector and runs on any engine.",
    )
    .argument("<file>", "a module, binary or text, or - for standard input")
    .option("-o, --output <file>", "write there instead of standard output")
    .option("--standalone", "the output needs nothing from its host that the input did not: the default");
  return addSourceMapOptions(addTargetOptions(addGcOptions(command)))
    .option("-O", "optimise the result with binaryen, for engines that optimise little")
    .option("--prove", "prove with the safepoint checker that every function keeps its references right")
    .addOption(
      new Option("--policy <name>", "how references are spilled; wrong:… are historical mistakes")
        .choices(POLICY_NAMES)
        .default("spillway"),
    )
    .addOption(
      new Option(
        "--emit <what>",
        "wasm; the module itself with its compiled code beside it (precompiled), for spillway/precompiled and restore(); or every function as CLIF: before (clif) or after (spilled) the spiller",
      )
        .choices(["wasm", "precompiled", "clif", "spilled"])
        .default("wasm"),
    )
    .addOption(
      new Option(
        "-j, --jobs <count>",
        "compile in that many threads, with the same output; with --report in one (default: by module and processors)",
      ).argParser(parseJobs),
    )
    .option("--function <name>", "only this function's CLIF: by name, by export, or by index")
    .option("--report", "print figures: bytes, frames, stack maps, static data, time by phase")
    .option("--json", "the report as one JSON document")
    .addOption(featuresOption())
    .addHelpText("after", TARGET_HELP)
    .addHelpText(
      "after",
      `
What cannot be compiled is refused by name, with its offset and function, and no file is written. A module that exchanges
references with its host runs in JavaScript: \`node --import spillway/polyfill\` with the module's own glue, or a \`Store\` of
\`spillway/embed\`; \`spillway run\` has WASI for it. A memory of the module's own stays beside the heap where the target has
several memories; elsewhere it lies below the heap, and what is reserved for it bounds it.
With --emit precompiled the module runs in a store, which has the heap: it takes the version of spillway that compiled it, and a store with
the --collector that it was compiled for. -O, --report, --source-map and the sizes of a heap are for modules that stand alone.
What imported functions throw passes through the output, and none of its clauses catches it.

Exit code: 0 fine · 1 the input is at fault · 2 wrong usage · 3 a function is not proven, or a defect of ours

Collectors:
  copying        moves what is alive to the other half of the heap; the fastest for most programs
  generational   the same, but mostly for new objects alone: short pauses where much lives long
  drc            counts references: nothing moves, less memory, slower where much is allocated; cycles are never freed
  null           never frees
  stress…        for tests: collect at every allocation and poison what is free

Examples:
  spillway compile app.wasm -o app.core.wasm
  spillway compile app.wasm -O --report -o app.core.wasm           smaller and faster; what it came to
  spillway compile app.wat --prove --gc-stress -o app.core.wasm    for tests: proven, and collecting all the time
  spillway compile app.wasm --target mvp -o app.core.wasm          for engines with nothing but the first version
  spillway compile app.wasm --max-heap 64m --stack-size 256k -o app.core.wasm
  spillway compile app.wasm -o app.core.wasm --source-map          beside it app.core.wasm.map: traps in the program's own lines
  spillway compile app.wasm --emit precompiled -o dist/app.wasm    runs as it did, and without the compiler where there is no GC
  spillway compile app.wasm --emit clif --function main | spillway spill --emit slots,maps -
  spillway compile app.wasm --emit clif | spillway check -`,
    )
    .action(compileFile);
}

function parseJobs(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_JOBS) return count;
  throw new InvalidArgumentError(`Give a number from 1 to ${MOST_JOBS}.`);
}

function compileOptions(options: Options): CompileOptions {
  const { policy, prove = false } = options;
  const features = featuresOf(options.wasm);
  return { features, ...gcSettings(options), ...targetSettings(options), policy, prove };
}

/** What the options of this command, as one would write them, say of how a module is compiled. */
export function parseCompileOptions(words: readonly string[]): CompileOptions {
  const command = createCompileCommand().exitOverride();
  command.action(() => undefined).parse([...words, "module.wasm"], { from: "user" });
  const options = command.opts<Options>();
  if (options.emit !== "wasm")
    command.error("error: --emit is not for here: the module is compiled to stand alone");
  return compileOptions(options);
}

/** Ends the command for options that do not go together. */
function checkUsage(options: Options, command: Command): void {
  const { emit, output } = options;
  const isToStdout = output === undefined || output === "-";
  const isBinary = emit === "wasm" || emit === "precompiled";
  const reports = options.report === true || options.json === true;
  if (options.function !== undefined && isBinary)
    command.error("error: --function is for --emit clif and --emit spilled");
  if (emit === "precompiled") checkStoreUsage(options, command);
  if (emit !== "wasm" && (options.O === true || reports || options.sourceMap !== undefined))
    command.error(`error: -O, --report, --json and --source-map are for --emit wasm, not for --emit ${emit}`);
  checkMapUsage(options, isToStdout ? null : output, command);
  if (reports && isToStdout)
    command.error("error: the report goes to standard output: name a file for the module with -o");
  if (isBinary && isToStdout && process.stdout.isTTY === true)
    command.error("error: a binary module is nothing for a terminal: name a file with -o");
}

/** The store has the heap, and there is none yet. */
function checkStoreUsage(options: Options, command: Command): void {
  const { maxHeap, stackSize, reserveMemory, standalone } = options;
  if (standalone !== undefined) command.error("error: with --emit precompiled a module does not stand alone");
  if (maxHeap !== undefined || stackSize !== undefined || reserveMemory !== undefined)
    command.error(
      "error: --max-heap, --stack-size and --reserve-memory are for modules that stand alone: with --emit precompiled they are options of the Store, or of install({ store })",
    );
}

function checkFiles(path: string, options: Options, command: Command): void {
  const { output, sourceMap, inputSourceMap } = options;
  const inputs = typeof inputSourceMap === "string" ? [path, inputSourceMap] : [path];
  checkOutput(output, inputs, command);
  if (sourceMap !== undefined) checkOutput(mapPath(options, output ?? null), inputs, command);
}

async function compileFile(path: string, options: Options, command: Command): Promise<void> {
  checkUsage(options, command);
  checkFiles(path, options, command);
  if (options.O === true) requireBinaryen("-O");
  const output = openOutput(options.output);
  try {
    const input = await readModule(path);
    const { emit } = options;
    await placingErrors(input, () => {
      if (emit === "wasm") return emitModule(path, input, options, output);
      if (emit === "precompiled") return emitPrecompiled(input.bytes, options, output);
      return emitFunctions(input.bytes, emit, options, output);
    });
  } catch (error) {
    if (error instanceof NotProven) reportUnproven(path, error, options);
    else if (error instanceof InputError) {
      console.error(renderInputError(error, path));
      process.exitCode = ExitCode.Input;
    } else throw error;
  }
  await output.end();
}

async function emitModule(path: string, input: ModuleInput, options: Options, output: Output): Promise<void> {
  const { bytes } = input;
  const progress = new CompileProgress();
  const measurement = new CompileMeasurement();
  try {
    const isMeasured = options.report === true || options.json === true;
    const how = isMeasured
      ? { ...compileOptions(options), observers: [progress, measurement] }
      : threadOptions(options, progress);
    const isMapped = options.sourceMap !== undefined;
    const mapped = isMapped ? await mapOf(path, input, options) : null;
    const linked = await compileLinked(bytes, { ...how, positions: isMapped });
    let final = linked;
    if (options.O === true) {
      measurement.begin("binaryen");
      progress.draw("binaryen");
      final = await optimizeLinked(linked);
    }
    output.write(mapped === null ? final.bytes : await mapped(final));
    if (!isMeasured) return;
    const { collector } = gcSettings(options);
    const report = { file: path, collector, ...measurement.finish(bytes, linked.bytes, final.bytes) };
    progress.end();
    const text = openOutput(undefined);
    text.write(options.json === true ? jsonText(report) : reportText(report));
    await text.end();
  } finally {
    progress.end();
  }
}

async function emitPrecompiled(bytes: Uint8Array, options: Options, output: Output): Promise<void> {
  const progress = new CompileProgress();
  try {
    const { maxHeapBytes: _, stackBytes: __, ...settings } = threadOptions(options, progress);
    output.write(await precompile(bytes, settings));
  } finally {
    progress.end();
  }
}

/** What writes the map of a module, and gives the module that names it. What is wrong with the input's map shows before all work. */
async function mapOf(
  path: string,
  input: ModuleInput,
  options: Options,
): Promise<(linked: LinkedModule) => Promise<Uint8Array>> {
  const output = options.output === undefined || options.output === "-" ? null : options.output;
  const map = mapPath(options, output);
  const features = featuresOf(options.wasm);
  const settings = await mapSettings(path, input, options, { map, output }, features);
  return async (linked) => {
    const { bytes, sourceMap } = await mappedModule(linked, input.bytes, settings, features);
    const file = openOutput(map);
    file.write(sourceMap);
    await file.end();
    return bytes;
  };
}

function threadOptions(options: Options, progress: CompileProgress): CompileOptions & AsyncOptions {
  const jobs = options.jobs === undefined ? {} : { jobs: options.jobs };
  return { ...compileOptions(options), ...jobs, progress: progress.count };
}

function emitFunctions(bytes: Uint8Array, stage: DumpStage, options: Options, output: Output): void {
  const settings = compileOptions(options);
  const only =
    options.function === undefined
      ? null
      : functionIndex(decodeAndValidate(bytes, settings.features), options.function);
  const dump = new FunctionDump(
    stage,
    (index) => only === null || index === only,
    (chunk) => output.write(chunk),
  );
  // A store takes every module, and functions are the same there.
  compileCode(bytes, { ...settings, observers: [dump] });
}

function reportUnproven(path: string, { message }: NotProven, { policy }: Options): void {
  const { red, bold, cyan } = colorsFor(process.stderr);
  const rules = policy === "spillway" ? "" : ` --policy ${policy}`;
  process.stderr.write(
    `${path}: ${red(bold("error:"))} ${message}\n` +
      `  ${cyan("note:")} \`spillway compile ${path} --emit clif | spillway check${rules} -\` says more\n`,
  );
  process.exitCode = ExitCode.Internal;
}
