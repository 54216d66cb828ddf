/**
 * `test pass NAME`: the function after the pass; it must be valid before and after. The text is expected whole. To add a
 * pass, list it here.
 */
import type { Function } from "../../ir/function.ts";
import { expandAtomics } from "../../passes/expand-atomics.ts";
import { expandLanes } from "../../passes/expand-lanes.ts";
import { makeLittleEndian } from "../../passes/make-little-endian.ts";
import { makeReducible } from "../../passes/make-reducible.ts";
import { mergeBlocks } from "../../passes/merge-blocks.ts";
import { removeDead } from "../../passes/remove-dead.ts";
import { removeUnusedParams } from "../../passes/remove-unused-params.ts";
import { reuseReloads } from "../../passes/reuse-reloads.ts";
import { splitWideIntegers } from "../../passes/split-wide-integers.ts";
import { valueNumbering } from "../../passes/value-numbering.ts";
import { widenVectors } from "../../passes/widen-vectors.ts";
import { functionText } from "../../text/index.ts";
import { annotatedText, verifyFunction } from "../../verify/index.ts";
import { type FiletestCommand, FiletestFailure } from "./command.ts";
import { OptionReader } from "./options.ts";
import { fileRules } from "./verify-first.ts";

const PASSES: ReadonlyMap<string, (func: Function) => void> = new Map<string, (func: Function) => void>([
  ["expand-atomics", expandAtomics],
  ["expand-lanes", expandLanes],
  ["make-little-endian", makeLittleEndian],
  ["make-reducible", makeReducible],
  ["merge-blocks", mergeBlocks],
  ["remove-dead", removeDead],
  ["remove-unused-params", removeUnusedParams],
  ["reuse-reloads", reuseReloads],
  ["split-wide-integers", splitWideIntegers],
  ["value-numbering", valueNumbering],
  ["widen-vectors", widenVectors],
]);

const USAGE = [...PASSES.keys()].join(" | ");

export const testPass: FiletestCommand = {
  name: "pass",
  summary: "after the pass of that name",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("pass", USAGE, options);
    const passes = [...PASSES].filter(([name]) => reader.flag(name));
    reader.end();
    return {
      needsVerifier: true,
      judgement: "expectation",
      open: ({ file }) => {
        return ({ func }) => {
          for (const [, pass] of passes) pass(func);
          const errors = verifyFunction(func, fileRules(file));
          if (errors.length === 0) return functionText(func);
          throw new FiletestFailure("the pass leaves an invalid function", annotatedText(func, errors));
        };
      },
    };
  },
};
