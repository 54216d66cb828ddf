/** Everything the spiller says about its input. */
import type { Diagnostic } from "../../base/diagnostics.ts";

export function unknownDeclared(value: number): Diagnostic {
  return {
    code: "spill-unknown-value",
    message: `v${value} is declared to need a stack map but is not defined`,
  };
}

export function unspillableType(value: number, type: string): Diagnostic {
  return {
    code: "spill-type",
    message: `v${value} of type ${type} cannot have a stack slot`,
    notes: [`values of up to 16 bytes that are no dynamic vectors can`],
  };
}
