/**
 * Where engines are looked for: first in one folder, `SPILLWAY_ENGINES` or `engines` in the user's folder for caches, then on the path.
 *
 * The folder is one that package managers fill: `bin` (of a Python environment, of cargo and go) and `node_modules`. What npm puts
 * on the path of a script are the project's own tools, not the machine's, and is left out.
 */
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../../src/driver/node/disk-cache.ts";

export interface Places {
  readonly folder: string | null;
  readonly path: readonly string[];
}

export function placesOf(environment: NodeJS.ProcessEnv): Places {
  const { SPILLWAY_ENGINES: named, PATH: path = "" } = environment;
  const cache = cacheFolder(environment);
  const byDefault = cache === null ? null : join(cache, "engines");
  const folders = path.split(delimiter).filter((one) => one !== "" && !/node_modules|node-gyp-bin/.test(one));
  return { folder: named === undefined || named === "" ? byDefault : named, path: folders };
}

/** All files of that name which can be executed, the engines' folder first. */
export function executables({ folder, path }: Places, name: string): string[] {
  const own =
    folder === null
      ? []
      : [join(folder, "bin"), ...globSync(join(folder, "node_modules", "{*,@*/*}", "bin"))];
  return [...own, ...path].map((one) => join(one, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
