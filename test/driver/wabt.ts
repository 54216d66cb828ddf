/** wabt's validator and interpreter, with exactly the features of a target: they share nothing with ours. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeatureName, Features } from "../../src/wasm/index.ts";
import { projectRoot } from "../support/project.ts";

/** wabt's words for what it has switched on by itself, and what it has not. */
const SWITCHED_OFF: Partial<Record<FeatureName, string>> = {
  "mutable-global": "mutable-globals",
  "saturating-float-to-int": "saturating-float-to-int",
  "sign-extension": "sign-extension",
  "multi-value": "multi-value",
  "reference-types": "reference-types",
  "bulk-memory": "bulk-memory",
  simd: "simd",
};
const SWITCHED_ON: Partial<Record<FeatureName, string>> = {
  "tail-call": "tail-call",
  threads: "threads",
  "multi-memory": "multi-memory",
  memory64: "memory64",
  "extended-const": "extended-const",
  "relaxed-simd": "relaxed-simd",
  exceptions: "exceptions",
  "legacy-exceptions": "exceptions",
};

function switches(target: Features): string[] {
  const off = Object.entries(SWITCHED_OFF).filter(([name]) => !target.has(name as FeatureName));
  const on = Object.entries(SWITCHED_ON).filter(([name]) => target.has(name as FeatureName));
  return [
    ...off.map(([, word]) => `--disable-${word}`),
    ...new Set(on.map(([, word]) => `--enable-${word}`)),
  ];
}

/** Throws with what the tool says unless it accepts the module. */
export function run(
  tool: "wasm-validate" | "wasm-interp",
  bytes: Uint8Array,
  target: Features,
  args: readonly string[] = [],
): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-"));
  try {
    const file = join(folder, "module.wasm");
    writeFileSync(file, bytes);
    const script = join(projectRoot, "node_modules", "wabt", "bin", tool);
    return execFileSync(process.execPath, [script, ...switches(target), file, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
