/** Tests that name several policies: all must give the same text, which is then the test's. */
import type { PolicyName } from "../../frontend/safepoints/policies.ts";
import { FiletestFailure } from "./command.ts";
import { textDiff } from "./diff.ts";
import { type OptionReader, policyNamed } from "./options.ts";

/** The option `policy=NAME,…`; `spillway` where it is not given. */
export function policiesOption(reader: OptionReader): readonly PolicyName[] {
  return (reader.value("policy") ?? "spillway").split(",").map(policyNamed);
}

/** The text that `test` gives under each policy; throws a `FiletestFailure` with the difference when two differ. */
export function textUnderPolicies(
  policies: readonly PolicyName[],
  test: (policy: PolicyName, index: number) => string,
): string {
  const texts = policies.map(test);
  const first = texts[0]!;
  const other = texts.findIndex((text) => text !== first);
  if (other < 0) return first;
  const message = `policy ${policies[other]} gives another text than ${policies[0]}`;
  throw new FiletestFailure(message, textDiff(first, texts[other]!));
}
