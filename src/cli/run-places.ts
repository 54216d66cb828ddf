/**
 * The places in its sources that a program's instructions come from: as its module's map names them, where it names one that is at hand, or
 * in the module's text.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { InputError } from "../base/diagnostics.ts";
import { inlineMap, type ModuleMap, readModuleMap, sourceMappingUrlOf } from "../driver/source-map.ts";
import { type CodePositions, NOWHERE } from "../link/code-positions.ts";
import type { Features } from "../wasm/index.ts";
import { sourceMapOfText } from "../wast/index.ts";
import type { CodePlaces } from "./run-trace.ts";
import { inputMapPath } from "./source-map-option.ts";
import type { ModuleInput } from "./wasm-input.ts";

/** The module's own map, or its text's; it is read when it is needed. */
export class ProgramMap {
  private readonly path: string;
  private readonly input: ModuleInput;
  private readonly url: string | null;

  constructor(path: string, input: ModuleInput, features: Features) {
    this.path = path;
    this.input = input;
    this.url = sourceMappingUrlOf(input.bytes, features);
  }

  /** Whether there is one, as far as one can tell before it is read. */
  get isThere(): boolean {
    return this.url !== null || this.input.text !== undefined;
  }

  /** Of the module's code. Nothing is known where there is no map, or none that could be read: a trap is more important. */
  async places(positions: CodePositions | null): Promise<CodePlaces> {
    const map = positions === null ? null : await this.read();
    return {
      originOf: (offset) => positions?.originOf(offset) ?? NOWHERE,
      placeOf: (offset, isEntry) => {
        const origin =
          map === null ? NOWHERE : isEntry ? positions!.originOfEntry(offset) : positions!.originOf(offset);
        const place = origin === NOWHERE ? null : map!.placeOf(origin);
        return place === null ? null : `${place.source}:${place.line}:${place.column + 1}`;
      },
    };
  }

  private async read(): Promise<ModuleMap | null> {
    const { bytes, text } = this.input;
    if (text !== undefined) {
      const name = this.path === "-" ? "<stdin>" : basename(this.path);
      return readModuleMap(await sourceMapOfText(text, bytes, name), null);
    }
    if (this.url === null) return null;
    try {
      const json = inlineMap(this.url);
      if (json !== null) return await readModuleMap(json, null);
      const file = inputMapPath(this.path, this.url)!;
      return await readModuleMap(await readFile(file, "utf8"), null);
    } catch (error) {
      if (error instanceof InputError || (error instanceof Error && "code" in error)) return null;
      throw error;
    }
  }
}
