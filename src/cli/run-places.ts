/** The places in its sources, as its map names them, that a program's instructions come from, where its module names a map that is at hand. */
import { readFile } from "node:fs/promises";
import { InputError } from "../base/diagnostics.ts";
import { inlineMap, type ModuleMap, readModuleMap, sourceMappingUrlOf } from "../driver/source-map.ts";
import { type CodePositions, NOWHERE } from "../link/code-positions.ts";
import type { Features } from "../wasm/index.ts";
import type { PlaceOf } from "./run-trace.ts";
import { inputMapPath } from "./source-map-option.ts";

/** The module's own map; it is read when it is needed. */
export class ProgramMap {
  private readonly path: string;
  private readonly url: string | null;

  constructor(path: string, bytes: Uint8Array, features: Features) {
    this.path = path;
    this.url = sourceMappingUrlOf(bytes, features);
  }

  get isNamed(): boolean {
    return this.url !== null;
  }

  /** Of the module's code. Nothing is known where there is no map, or none that could be read: a trap is more important. */
  async places(positions: CodePositions | null): Promise<PlaceOf> {
    const map = positions === null ? null : await this.read();
    return (offset) => {
      const origin = map === null ? NOWHERE : positions!.originOf(offset);
      const place = origin === NOWHERE ? null : map!.placeOf(origin);
      return place === null ? null : `${place.source}:${place.line}:${place.column + 1}`;
    };
  }

  private async read(): Promise<ModuleMap | null> {
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
