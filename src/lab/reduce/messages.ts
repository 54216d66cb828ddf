/** What the reducer says when it cannot begin. */
import type { Diagnostic } from "../../base/diagnostics.ts";

export function nothingToReduce(): Diagnostic {
  return { code: "reduce-no-function", message: "there is no function to reduce" };
}

/** `condition` as in "the checker rejects it". */
export function conditionDoesNotHold(condition: string): Diagnostic {
  return {
    code: "reduce-nothing-fails",
    message: `there is nothing to reduce: it is not so that ${condition}`,
    notes: ["the condition must hold for the file as it is"],
  };
}

export function dependsOnNumbers(condition: string): Diagnostic {
  return {
    code: "reduce-numbering",
    message: `once printed again, it is not so any more that ${condition}`,
    notes: [
      "the failure depends on comments, on unused entities or on gaps in the numbers, which reducing takes away",
    ],
  };
}

export function dependsOnForm(condition: string): Diagnostic {
  return {
    code: "reduce-form",
    message: `once written again, it is not so any more that ${condition}`,
    notes: ["the failure depends on comments, names or an unusual encoding, which reducing takes away"],
  };
}

export function emptyScript(): Diagnostic {
  return { code: "reduce-no-command", message: "there is no command in the script to reduce" };
}

export function commandCannotRun(command: string, reason: string): Diagnostic {
  return { code: "reduce-command", message: `cannot run \`${command}\`: ${reason}` };
}
