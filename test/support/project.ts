/** What several tests need: where the project is, and the test data that may stand beside it. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

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

/** A Node of that major version on the path, the project's own left out, or null. */
export function systemNode(major: number): string | null {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node");
    if (folder.includes("node_modules") || !existsSync(path)) continue;
    if (execFileSync(path, ["--version"], { encoding: "utf8" }).startsWith(`v${major}.`)) return path;
  }
  return null;
}
