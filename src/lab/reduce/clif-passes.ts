/** How CLIF is reduced: all passes, those first that take most away at once. */
import { type ClifSubject, clifBytes, clifWeight } from "./clif-subject.ts";
import { CONTROL_PASSES } from "./passes-control.ts";
import { DECLARATION_PASSES } from "./passes-declarations.ts";
import { DETAIL_PASSES } from "./passes-details.ts";
import { INSTRUCTION_PASSES } from "./passes-instructions.ts";
import type { ReductionKind } from "./reducer.ts";

export const CLIF: ReductionKind<ClifSubject> = {
  passes: [...INSTRUCTION_PASSES, ...CONTROL_PASSES, ...DECLARATION_PASSES, ...DETAIL_PASSES],
  serialize: clifBytes,
  weight: clifWeight,
};
