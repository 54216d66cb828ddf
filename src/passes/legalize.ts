/**
 * What a function of any CLIF needs before the backend can take it: the passes that take out what Wasm does not have, each
 * of which says what it needs. What is translated from Wasm needs none of them. Throws `InputError` for what cannot be taken out.
 */
import type { Function } from "../ir/function.ts";
import { expandAtomics } from "./expand-atomics.ts";
import { expandLanes } from "./expand-lanes.ts";
import { makeLittleEndian } from "./make-little-endian.ts";
import { splitWideIntegers } from "./split-wide-integers.ts";
import { widenVectors } from "./widen-vectors.ts";

export function legalize(func: Function): void {
  splitWideIntegers(func);
  widenVectors(func);
  expandAtomics(func);
  makeLittleEndian(func);
  expandLanes(func);
}
