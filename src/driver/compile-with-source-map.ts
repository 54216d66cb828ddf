/** Compiling to a module that stands alone, with a source map of it. */
import type { LinkedModule } from "../link/output-module.ts";
import { DEFAULT_FEATURES, type Features } from "../wasm/features.ts";
import type { CompileOptions } from "./compile.ts";
import { type AsyncOptions, compileLinked } from "./compile-async.ts";
import {
  makeSourceMap,
  type SourceMapOptions,
  sourceMappingUrlOf,
  withSourceMappingUrl,
} from "./source-map.ts";

export interface MappedModule {
  readonly bytes: Uint8Array;
  /** As JSON. */
  readonly sourceMap: string;
}

/**
 * As `compileAsync`. Each check traps in a place of its own, so that a trap says which one it was: the code is some percent larger than
 * without a map.
 */
export async function compileWithSourceMap(
  bytes: Uint8Array,
  { sourceMap, ...options }: CompileOptions & AsyncOptions & { readonly sourceMap?: SourceMapOptions } = {},
): Promise<MappedModule> {
  const linked = await compileLinked(bytes, { ...options, positions: true });
  return mappedModule(linked, bytes, sourceMap ?? {}, options.features ?? DEFAULT_FEATURES);
}

/** What was made of `input`, with the map that its positions come to. */
export async function mappedModule(
  { bytes, positions }: LinkedModule,
  input: Uint8Array,
  options: SourceMapOptions,
  features: Features,
): Promise<MappedModule> {
  const { url } = options;
  return {
    bytes: url === undefined ? bytes : withSourceMappingUrl(bytes, url),
    sourceMap: await makeSourceMap(positions, sourceMappingUrlOf(input, features), options),
  };
}
