/** Compiling to a module that stands alone, with a source map of it. */
import { DEFAULT_FEATURES } from "../wasm/features.ts";
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
  const inputUrl = sourceMappingUrlOf(bytes, options.features ?? DEFAULT_FEATURES);
  const url = sourceMap?.url;
  return {
    bytes: url === undefined ? linked.bytes : withSourceMappingUrl(linked.bytes, url),
    sourceMap: await makeSourceMap(linked.positions, inputUrl, sourceMap ?? {}),
  };
}
