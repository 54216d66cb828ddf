/** Decoding (in construction). */
import type { Features } from "./features.ts";
import { MAGIC, malformed } from "./messages.ts";
import type { Module } from "./module.ts";

export function decodeModule(_bytes: Uint8Array, _features?: Features): Module {
  throw malformed(MAGIC, 0);
}
