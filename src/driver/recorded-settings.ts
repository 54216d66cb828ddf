/**
 * How a module was compiled, as text: all that its code depends on, but for what it is unless it is given. A cache finds code by it, and a module that has its
 * code with it says by it how that was made (`precompiled.ts`).
 */
import { InputError } from "../base/diagnostics.ts";
import { isPolicyName } from "../frontend/safepoints/policies.ts";
import { barrierOf, COLLECTOR_NAMES, type CollectorName, collectorsWith } from "../runtime/collectors.ts";
import { DEFAULT_FEATURES, FEATURE_NAMES, type FeatureName, featureMask } from "../wasm/features.ts";
import type { CodeOptions } from "./compile.ts";
import { DEFAULT_POLICY } from "./prepare.ts";
import { DEFAULT_TARGET, parseTarget } from "./targets.ts";

/** What has no effect on the code is no part of it. */
type Recorded = Required<Omit<CodeOptions, "observers" | "backwards" | "prove">>;

/** Whether a value that was read is one of the option's. */
const IS_VALUE: { readonly [Name in keyof Recorded]: (value: unknown) => boolean } = {
  collector: (value) => (COLLECTOR_NAMES as readonly unknown[]).includes(value),
  features: (value) => Array.isArray(value) && value.every((name) => FEATURE_NAMES.includes(name)),
  target: (value) => typeof value === "string" && isTarget(value),
  policy: (value) => typeof value === "string" && isPolicyName(value),
  gcStress: (value) => typeof value === "boolean",
  positions: (value) => typeof value === "boolean",
  reserveMemoryBytes: (value) => Number.isSafeInteger(value),
};

const DEFAULTS: Partial<Record<keyof Recorded, unknown>> = {
  collector: "copying",
  target: DEFAULT_TARGET,
  policy: DEFAULT_POLICY,
  gcStress: false,
  positions: false,
};

function isTarget(text: string): boolean {
  try {
    parseTarget(text);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** Equal texts mean equal code. Collectors with the same barrier share theirs. */
export function settingsText({ features = DEFAULT_FEATURES, collector, ...rest }: CodeOptions): string {
  const isDefault = featureMask(features) === featureMask(DEFAULT_FEATURES);
  const settings: { readonly [Name in keyof Recorded]?: unknown } = {
    ...rest,
    collector: representative(collector ?? "copying"),
    ...(isDefault ? {} : { features: [...features].sort() }),
  };
  const record: Record<string, unknown> = {};
  for (const name of Object.keys(IS_VALUE).sort() as (keyof Recorded)[]) {
    const value = settings[name];
    if (value !== undefined && value !== DEFAULTS[name]) record[name] = value;
  }
  return JSON.stringify(record);
}

/** The first collector with the same barrier. */
function representative(collector: CollectorName): CollectorName {
  return collectorsWith(barrierOf(collector))[0]!;
}

/** Null for what is no such text. */
export function readSettings(text: string): CodeOptions | null {
  const record = parsed(text);
  if (record === null) return null;
  for (const [name, value] of Object.entries(record))
    if (!Object.hasOwn(IS_VALUE, name) || !IS_VALUE[name as keyof Recorded](value)) return null;
  const { features, ...settings } = record as { readonly features?: readonly FeatureName[] };
  return features === undefined ? settings : { ...settings, features: new Set(features) };
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
