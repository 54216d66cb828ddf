/**
 * A module that has its own compiled code with it: the module as it was, and behind all of it a custom section that other engines do not look at.
 *
 *     "spillway.code"   the section's name
 *     version           of the compiler, as text: code is linked by the one that made it
 *     settings          `settingsText`
 *     checksums         of the module without the section, and of the code (`../base/checksum.ts`)
 *     code              `stored-code.ts`, to the end
 *
 * Texts are their length, in LEB128, and UTF-8. Code is taken as it is: who runs it trusts it as any code of a program's own. Nothing here
 * compiles, so what only restores code needs no compiler (`precompile.ts` has it).
 */
import { ByteCursor } from "../base/byte-cursor.ts";
import { checksum } from "../base/checksum.ts";
import { InputError } from "../base/diagnostics.ts";
import { VERSION } from "../base/version.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import { withCustomSection } from "../wasm/custom-section.ts";
import type { CodeOptions } from "./compile.ts";
import { restoredCode, settingsText } from "./stored-code.ts";

const SECTION_NAME = "spillway.code";
const HEADER_BYTES = 8;
const CUSTOM = 0;

interface Precompiled {
  /** Without the section. */
  readonly module: Uint8Array;
  readonly version: string;
  readonly settings: string;
  readonly checksums: string;
  readonly code: Uint8Array;
}

/** Whether a binary has compiled code with it. */
export function isPrecompiled(bytes: Uint8Array): boolean {
  return sectionOf(bytes) !== null;
}

/** The module without the code that it may have with it. */
export function withoutCode(bytes: Uint8Array): Uint8Array {
  return sectionOf(bytes)?.module ?? bytes;
}

/** The module with its code. */
export function withCode(module: Uint8Array, options: CodeOptions, code: Uint8Array): Uint8Array {
  const texts = [SECTION_NAME, VERSION, settingsText(options), checksums(module, code)];
  return withCustomSection(module, texts, code);
}

/** The code that a module has with it, for a store. Throws `InputError` for one that has none, or another's. */
export function precompiledCode(bytes: Uint8Array, options: CodeOptions): CompiledCode {
  const found = sectionOf(bytes);
  if (found === null) throw noCode();
  if (found.version !== VERSION)
    throw notUsable(`the module was compiled by version ${found.version}, and this is ${VERSION}`);
  if (found.checksums !== checksums(found.module, found.code))
    throw notUsable("the module, or the code that it has with it, was changed after it was compiled");
  if (found.settings !== settingsText(options))
    throw notUsable(
      `the module was compiled with other settings: ${found.settings}, not ${settingsText(options)}`,
    );
  const code = restoredCode(bytes, options, found.code);
  if (code === null) throw notUsable("the compiled code that the module has with it is damaged");
  return code;
}

function checksums(module: Uint8Array, code: Uint8Array): string {
  return checksum(module) + checksum(code);
}

export function noCode(): InputError {
  return notUsable("the module has no compiled code with it");
}

function notUsable(message: string): InputError {
  return new InputError({
    code: "precompiled",
    message,
    notes: ["spillway compile --emit precompiled makes a module that has its code with it"],
  });
}

/** The last section, if it is of that name; null for any other binary, whatever is wrong with it. */
function sectionOf(bytes: Uint8Array): Precompiled | null {
  const cursor = new ByteCursor(bytes.subarray(HEADER_BYTES));
  let end = HEADER_BYTES;
  let id = -1;
  let section = bytes.subarray(0, 0);
  let start = end;
  while (!cursor.isDone) {
    start = end;
    id = cursor.take(1)[0] ?? -1;
    section = cursor.take(cursor.count());
    if (cursor.isMalformed) return null;
    end = section.byteOffset - bytes.byteOffset + section.length;
  }
  if (id !== CUSTOM) return null;
  const content = new ByteCursor(section);
  if (textIn(content) !== SECTION_NAME) return null;
  const [version, settings, sums] = [textIn(content), textIn(content), textIn(content)];
  if (content.isMalformed) return null;
  return { module: bytes.subarray(0, start), version, settings, checksums: sums, code: content.rest() };
}

function textIn(cursor: ByteCursor): string {
  return new TextDecoder().decode(cursor.take(cursor.count()));
}
