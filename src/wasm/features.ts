/**
 * The switches of the Wasm proposals, with the names of Wasmtime's `-W`.
 *
 * A set of features is a `ReadonlySet` of names; the decoder and the validator turn it into a bit mask once.
 * By default everything in Wasm 3.0 is on, and threads, wide arithmetic, custom page sizes, branch hinting and
 * legacy exceptions besides. Switching a feature on brings what it builds on; switching one off takes along
 * what builds on it.
 */
import { badFeatureValue, unknownFeature } from "./messages.ts";

/** Bit `i` of a feature mask is the i-th name; the generated opcode tables hold these indices. */
export const FEATURE_NAMES = [
  "mvp",
  "mutable-global",
  "saturating-float-to-int",
  "sign-extension",
  "multi-value",
  "reference-types",
  "bulk-memory",
  "simd",
  "relaxed-simd",
  "extended-const",
  "tail-call",
  "multi-memory",
  "memory64",
  "function-references",
  "gc",
  "exceptions",
  "legacy-exceptions",
  "threads",
  "wide-arithmetic",
  "custom-page-sizes",
  "branch-hinting",
] as const;

export type FeatureName = (typeof FEATURE_NAMES)[number];

/** The features that are on. */
export type Features = ReadonlySet<FeatureName>;

/** What a feature builds on. */
const NEEDS: Partial<Record<FeatureName, readonly FeatureName[]>> = {
  "relaxed-simd": ["simd"],
  "function-references": ["reference-types"],
  gc: ["function-references"],
  exceptions: ["reference-types"],
};

/** What is on unless it is switched off: Wasm 3.0 and the finished proposals around it. */
export const DEFAULT_FEATURES: Features = new Set(FEATURE_NAMES);

/** The first version of Wasm, with nothing added. */
export const MVP_FEATURES: Features = new Set<FeatureName>(["mvp"]);

/** One bit a feature, for the decoder and the validator. */
export function featureMask(features: Features): number {
  let mask = 1;
  for (let i = 1; i < FEATURE_NAMES.length; i++) if (features.has(FEATURE_NAMES[i]!)) mask |= 1 << i;
  return mask;
}

/** The bit of one feature. */
export function featureBit(name: FeatureName): number {
  return 1 << FEATURE_NAMES.indexOf(name);
}

/**
 * Reads what follows `-W`: a comma-separated list of `name`, `-name`, `name=y`, `name=n` and `all`, applied
 * from left to right on top of `base`. Underscores count as dashes. Throws an `InputError` for a name or a
 * value that is not known.
 */
export function parseFeatures(list: string, base: Features = DEFAULT_FEATURES): Features {
  const features = new Set(base);
  for (const item of list.split(",")) {
    const trimmed = item.trim();
    if (trimmed === "") continue;
    const negative = trimmed.startsWith("-");
    const [rawName, value] = (negative ? trimmed.slice(1) : trimmed).split("=", 2);
    const name = rawName!.replaceAll("_", "-");
    const on = readSwitch(name, value ?? "y") !== negative;
    if (name === "all") setAll(features, on);
    else setFeature(features, knownFeature(name), on);
  }
  return features;
}

/** `features` with one of them switched, and what depends on that. */
export function withFeature(features: Features, name: FeatureName, on: boolean): Features {
  const changed = new Set(features);
  setFeature(changed, name, on);
  return changed;
}

/** Whether `name` (dashes or underscores) is one that can be switched. */
export function isFeatureName(name: string): boolean {
  const dashed = name.replaceAll("_", "-");
  return dashed !== "mvp" && (FEATURE_NAMES as readonly string[]).includes(dashed);
}

function readSwitch(name: string, value: string): boolean {
  if (value === "y" || value === "yes" || value === "true") return true;
  if (value === "n" || value === "no" || value === "false") return false;
  throw badFeatureValue(name, value);
}

function knownFeature(name: string): FeatureName {
  if (!isFeatureName(name)) throw unknownFeature(name, FEATURE_NAMES.slice(1));
  return name as FeatureName;
}

function setAll(features: Set<FeatureName>, on: boolean): void {
  for (const name of FEATURE_NAMES) if (name !== "mvp") setFeature(features, name, on);
}

function setFeature(features: Set<FeatureName>, name: FeatureName, on: boolean): void {
  if (on) {
    features.add(name);
    for (const needed of NEEDS[name] ?? []) setFeature(features, needed, true);
    return;
  }
  features.delete(name);
  for (const [dependent, needed] of Object.entries(NEEDS) as [FeatureName, readonly FeatureName[]][]) {
    if (needed.includes(name) && features.has(dependent)) setFeature(features, dependent, false);
  }
}
