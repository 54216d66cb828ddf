/** Module text for tests, and what the decoder and validator say of it. */
import assert from "node:assert/strict";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { InputError } from "../../src/base/diagnostics.ts";
import { decodeAndValidate, type Features, type Module } from "../../src/wasm/index.ts";

/** The binary of a module's text; the text need not be valid, only well formed. */
export function wat(text: string): Promise<Uint8Array> {
  return parse(text);
}

/** Decodes and validates; fails the test if that fails. */
export async function accept(text: string, features?: Features): Promise<Module> {
  return decodeAndValidate(await wat(text), features);
}

/** The `InputError` that decoding and validating gives; fails the test if there is none or another error. */
export function refusal(bytes: Uint8Array, features?: Features): InputError {
  try {
    decodeAndValidate(bytes, features);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.diagnostic.place?.kind, "binary");
    return error;
  }
  assert.fail("accepted");
}

export async function refuse(text: string, message: RegExp, features?: Features): Promise<void> {
  const error = refusal(await wat(text), features);
  assert.match(error.message, message);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
