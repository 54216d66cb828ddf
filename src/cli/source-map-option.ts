/** The options of `compile` that are about source maps: which file the output's goes to, and where the input's comes from. */
import { basename, dirname, relative, resolve, sep } from "node:path";
import { type Command, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { inlineMap, type SourceMapOptions, sourceMappingUrlOf } from "../driver/source-map.ts";
import type { Features } from "../wasm/index.ts";
import { sourceMapOfText } from "../wast/index.ts";
import { readInput } from "./input.ts";
import { mapElsewhere } from "./messages.ts";
import type { ModuleInput } from "./wasm-input.ts";

export interface MapOptions {
  /** True where no file is named. */
  readonly sourceMap?: string | true;
  /** False for none. */
  readonly inputSourceMap?: string | false;
}

export function addSourceMapOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--source-map [file]",
        "write a source map of the output (default: beside it, with .map behind its name)",
      ),
    )
    .addOption(
      new Option(
        "--input-source-map <file>",
        "the input's own source map, where it is not the one that the input names",
      ),
    )
    .addOption(new Option("--no-input-source-map", "map to offsets in the input, whatever map it names"));
}

/** Ends the command for options that do not go together. `output` is a file, or null for standard output. */
export function checkMapUsage(
  { sourceMap, inputSourceMap }: MapOptions,
  output: string | null,
  command: Command,
): void {
  if (sourceMap === undefined && inputSourceMap !== undefined)
    command.error("error: --input-source-map is for --source-map");
  if (sourceMap === "-" || (sourceMap === true && output === null))
    command.error("error: name a file for the source map: --source-map FILE");
}

/** The file that the map of the output goes to. */
export function mapPath({ sourceMap }: MapOptions, output: string | null): string {
  return typeof sourceMap === "string" ? sourceMap : `${output}.map`;
}

/** What the map of a module is made with, read from where its input's map is. Throws `InputError`. */
export async function mapSettings(
  path: string,
  { bytes, text }: ModuleInput,
  options: MapOptions,
  files: { readonly map: string; readonly output: string | null },
  features: Features,
): Promise<SourceMapOptions> {
  const from = dirname(files.map);
  const inputPath = path !== "-" ? path : text === undefined ? "input.wasm" : "input.wat";
  const settings = {
    source: urlBetween(from, inputPath),
    url: urlBetween(files.output === null ? from : dirname(files.output), files.map),
  };
  const { inputSourceMap } = options;
  if (text !== undefined && typeof inputSourceMap !== "string") {
    const inputMap = await sourceMapOfText(text, bytes, basename(inputPath));
    return { ...settings, inputMap, inputMapUrl: urlBetween(from, inputPath) };
  }
  if (inputSourceMap === false) return { ...settings, inputMap: null };
  const named = inputSourceMap ?? inputMapPath(inputPath, sourceMappingUrlOf(bytes, features));
  if (named === null) return { ...settings, inputMapUrl: urlBetween(from, inputPath) };
  return { ...settings, inputMap: await readMap(named), inputMapUrl: urlBetween(from, named) };
}

async function readMap(path: string): Promise<string> {
  try {
    const { bytes } = await readInput(path);
    return new TextDecoder().decode(bytes);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(mapElsewhere(path, error.diagnostic.message));
  }
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** The file of the map that a module names; null where it names none, or has it in itself. Throws `InputError` for one elsewhere. */
export function inputMapPath(modulePath: string, url: string | null): string | null {
  if (url === null || inlineMap(url) !== null) return null;
  if (SCHEME.test(url)) throw new InputError(mapElsewhere(url, "it is no file"));
  return resolve(dirname(modulePath), decoded(url));
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** How a file is called from a folder, in a URL. */
function urlBetween(folder: string, file: string): string {
  const path = relative(folder, file);
  return (path === "" ? basename(file) : path).split(sep).map(encodeURIComponent).join("/");
}
