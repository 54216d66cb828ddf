/** What several tests need: where the project is, and the test data that may stand beside it. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

export const projectRoot: string = resolve(import.meta.dirname, "..", "..");

/**
 * The folder `name` of the test data beside the checkout (`../shared`), or `null` where it is absent; a test
 * that needs it then calls `t.skip(noSharedData(name))`.
 */
export function sharedData(name: string): string | null {
  const path = join(projectRoot, "..", "shared", name);
  return existsSync(path) ? path : null;
}

export function noSharedData(name: string): string {
  return `test data ../shared/${name} is not here`;
}
