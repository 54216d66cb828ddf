/**
 * One of binaryen's command-line tools, run any number of times within this process.
 *
 * The tool is a script that Emscripten made, and runs once when it is loaded: it reads its arguments from the object `Module`, and
 * sets the process's exit code when it ends. Its text is parsed once and run in a new scope each time; the WebAssembly inside is
 * compiled the first time only. A run then takes some 40 ms, where a process of its own takes 800.
 */
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

/** The host's own WebAssembly, as far as it is used here: the compiler's library has no types of it. */
interface ToolHost {
  readonly Module: new (bytes: Uint8Array) => ToolModule;
  readonly Instance: new (module: ToolModule, imports: Imports) => object;
}
interface ToolModule {
  readonly [TOOL_MODULE]: true;
}
declare const TOOL_MODULE: unique symbol;

const host: ToolHost = (globalThis as unknown as { WebAssembly: ToolHost }).WebAssembly;

/** What the tool asks of its surroundings: Emscripten's documented hooks. */
interface Hooks {
  readonly arguments: string[];
  readonly thisProgram: string;
  readonly onAbort: (why: unknown) => void;
  instantiateWasm?: (imports: Imports, done: (instance: object, module: object) => void) => void;
}

type Imports = Record<string, Record<string, unknown>>;
type Tool = (hooks: Hooks, require: (name: string) => unknown, WebAssembly: object, process: object) => void;

const ERROR_OUTPUT = 2;

export class BinaryenTool {
  private readonly name: string;
  private readonly require: NodeJS.Require;
  private tool: Tool | null;
  private module: ToolModule | null;

  constructor(name: string) {
    this.name = name;
    this.require = createRequire(import.meta.url);
    this.tool = null;
    this.module = null;
  }

  /** Runs it to its end; throws if that is not a good one, with what it said. */
  run(args: readonly string[]): Promise<void> {
    this.tool ??= this.load();
    const { tool } = this;
    const said: string[] = [];
    return new Promise<void>((resolve, reject) => {
      const end = (status: unknown): void => {
        if (status === 0) resolve();
        else
          reject(new Error(`${this.name} ${args.join(" ")} ended with ${String(status)}: ${said.join("")}`));
      };
      const hooks: Hooks = { arguments: [...args], thisProgram: this.name, onAbort: end };
      if (this.module !== null) hooks.instantiateWasm = (imports, done) => this.instantiate(imports, done);
      tool(hooks, (name) => this.library(name, said), this.capturing(), processThatTells(end));
    });
  }

  /** What the tool requires; what it writes on the error output goes into `said`. */
  private library(name: string, said: string[]): unknown {
    const library = this.require(name) as typeof fs;
    if (name !== "node:fs") return library;
    const writeSync = (
      file: number,
      data: Uint8Array,
      offset?: number,
      length?: number,
      at?: number,
    ): number => {
      if (file !== ERROR_OUTPUT) return library.writeSync(file, data, offset, length, at);
      const from = offset ?? 0;
      const bytes = data.subarray(from, from + (length ?? data.length));
      said.push(Buffer.from(bytes).toString());
      return bytes.length;
    };
    return { ...library, writeSync };
  }

  private load(): Tool {
    const folder = dirname(fileURLToPath(import.meta.resolve("binaryen")));
    const text = fs.readFileSync(join(folder, "bin", this.name), "utf8").replace(/^#!.*/, "");
    const script = new Script(`(function (Module, require, WebAssembly, process, __dirname) {${text}\n})`, {
      filename: this.name,
    });
    return script.runInThisContext() as Tool;
  }

  private instantiate(imports: Imports, done: (instance: object, module: object) => void): void {
    done(new host.Instance(this.module!, imports), this.module!);
  }

  /** The host's WebAssembly, but the module that the tool compiles is kept. */
  private capturing(): object {
    const instantiate = async (bytes: Uint8Array, imports: Imports): Promise<object> => {
      this.module ??= new host.Module(bytes);
      const { module } = this;
      return { module, instance: new host.Instance(module, imports) };
    };
    return Object.create(host, { instantiate: { value: instantiate } }) as object;
  }
}

/** This process, but for its exit code, which is the tool's own. */
function processThatTells(end: (status: unknown) => void): object {
  return Object.create(process, { exitCode: { set: end } }) as object;
}
