/** How a module is reduced: all passes, those first that take most away at once. */
import type { ReductionKind } from "../reducer.ts";
import type { ModulePass } from "./module-pass.ts";
import type { ModuleSubject } from "./module-subject.ts";
import { BLOCK_PASSES } from "./passes-blocks.ts";
import { BODIES_PASS, CODE_PASSES } from "./passes-code.ts";
import { ITEM_PASSES } from "./passes-items.ts";
import { LOCAL_PASSES } from "./passes-locals.ts";
import { TYPE_PASSES } from "./passes-types.ts";

export const MODULE_PASSES: readonly ModulePass[] = [
  BODIES_PASS,
  ...ITEM_PASSES,
  ...CODE_PASSES,
  ...BLOCK_PASSES,
  ...LOCAL_PASSES,
  ...TYPE_PASSES,
];

/** A module that is written as a binary. */
export const BINARY_MODULE: ReductionKind<ModuleSubject> = {
  passes: MODULE_PASSES,
  serialize: ({ bytes }) => bytes,
  weight: ({ weight }) => weight,
};
