/**
 * Bundles the built polyfills for browsers: for each one minified module without anything of Node, which a page loads before its own code.
 *
 *     <script type="module" src="polyfill.bundle.js"></script>
 *     <script type="module" src="precompiled.bundle.js"></script>
 *
 * It installs itself while it is evaluated, so modules after it find it there. What only Node has is left out by the package's `browser`
 * field, as in any other bundle that has the package in it.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join, relative } from "node:path";
import { type BuildOptions, build } from "esbuild";

const root = join(import.meta.dirname, "..");

/** The oldest engines that the output of the compiler runs on understand as much. */
const SYNTAX = "es2022";

/** With the compiler, and for modules that have their code with them. */
export type BundleName = "polyfill" | "precompiled";
export const BUNDLE_NAMES: readonly BundleName[] = ["polyfill", "precompiled"];

/** Where the package has it, as `spillway/polyfill.bundle.js` and the like. */
export function bundlePath(name: BundleName): string {
  return join(root, "dist", `${name}.bundle.js`);
}

/** Of what the bundle is without its own name, which the compiled code that pages keep is filed under (`src/embed/page-cache.ts`). */
async function buildName(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({ ...options, write: false });
  const hash = createHash("sha256");
  for (const { contents } of outputFiles) hash.update(contents);
  return hash.digest("hex");
}

/** Writes the bundle of what `dist` has of that name to `path`; gives what it still imports, which should be nothing. */
export async function writeBundle(name: BundleName, path: string): Promise<string[]> {
  const options = {
    entryPoints: [join(root, "dist", "embed", `${name}.js`)],
    outfile: path,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: SYNTAX,
    legalComments: "none",
    logLevel: "warning",
  } satisfies BuildOptions;
  const define = { COMPILER_BUILD: JSON.stringify(await buildName(options)) };
  const { metafile } = await build({ ...options, define, metafile: true });
  return Object.values(metafile.outputs).flatMap(({ imports }) => imports.map((imported) => imported.path));
}

if (import.meta.main) {
  for (const name of BUNDLE_NAMES) {
    const path = bundlePath(name);
    await writeBundle(name, path);
    console.log(`${relative(root, path)}: ${Math.round(statSync(path).size / 1000)} kB`);
  }
}
