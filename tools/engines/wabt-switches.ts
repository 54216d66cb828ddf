/** What tells wabt's tools to have exactly the features of a target. */
import type { FeatureName, Features } from "../../src/wasm/index.ts";

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

export function wabtSwitches(target: Features): string[] {
  const off = Object.entries(SWITCHED_OFF).filter(([name]) => !target.has(name as FeatureName));
  const on = Object.entries(SWITCHED_ON).filter(([name]) => target.has(name as FeatureName));
  return [
    ...off.map(([, word]) => `--disable-${word}`),
    ...new Set(on.map(([, word]) => `--enable-${word}`)),
  ];
}
