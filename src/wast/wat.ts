/**
 * Module text to binary and back, by `wasm-tools`, the parser that Wasmtime itself uses; loaded when text first
 * comes in. Text with legacy exceptions, which it does not read, goes through `wabt` where that is installed.
 *
 * What wasm-tools refuses without need is mended first: control characters of bidirectional text, which it takes
 * for an attack, become escapes (they can only stand in strings and comments). Its errors are the debug form
 * of a Rust value, of which only line, column and message are kept.
 */
import { InputError } from "../base/diagnostics.ts";
import * as messages from "./messages.ts";

interface WasmTools {
  parse(text: string): Promise<Uint8Array>;
  print(bytes: Uint8Array): Promise<string>;
}

/** The part of wabt's JavaScript interface that is used; it is optional, so its own types are not named. */
interface Wabt {
  parseWat(fileName: string, text: string, features: Record<string, boolean>): WabtModule;
}
interface WabtModule {
  toBinary(options: Record<string, boolean>): { buffer: Uint8Array };
  destroy(): void;
}

const WABT_FEATURES: Readonly<Record<string, boolean>> = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  extended_const: true,
  multi_memory: true,
};

/** `try`, `rethrow` and `delegate` are words of the legacy proposal only. */
const LEGACY_WORD = /[\s()](?:try|rethrow|delegate)(?=[\s()])/;
const BIDIRECTIONAL = /[\u202a-\u202e\u2066-\u206f]/g;

let wasmTools: Promise<WasmTools> | null = null;
let wabt: Promise<Wabt | null> | null = null;

function loadWasmTools(): Promise<WasmTools> {
  wasmTools ??= importWasmTools();
  return wasmTools;
}

/** It is an optional peer: it brings 100 MB along, and programs have binaries. */
async function importWasmTools(): Promise<WasmTools> {
  try {
    return await import("@bytecodealliance/jco-transpile/wasm-tools");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw messages.noTextParser();
  }
}

function loadWabt(): Promise<Wabt | null> {
  wabt ??= importWabt();
  return wabt;
}

async function importWabt(): Promise<Wabt | null> {
  const name: string = "wabt";
  try {
    const loaded = (await import(name)) as { default: () => Promise<Wabt> };
    return await loaded.default();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}

/** Whether text with legacy exceptions can be read here. */
export async function canReadLegacyText(): Promise<boolean> {
  return (await loadWabt()) !== null;
}

/** Whether `text` has words of the legacy exceptions proposal (they may stand in a comment). */
export function looksLegacy(text: string): boolean {
  return LEGACY_WORD.test(text);
}

/**
 * The binary of a module's text: `(module …)`, or its fields alone. Throws an `InputError`, with line and column
 * where the parser gives them.
 */
export async function textToBinary(text: string): Promise<Uint8Array> {
  const { parse } = await loadWasmTools();
  try {
    return await parse(text.replace(BIDIRECTIONAL, escapeCharacter));
  } catch (error) {
    const failure = readFailure(error);
    if (failure instanceof InputError && looksLegacy(text)) return legacyTextToBinary(text, failure);
    throw failure;
  }
}

/** The text of a binary module, as wasm-tools prints it. Throws an `InputError` where it cannot be read. */
export async function binaryToText(bytes: Uint8Array): Promise<string> {
  const { print } = await loadWasmTools();
  try {
    return await print(bytes);
  } catch (error) {
    throw readFailure(error);
  }
}

/** `failure`: what the other parser says, which stands where there is no library for it. */
async function legacyTextToBinary(text: string, failure: InputError): Promise<Uint8Array> {
  const library = await loadWabt();
  if (library === null) throw messages.noLegacyParser(failure);
  let module: WabtModule | null = null;
  try {
    module = library.parseWat("", text, WABT_FEATURES);
    // The library's memory holds the buffer: keep a copy.
    return module.toBinary({ write_debug_names: true }).buffer.slice();
  } catch (error) {
    const refusal = readWabtFailure(error);
    // After a trap within it (a stack overflow, say) the library is of no more use: the next text gets a new one.
    if (refusal === null) {
      wabt = null;
      module = null;
    }
    throw refusal ?? gaveUp(error);
  } finally {
    module?.destroy();
  }
}

/** A trap inside a parser: a text beyond what it was made for. */
function gaveUp(error: unknown): InputError {
  const why = error instanceof Error ? error.message : String(error);
  return messages.textErrorAnywhere("the parser of module text gave up", [why]);
}

function escapeCharacter(character: string): string {
  return `\\u{${character.charCodeAt(0).toString(16)}}`;
}

/** In Rust's debug form: where, with the line, then `kind: Custom("message")` or the name of a lexical error. */
const RUST_PLACE = /text: Some\(Text \{ line: (\d+), col: (\d+), snippet: "/;
/** The line and the message may quote megabytes: the one is skipped without a pattern, the other is cut. */
const RUST_CUSTOM = /kind: Custom\("((?:[^"\\]|\\.){0,400})/;
const RUST_KIND = /kind: (?:Lex\()?([A-Za-z]+)/;

/** The `InputError` for what wasm-tools threw; what is no complaint about the input comes back as it is. */
function readFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const payload = (error as { payload?: unknown }).payload;
  if (error instanceof RangeError || error.name === "RuntimeError") return gaveUp(error);
  if (typeof payload !== "string") return error;
  const place = RUST_PLACE.exec(payload);
  if (place === null) return messages.textErrorAnywhere(payload.split("\n", 1)[0]!.slice(0, 400));
  const rest = payload.slice(endOfQuotation(payload, place.index + place[0].length)).slice(0, 2000);
  const custom = RUST_CUSTOM.exec(rest);
  const kind = custom?.[1]?.replace(/\\(.)/g, "$1") ?? lexicalError(RUST_KIND.exec(rest)?.[1] ?? "");
  return messages.textError(kind, Number(place[1]) + 1, Number(place[2]) + 1);
}

/** The offset after the quotation mark that ends the debug form of a string, whose content begins at `start`. */
function endOfQuotation(payload: string, start: number): number {
  let at = start;
  while (at < payload.length && payload[at] !== '"') at += payload[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** `LoneUnderscore` → `lone underscore`. */
function lexicalError(name: string): string {
  if (name === "" || name === "Unexpected") return "unexpected character";
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

const WABT_MESSAGE = /^(\d+):(\d+): error: (.*)$/m;

/** `null` for what is not about the text. */
function readWabtFailure(error: unknown): InputError | null {
  const match = WABT_MESSAGE.exec(error instanceof Error ? error.message : String(error));
  if (match === null) return null;
  return messages.textError(match[3]!.replace(/\.$/, ""), Number(match[1]), Number(match[2]));
}
