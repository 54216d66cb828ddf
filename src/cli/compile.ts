/** `spillway compile`: a module with references to one that brings its own collector. */
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { type CompileOptions, compile } from "../driver/compile.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../runtime/collectors.ts";
import { ExitCode } from "./exit.ts";
import { openOutput } from "./output.ts";
import { TARGET_HELP, targetOption } from "./target-option.ts";
import { featuresOf, featuresOption, readModule, renderInputError } from "./wasm-input.ts";

interface Options {
  readonly output?: string;
  readonly collector: CollectorName;
  readonly maxHeap?: number;
  readonly stackSize?: number;
  readonly target: string;
  readonly wasm: readonly string[];
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };
const MOST_BYTES = 2 ** 31;

/** `65536`, `64k`, `16m`, `1g`; a multiple of 16 up to 2 GiB. */
function parseBytes(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
  if (!(bytes > 0 && bytes <= MOST_BYTES) || bytes % 16 !== 0) {
    throw new InvalidArgumentError("Give a multiple of 16 bytes up to 2g, such as 65536, 64k or 16m.");
  }
  return bytes;
}

export function createCompileCommand(): Command {
  return new Command("compile")
    .description(
      "Compile a module that needs garbage collection to one that brings its own collector and runs on any engine.",
    )
    .argument("<file>", "a module, binary or text, or - for standard input")
    .option("-o, --output <file>", "write there instead of standard output")
    .addOption(
      new Option("--collector <name>", "how memory is reclaimed")
        .choices(COLLECTOR_NAMES)
        .default("copying" satisfies CollectorName),
    )
    .addOption(new Option("--max-heap <bytes>", "the most that the heap may take").argParser(parseBytes))
    .addOption(new Option("--stack-size <bytes>", "of the stack of references").argParser(parseBytes))
    .addOption(targetOption())
    .addOption(featuresOption())
    .addHelpText("after", TARGET_HELP)
    .addHelpText(
      "after",
      `
So far: functions over numbers, vectors, structs, arrays and i31, and globals of these. What a module has besides (a memory
of its own, function references, references in tables, imports and exports, exceptions) is refused by name.

Examples:
  spillway compile app.wasm -o app.core.wasm
  spillway compile app.wat --collector stress -o app.core.wasm     collects at every allocation
  spillway compile app.wasm --max-heap 64m --stack-size 256k -o app.core.wasm`,
    )
    .action(compileFile);
}

function compileOptions(options: Options): CompileOptions {
  return {
    features: featuresOf(options.wasm),
    target: options.target,
    collector: options.collector,
    ...(options.maxHeap === undefined ? {} : { maxHeapBytes: options.maxHeap }),
    ...(options.stackSize === undefined ? {} : { stackBytes: options.stackSize }),
  };
}

/** What the options of this command, as one would write them, say of how a module is compiled. */
export function parseCompileOptions(words: readonly string[]): CompileOptions {
  const command = createCompileCommand().exitOverride();
  command.action(() => undefined).parse([...words, "module.wasm"], { from: "user" });
  return compileOptions(command.opts<Options>());
}

async function compileFile(path: string, options: Options): Promise<void> {
  try {
    const { bytes } = await readModule(path);
    const compiled = compile(bytes, compileOptions(options));
    const output = openOutput(options.output);
    output.write(compiled);
    await output.end();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
  }
}
