/**
 * What the engine that runs the output has: a set of features with a name, and changes to it.
 *
 *     node20               what Node 20 has, without garbage collection and what came after: the default
 *     mvp,+bulk-memory     the first version of Wasm, and bulk memory
 *
 * What a target lacks is lowered (`lowering/`, `backend/`) or refused by name. A feature brings what it builds on.
 */
import { InputError } from "../base/diagnostics.ts";
import {
  FEATURE_NAMES,
  type FeatureName,
  type Features,
  isFeatureName,
  withFeature,
} from "../wasm/features.ts";

const WASM2: readonly FeatureName[] = [
  "mvp",
  "mutable-global",
  "saturating-float-to-int",
  "sign-extension",
  "multi-value",
  "reference-types",
  "bulk-memory",
  "simd",
];

const WITHOUT_GC: readonly FeatureName[] = [
  ...WASM2,
  "relaxed-simd",
  "extended-const",
  "tail-call",
  "multi-memory",
  "memory64",
  "exceptions",
];

export type TargetName = "node20" | "mvp" | "wasm2" | "wasm3.0-nogc" | "wazero" | "wasmi" | "wasm3";

interface Target {
  readonly features: readonly FeatureName[];
  /** A line for whoever has to choose. */
  readonly about: string;
}

const TARGETS: Readonly<Record<TargetName, Target>> = {
  node20: {
    features: [...WASM2, "tail-call", "threads", "legacy-exceptions"],
    about: "Node 20, and browsers of its time",
  },
  mvp: { features: ["mvp"], about: "the first version of Wasm, with nothing added" },
  wasm2: { features: WASM2, about: "Wasm 2.0" },
  "wasm3.0-nogc": { features: WITHOUT_GC, about: "Wasm 3.0 without garbage collection" },
  wazero: { features: WASM2, about: "wazero" },
  wasmi: {
    features: [...WASM2, "tail-call", "extended-const", "multi-memory", "memory64", "relaxed-simd"],
    about: "wasmi",
  },
  // Its bulk memory lacks passive segments.
  wasm3: {
    features: ["mvp", "mutable-global", "saturating-float-to-int", "sign-extension", "multi-value"],
    about: "the interpreter wasm3",
  },
};

export const DEFAULT_TARGET: TargetName = "node20";

export const TARGET_NAMES: readonly TargetName[] = Object.keys(TARGETS) as TargetName[];

/** The names with a line on each, for people. */
export function describeTargets(): string {
  return TARGET_NAMES.map((name) => `  ${name.padEnd(14)}${TARGETS[name].about}`).join("\n");
}

function isTargetName(name: string): name is TargetName {
  return Object.hasOwn(TARGETS, name);
}

/** Reads a target's name and changes to it, such as `mvp,+bulk-memory`. Throws an `InputError` for a name that is not known. */
export function parseTarget(text: string = DEFAULT_TARGET): Features {
  const [name, ...changes] = text.split(",").map((part) => part.trim());
  if (!isTargetName(name!)) throw unknownTarget(name!);
  let features: Features = new Set<FeatureName>(TARGETS[name].features);
  for (const change of changes) {
    const feature = change.slice(1);
    const sign = change.charAt(0);
    if ((sign !== "+" && sign !== "-") || !isFeatureName(feature)) throw badChange(change);
    features = withFeature(features, feature as FeatureName, sign === "+");
  }
  return features;
}

function unknownTarget(name: string): InputError {
  return new InputError({
    code: "target-unknown",
    message: `unknown target ${JSON.stringify(name)}`,
    notes: [`the targets are ${TARGET_NAMES.join(", ")}`],
  });
}

function badChange(change: string): InputError {
  return new InputError({
    code: "target-unknown",
    message: `a change to a target is a feature with + or - in front, and not ${JSON.stringify(change)}`,
    notes: [`the features are ${FEATURE_NAMES.slice(1).join(", ")}`],
  });
}
