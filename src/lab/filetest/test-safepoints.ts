/**
 * `test safepoints`: the function after the safepoint spiller, below one line that counts what was added.
 *
 *     slots 2, spills 2, reloads 3, maps 1, entries 2, calls 1
 *
 * The function is verified before and after, and the rewriting is proven by the independent checker. With `expect-fail`
 * the checker must reject it, and what it says is part of the expected text: so a policy that repeats an old mistake
 * shows the wrong text and why it is wrong.
 *
 *     policy=NAME[,NAME…]  by which rules; several must give the same text. Default: spillway
 *     expect-fail          the checker must reject the result
 *     unverified           neither verifier nor checker: for shapes that no verifier accepts
 *     alias-region         spills and reloads carry the first alias region of the function, which is made for them
 */
import type { PolicyName } from "../../frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../../frontend/safepoints/spiller.ts";
import type { AliasRegion } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { functionText } from "../../text/index.ts";
import { annotatedText, verifyFunction } from "../../verify/index.ts";
import { type FiletestCommand, type FiletestContext, FiletestFailure, type FunctionTest } from "./command.ts";
import { OptionReader } from "./options.ts";
import { proof } from "./prove.ts";
import { countsLine } from "./spill-counts.ts";
import { policiesOption, textUnderPolicies } from "./under-policies.ts";
import { fileRules } from "./verify-first.ts";

const USAGE = "[policy=NAME,…] [expect-fail] [unverified] [alias-region]";

interface SafepointsTest {
  readonly policies: readonly PolicyName[];
  readonly expectFail: boolean;
  readonly unverified: boolean;
  readonly aliasRegion: boolean;
}

export const testSafepoints: FiletestCommand = {
  name: "safepoints",
  summary: "after the safepoint spiller, proven by the checker (or, with expect-fail, rejected)",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("safepoints", USAGE, options);
    const test: SafepointsTest = {
      policies: policiesOption(reader),
      expectFail: reader.flag("expect-fail"),
      unverified: reader.flag("unverified"),
      aliasRegion: reader.flag("alias-region"),
    };
    reader.end();
    return {
      needsVerifier: !test.unverified,
      judgement: "expectation",
      open: (context) => openTest(context, test),
    };
  },
};

function openTest(context: FiletestContext, test: SafepointsTest): FunctionTest {
  const before = context.parseAgain();
  const files = test.policies.map((_, i) => (i === 0 ? context.file : context.parseAgain()));
  const spiller = new SafepointSpiller();
  return (_, index) => {
    return textUnderPolicies(test.policies, (policy, i) => {
      const func = files[i]!.functions[index]!.func;
      const counts = spiller.run(func, { policy, ...(test.aliasRegion ? { slotRegion: spillRegion } : {}) });
      const head = `${countsLine(func, counts)}${functionText(func)}`;
      if (test.unverified) return head;
      const errors = verifyFunction(func, fileRules(context.file));
      if (errors.length > 0)
        throw new FiletestFailure(`the spilled function is not valid`, annotatedText(func, errors));
      return head + proof(before.functions[index]!.func, func, test.expectFail);
    });
  };
}

/** One region for all slots, made when the first is asked for. */
function spillRegion(func: Function): AliasRegion {
  if (func.aliasRegions.length === 0) func.createAliasRegion({ userId: 0, description: "stack map" });
  return 0 as AliasRegion;
}
