/** The API's way to a module that stands alone: the compiler's own, with names of options checked. */
import { type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { type CompileOptions, compile } from "../driver/compile.ts";
import type { AsyncOptions } from "../driver/compile-async.ts";
import { compileWithSourceMap, type MappedModule } from "../driver/compile-with-source-map.ts";
import type { SourceMapOptions } from "../driver/source-map.ts";
import { ASYNC_OPTIONS, STANDALONE_OPTIONS } from "./option-names.ts";

/** How a module with a source map is made. */
export interface MappedOptions extends CompileOptions, AsyncOptions {
  readonly sourceMap?: SourceMapOptions;
}

const MAPPED_OPTIONS: OptionNames<MappedOptions> = {
  ...STANDALONE_OPTIONS,
  ...ASYNC_OPTIONS,
  sourceMap: true,
};

const SOURCE_MAP_OPTIONS: OptionNames<SourceMapOptions> = {
  source: true,
  inputMap: true,
  inputMapUrl: true,
  url: true,
};

/** Throws `InputError` for a module that is not valid, or that has what is not compiled. */
export function compileStandalone(bytes: Uint8Array, options: CompileOptions = {}): Uint8Array {
  requireOptions(options, STANDALONE_OPTIONS, "compileStandalone");
  return compile(bytes, options);
}

/**
 * The same with a source map, in threads where that is quicker. Each check traps in a place of its own, so that a trap says which one it
 * was: the code is some percent larger than without a map.
 */
export async function compileStandaloneWithSourceMap(
  bytes: Uint8Array,
  options: MappedOptions = {},
): Promise<MappedModule> {
  requireOptions(options, MAPPED_OPTIONS, "compileStandaloneWithSourceMap");
  if (options.sourceMap !== undefined)
    requireOptions(options.sourceMap, SOURCE_MAP_OPTIONS, "compileStandaloneWithSourceMap's sourceMap");
  return await compileWithSourceMap(bytes, options);
}
