/**
 * Source maps (ECMA-426, "Source map format"), as WebAssembly has them: one line, whose columns are offsets in the module.
 *
 *     offset in the output ── positions of the code ─► offset in the input ── the input's own map ─► source, line, column, name
 *
 * An input without a map is its own source. The libraries that read and write the format are loaded when there is a map to be made.
 */

import { InputError } from "../base/diagnostics.ts";
import { type CodePositions, NOWHERE } from "../link/code-positions.ts";
import { withCustomSection } from "../wasm/custom-section.ts";
import { decodeModule } from "../wasm/decode.ts";
import type { Features } from "../wasm/features.ts";
import { readSourceMappingUrl } from "../wasm/names.ts";

/** What the map of an output is made with. */
export interface SourceMapOptions {
  /** What the map calls the input, where the input has no map of its own: `input.wasm` unless it is given. */
  readonly source?: string;
  /** The input's own map, as JSON; null for none. Unless it is given, one that stands in the input itself is taken, as a `data:` URL. */
  readonly inputMap?: string | null;
  /** Where the input's map is, seen from the output's: what it names is relative to this. */
  readonly inputMapUrl?: string;
  /** Where the output says that its map is; unless it is given, it says nothing. */
  readonly url?: string;
}

/** A place in a source; lines count from 1, columns from 0. */
export interface SourcePlace {
  readonly source: string;
  readonly line: number;
  readonly column: number;
  readonly name: string | null;
}

/** A source map of a module, to be asked. */
export interface ModuleMap {
  /** What the instruction at an offset was made from, or null. */
  placeOf(offset: number): SourcePlace | null;
  contentOf(source: string): string | null;
}

const DEFAULT_SOURCE = "input.wasm";
const DATA_URL = /^data:application\/json[^,]*?(;base64)?,(.*)$/s;

/** Reads a map; `url` is where it is, and in front of what it names. Throws `InputError` for what is none. */
export async function readModuleMap(json: string, url: string | null): Promise<ModuleMap> {
  const { FlattenMap, originalPositionFor, sourceContentFor } = await import("@jridgewell/trace-mapping");
  const map = parsed(() => new FlattenMap(json, url));
  return {
    placeOf: (column) => {
      const { source, line, column: at, name } = originalPositionFor(map, { line: 1, column });
      return source === null ? null : { source, line, column: at, name };
    },
    contentOf: (source) => sourceContentFor(map, source),
  };
}

function parsed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new InputError({
      code: "source-map-malformed",
      message: `the input's source map is none: ${message.slice(0, 200)}`,
    });
  }
}

/** The module as its own source. */
function moduleAsSource(source: string): ModuleMap {
  return {
    placeOf: (offset) => ({ source, line: 1, column: offset, name: null }),
    contentOf: () => null,
  };
}

/** Where a module says that its map is; null where it says nothing. Throws `InputError` for what is no module. */
export function sourceMappingUrlOf(bytes: Uint8Array, features: Features): string | null {
  return readSourceMappingUrl(decodeModule(bytes, features));
}

/** The map in a `data:` URL, or null for any other. */
export function inlineMap(url: string): string | null {
  const match = DATA_URL.exec(url);
  if (match === null) return null;
  const [, base64, data] = match as unknown as [string, string | undefined, string];
  return parsed(() => {
    if (base64 === undefined) return decodeURIComponent(data);
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  });
}

/** The map of an output, as JSON; `inputUrl` is what the input says of its own. */
export async function makeSourceMap(
  positions: CodePositions | null,
  inputUrl: string | null,
  options: SourceMapOptions,
): Promise<string> {
  const inline = options.inputMap === undefined && inputUrl !== null ? inlineMap(inputUrl) : null;
  const json = options.inputMap ?? inline;
  const input =
    json === null
      ? moduleAsSource(options.source ?? DEFAULT_SOURCE)
      : await readModuleMap(json, options.inputMapUrl ?? null);
  const { GenMapping, maybeAddSegment, setSourceContent, toEncodedMap } = await import(
    "@jridgewell/gen-mapping"
  );
  const map = new GenMapping();
  const sources = new Set<string>();
  for (let row = 0; row < (positions?.length ?? 0); row++) {
    const offset = positions!.offset(row);
    const origin = positions!.origin(row);
    const place = origin === NOWHERE ? null : input.placeOf(origin);
    if (place === null) {
      maybeAddSegment(map, 0, offset);
      continue;
    }
    const { source, line, column, name } = place;
    // The type of a name that may be missing is two types there.
    if (name === null) maybeAddSegment(map, 0, offset, source, line - 1, column);
    else maybeAddSegment(map, 0, offset, source, line - 1, column, name);
    sources.add(source);
  }
  for (const source of sources) {
    const content = input.contentOf(source);
    if (content !== null) setSourceContent(map, source, content);
  }
  return JSON.stringify(toEncodedMap(map));
}

/** The module, saying where its map is. No offset in it changes. */
export function withSourceMappingUrl(bytes: Uint8Array, url: string): Uint8Array {
  return withCustomSection(bytes, ["sourceMappingURL", url]);
}
