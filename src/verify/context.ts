/** What all parts of the verifier work on. */
import type { Function } from "../ir/function.ts";
import type { VerifyRules } from "./options.ts";
import type { ValueUses } from "./value-uses.ts";
import type { ErrorList } from "./verifier-error.ts";

export interface VerifyContext {
  readonly func: Function;
  readonly rules: VerifyRules;
  readonly errors: ErrorList;
  readonly uses: ValueUses;
}
