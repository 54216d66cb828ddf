/** How a module was compiled, as text that goes with its code (`precompiled.ts`): all that the code depends on, but for what it is unless it is given. */
import { InputError } from "../base/diagnostics.ts";
import { isPolicyName } from "../frontend/safepoints/policies.ts";
import { COLLECTOR_NAMES } from "../runtime/collectors.ts";
import { FEATURE_NAMES, type FeatureName } from "../wasm/features.ts";
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

/** Equal for equal settings. */
export function settingsRecord(options: CodeOptions): string {
  const record: Record<string, unknown> = {};
  for (const name of Object.keys(IS_VALUE).sort() as (keyof Recorded)[]) {
    const value = options[name];
    if (value === undefined || value === DEFAULTS[name]) continue;
    if (name !== "features") record[name] = value;
    else if (options.features!.size < FEATURE_NAMES.length) record[name] = [...options.features!].sort();
  }
  return JSON.stringify(record);
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
