/** What the linker refuses, by name. */
import type { Diagnostic } from "../base/diagnostics.ts";

export function notLinkedYet(what: string, offset: number): Diagnostic {
  return {
    code: "link-unsupported",
    message: `${what} cannot be compiled yet`,
    place: { kind: "binary", offset },
  };
}
