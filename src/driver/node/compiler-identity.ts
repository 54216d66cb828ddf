/**
 * Which compiler this is: code that another one made is not taken for this one's.
 *
 * The version alone would do for a package from a registry, not for a checkout, where the compiler changes and its version does not. So
 * the sizes and times of all files that it is made of are in it: some hundred calls of `stat`, a few milliseconds.
 */
import { builtIn } from "./built-in.ts";

const { createHash } = builtIn("node:crypto");
const { existsSync, readdirSync, readFileSync, statSync } = builtIn("node:fs");
const { join } = builtIn("node:path");
const { fileURLToPath } = builtIn("node:url");

/** What the compiler is not made of. */
const OTHERS: ReadonlySet<string> = new Set(["cli", "lab", "wast", "meta", "interp", "text"]);

let known: string | null | undefined;

/** Null where this file is not in its package but in somebody's bundle (in a script, it has no address), so that nobody can tell. */
export function compilerIdentity(): string | null {
  if (known === undefined) {
    const url: string | undefined = import.meta.url;
    known = url === undefined ? null : identityOf(fileURLToPath(new URL("../..", url)));
  }
  return known;
}

/** Of the compiler in that folder, which stands beside its `package.json`; null where it does not. */
export function identityOf(root: string): string | null {
  const version = versionBeside(root);
  if (version === null) return null;
  const hash = createHash("sha256").update(version);
  const visit = (folder: string): void => {
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (folder !== root || !OTHERS.has(entry.name)) visit(path);
      } else if (/\.[jt]s$/.test(entry.name) && !entry.name.endsWith(".d.ts")) {
        const { size, mtimeMs } = statSync(path);
        hash.update(`${path.slice(root.length)}:${size}:${mtimeMs}\n`);
      }
    }
  };
  visit(root);
  return hash.digest("hex");
}

function versionBeside(root: string): string | null {
  const path = join(root, "..", "package.json");
  if (!existsSync(path)) return null;
  const { name, version } = JSON.parse(readFileSync(path, "utf8")) as { name?: string; version?: string };
  return name === "spillway" && version !== undefined ? version : null;
}
