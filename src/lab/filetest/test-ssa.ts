/**
 * `test ssa`: builds the function again through `FunctionBuilder`, with variables, and shows what SSA construction and
 * the spiller make of it, below the line of counts of `test safepoints`.
 *
 * Text has no variables, so calls of two functions named for a variable stand for it. This is valid CLIF, and it says
 * the variable's type:
 *
 *     fn0 = %set_x(i32)              call fn0(v1)           builder.defVar(x, v1)
 *     fn1 = %get_x() -> i32          v2 = call fn1()        v2 = builder.useVar(x)
 *
 * All else is built as it stands, blocks in the order of the text. Values are numbered anew, in the order in which they
 * are made, as they are when a compiler builds the function.
 *
 *     seal=late            all blocks are sealed at the end (the default)
 *     seal=early           each block is sealed when its last predecessor is filled
 *     stack-map=x,y        these variables are declared to need stack maps
 *     policy=NAME[,NAME…]  how the spiller works; several must give the same text
 *     expect-fail          the checker must reject what the spiller did, which it proves otherwise
 *
 * `; needs-stack-map: v2` declares the value that v2 has become, right after it was made.
 */
import { BuilderError } from "../../frontend/messages.ts";
import type { PolicyName } from "../../frontend/safepoints/policies.ts";
import { functionText, type ParsedFunction } from "../../text/index.ts";
import { type FiletestCommand, FiletestFailure } from "./command.ts";
import { OptionReader } from "./options.ts";
import { proof } from "./prove.ts";
import { Rebuilder, type RebuildOptions } from "./rebuild.ts";
import { countsLine } from "./spill-counts.ts";
import { policiesOption, textUnderPolicies } from "./under-policies.ts";

const USAGE = "[seal=late|early] [stack-map=VARIABLE,…] [policy=NAME,…] [expect-fail]";

export const testSsa: FiletestCommand = {
  name: "ssa",
  summary: "built again through FunctionBuilder; calls of %set_x and %get_x are the variable x",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("ssa", USAGE, options);
    const rebuild: RebuildOptions = {
      sealEarly: reader.choice("seal", ["late", "early"]) === "early",
      mapped: new Set(reader.value("stack-map")?.split(",")),
    };
    const policies = policiesOption(reader);
    const expectFail = reader.flag("expect-fail");
    reader.end();
    return {
      needsVerifier: true,
      judgement: "expectation",
      open: () => (parsed) =>
        textUnderPolicies(policies, (policy) => rebuiltText(parsed, rebuild, policy, expectFail)),
    };
  },
};

function rebuiltText(
  parsed: ParsedFunction,
  options: RebuildOptions,
  policy: PolicyName,
  expectFail: boolean,
): string {
  try {
    const { func, counts } = new Rebuilder(parsed, options).build({ policy });
    const text = functionText(func);
    if (counts === null) return text;
    const unspilled = new Rebuilder(parsed, options).build({ spill: false }).func;
    return countsLine(func, counts) + text + proof(unspilled, func, expectFail);
  } catch (error) {
    if (error instanceof BuilderError) throw new FiletestFailure(`the builder refuses: ${error.message}`);
    throw error;
  }
}
