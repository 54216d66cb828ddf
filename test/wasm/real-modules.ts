/** Real modules that npm packages bring, for tests and measurements. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { projectRoot } from "../support/project.ts";

export interface RealModule {
  readonly name: string;
  /** What made it. */
  readonly maker: string;
  readonly path: string;
}

const OCAML = "html5rw-jsoo/htmlrw_js";

export const REAL_MODULES: readonly RealModule[] = [
  {
    name: "html5rw",
    maker: "wasm_of_ocaml",
    path: `${OCAML}_main.bc.wasm.assets/code-e7e41522f404e3a879d6.wasm`,
  },
  { name: "kotlin-fmt", maker: "TeaVM", path: "@scalar/kotlin-fmt/kotlin_fmt.wasm.br" },
  { name: "dart_fmt (unoptimised)", maker: "dart2wasm", path: "@wasm-fmt/dart_fmt/dart_fmt.unopt.wasm" },
  { name: "jasm", maker: "TeaVM", path: "@run-slicer/jasm/jasm.wasm" },
  { name: "dart_fmt", maker: "dart2wasm", path: "@wasm-fmt/dart_fmt/dart_fmt.wasm" },
  { name: "wasm_matches", maker: "Kotlin/Wasm", path: "@gkd-kit/wasm_matches/dist/mod.wasm" },
  { name: "gg-bridge", maker: "dart2wasm", path: "@tssuite/gg-bridge-dart-typescript/dist/bridge-wasm.wasm" },
  {
    name: "html5rw tests",
    maker: "wasm_of_ocaml",
    path: `${OCAML}_tests_main.bc.wasm.assets/code-1410fe592e1c3e438eb1.wasm`,
  },
];

/** The module's bytes, or `null` where its package is not installed. */
export function readRealModule(module: RealModule): Uint8Array | null {
  const path = join(projectRoot, "node_modules", module.path);
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  return new Uint8Array(path.endsWith(".br") ? brotliDecompressSync(bytes) : bytes);
}
