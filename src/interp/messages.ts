/** What the interpreter says of programs it does not run. */
import { InputError } from "../base/diagnostics.ts";
import { type Opcode, opcodeName } from "../ir/opcodes.ts";
import { INVALID, type Type, typeName } from "../ir/types.ts";

/** An opcode, or an opcode on a type, that has no semantics here. */
export function refusedOpcode(op: Opcode, type: Type): InputError {
  const on = type === INVALID ? "" : ` on ${typeName(type)}`;
  return new InputError({
    code: "interp-refused",
    message: `the interpreter does not run ${opcodeName(op)}${on}`,
  });
}

export function missingFunction(name: string): InputError {
  return new InputError({ code: "interp-missing-function", message: `there is no function ${name} to call` });
}

export function tooManyArguments(words: number): InputError {
  return new InputError({
    code: "interp-too-large",
    message: `a branch passes ${words} words of arguments, more than the interpreter takes`,
  });
}

export function tooMuchMemory(): InputError {
  return new InputError({ code: "interp-memory", message: "the program touches too much memory" });
}

export function emptyFunction(): InputError {
  return new InputError({ code: "interp-empty", message: "the function has no blocks to run" });
}
