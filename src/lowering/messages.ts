/** What a target cannot be given, by name. */
import { InputError } from "../base/diagnostics.ts";
import type { FeatureName } from "../wasm/features.ts";

/** `offset` is of the input; -1 where only the output is at hand. */
export function targetLacks(what: string, feature: FeatureName, offset = -1): InputError {
  return new InputError({
    code: "target-feature",
    message: `${what} needs ${feature}, which the target does not have`,
    ...(offset < 0 ? {} : { place: { kind: "binary", offset } }),
    notes: ["another target can be chosen, or the feature added to this one"],
  });
}
