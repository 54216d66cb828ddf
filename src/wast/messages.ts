/** Every sentence that the reader of `.wast` scripts and of module text says about bad input. */
import { InputError } from "../base/diagnostics.ts";

/** A fault at `line`:`column` (both from 1) of a script. */
export function syntaxError(message: string, line: number, column: number): InputError {
  return new InputError({ code: "wast-syntax", message, place: { kind: "text", line, column } });
}

/** A fault that `wasm-tools` or `wabt` found in a module's text. */
export function textError(message: string, line: number, column: number): InputError {
  return new InputError({ code: "wat-syntax", message, place: { kind: "text", line, column } });
}

/** A fault in a module's text without a place. */
export function textErrorAnywhere(message: string, notes: readonly string[] = []): InputError {
  return new InputError({ code: "wat-syntax", message, notes });
}

export function noTextParser(): InputError {
  return new InputError({
    code: "wat-no-parser",
    message: "module text needs @bytecodealliance/jco-transpile, which is not installed",
    notes: [
      "install the npm package: npm install @bytecodealliance/jco-transpile; or give the module as a binary",
    ],
  });
}

/** The complaint about a text that may have legacy exceptions, which only another parser reads. */
export function noLegacyParser({ diagnostic }: InputError): InputError {
  const note =
    "legacy exceptions in text are read by the npm package wabt, which is not installed: npm install wabt";
  return new InputError({ ...diagnostic, notes: [...(diagnostic.notes ?? []), note] });
}

/** The compiler made of a valid module one that the target does not take. */
export function badOutput(why: string): InputError {
  return new InputError({ code: "wast-bad-output", message: why });
}

export const MALFORMED_UTF8 = "malformed UTF-8 encoding";
export const UNTERMINATED_COMMENT = "unterminated block comment";
export const UNTERMINATED_STRING = "unterminated string";
export const CONTROL_IN_STRING = "a string cannot contain a line break or a control character";
export const BAD_ESCAPE = "unknown escape sequence in a string";
export const BAD_CODE_POINT = "\\u{…} must name a Unicode scalar value";
export const UNCLOSED = "this ( is never closed";
export const STRAY_CLOSE = "unexpected )";
export const THREADS_TOO_DEEP = "threads are nested too deeply";

export function expected(what: string, found: string): string {
  return `expected ${what}, found ${found}`;
}

export function unknownCommand(keyword: string): string {
  return `unknown script command ${keyword}`;
}

export function badNumber(type: string, text: string): string {
  return `${type} constant is malformed or out of range: ${text.slice(0, 60)}`;
}

export function wrongLaneCount(shape: string, lanes: number): string {
  return `v128.const ${shape} takes ${lanes} lanes`;
}
