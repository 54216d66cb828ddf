/**
 * A module that has its own compiled code with it: the module as it was, and behind all of it a custom section that other engines do not look at.
 *
 *     "spillway.code"   the section's name
 *     version           of the compiler, as text: code is linked by the one that made it
 *     settings          how it was compiled (`recorded-settings.ts`)
 *     checksums         of the module without the section, of the settings and of the code (`../base/checksum.ts`)
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
import { decodeModule } from "../wasm/decode.ts";
import type { Module } from "../wasm/module.ts";
import type { CodeOptions } from "./compile.ts";
import { readSettings, settingsText } from "./recorded-settings.ts";
import { restoredCode } from "./stored-code.ts";

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
  const settings = settingsText(options);
  const texts = [SECTION_NAME, VERSION, settings, checksums(module, settings, code)];
  return withCustomSection(module, texts, code);
}

/** The code that a module has with it, for a store. Throws `InputError` for one that has none, or another's. */
export function precompiledCode(bytes: Uint8Array): CompiledCode {
  const found = sectionOf(bytes);
  // What is no module at all is told by name.
  if (found === null) throw noCode(decodeModule(bytes));
  if (found.version !== VERSION) {
    throw notUsable(
      `the module was compiled by version ${found.version} of spillway, and this is ${VERSION}`,
      AGAIN,
    );
  }
  if (found.checksums !== checksums(found.module, found.settings, found.code))
    throw notUsable("the module, or the code that it has with it, was changed after it was compiled", AGAIN);
  const settings = readSettings(found.settings);
  const code = settings === null ? null : restoredCode(bytes, settings, found.code);
  if (code === null) {
    throw notUsable(
      "the compiled code that the module has with it is damaged, or of another build of this version",
      AGAIN,
    );
  }
  return code;
}

function checksums(module: Uint8Array, settings: string, code: Uint8Array): string {
  return [module, new TextEncoder().encode(settings), code].map(checksum).join("");
}

/** Why a module has none that can be used. */
export function noCode({ customs }: Module): InputError {
  if (customs.some(({ name }) => name === SECTION_NAME))
    return notUsable(
      "the module was changed after it was compiled: its compiled code is no longer its end",
      AGAIN,
    );
  return notUsable(
    "the module has no compiled code with it",
    "spillway compile --emit precompiled puts it there, and spillway/polyfill compiles modules that have none",
  );
}

const AGAIN = "compile it again: spillway compile --emit precompiled";

function notUsable(message: string, note: string): InputError {
  return new InputError({ code: "precompiled", message, notes: [note] });
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
