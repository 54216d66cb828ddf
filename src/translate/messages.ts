/** What the translation refuses, by name and place. */
import type { Diagnostic } from "../base/diagnostics.ts";

export function unsupportedType(type: string, offset: number): Diagnostic {
  return {
    code: "compile-type",
    message: `values of type ${type} are not compiled yet`,
    place: { kind: "binary", offset },
  };
}

export function unsupportedOperator(name: string, offset: number): Diagnostic {
  return {
    code: "compile-operator",
    message: `${name} is not compiled yet`,
    place: { kind: "binary", offset },
  };
}
