/**
 * Our verdict beside V8's.
 *
 * V8 differs from the specification in ways that were looked into one by one; each has a row here, and a
 * difference that fits none fails. The features are those that V8 has.
 */
import { InputError } from "../../src/base/diagnostics.ts";
import { decodeAndValidate, type Features, parseFeatures } from "../../src/wasm/index.ts";
import { hostAccepts, hostRefusal } from "./host-engine.ts";

export const V8_FEATURES: Features = parseFeatures("-wide-arithmetic,-custom-page-sizes");

/** What V8 refuses although it is valid, by what it says. */
const V8_REFUSES: readonly RegExp[] = [
  // Sizes beyond what it would allocate.
  /(memory|table) size \(\d+ (pages|elements)\) is larger than implementation limit/,
  // Both dialects of exceptions in one module are each fine; V8 wants one. It compares notes between threads
  // that validate in parallel, so that it does not always see it (always with --single-threaded).
  /module uses a mix of legacy and new exception handling instructions/,
  // Bounds of 32-bit memories and tables have 64 bits since memory64; V8 reads 32 of them.
  /length overflow while decoding (initial|maximum) size/,
];

/** What V8 accepts although it is invalid, by what we say. */
const V8_ACCEPTS: readonly RegExp[] = [
  // A label that takes nothing takes no reference either.
  /^type mismatch: the label must take a reference last \(at br_on_non_null\)/,
  // After a branch, `ref.as_non_null` and its like give some reference; V8 lets it be a number.
  /^type mismatch: expected .*, found \(ref bot\)/,
  // `ref.eq` on an operand below which nothing is known.
  /^type mismatch: expected eqref, found .* \(at ref\.eq\)/,
  // After its end, a loop gives what it declares; V8 leaves the narrower types that are on the stack.
  /^type mismatch: expected \(?\S*ref.*, found \(?\S*ref/,
  // An empty element segment of numbers.
  /^malformed reference type/,
];

export interface Verdict {
  readonly accepted: boolean;
  /** Both said the same. */
  readonly agreed: boolean;
  /** A difference that nobody looked into yet, or "". */
  readonly unexplained: string;
}

const TRIES = 50;

/** Why the host refuses the module; "" if it accepts it every time that it is asked again. */
function repeatedRefusal(bytes: Uint8Array): string {
  for (let i = 0; i < TRIES; i++) {
    const refusal = hostRefusal(bytes);
    if (refusal !== "") return refusal;
  }
  return "";
}

/** Judges `bytes` here and in V8; throws only what is our own failure. */
export function compareWithHost(bytes: Uint8Array): Verdict {
  const host = hostAccepts(bytes);
  let message = "";
  try {
    decodeAndValidate(bytes, V8_FEATURES);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    message = error.message;
  }
  const accepted = message === "";
  if (accepted === host) return { accepted, agreed: true, unexplained: "" };
  const said = host ? message : repeatedRefusal(bytes);
  // The second look at a verdict that depends on threads.
  if (said === "") return { accepted, agreed: true, unexplained: "" };
  const known = (host ? V8_ACCEPTS : V8_REFUSES).some((pattern) => pattern.test(said));
  const unexplained = known ? "" : host ? `V8 accepts, we say: ${said}` : `we accept, V8 says: ${said}`;
  return { accepted, agreed: false, unexplained };
}
