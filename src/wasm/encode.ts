/** Encoding (in construction). */
import type { Module } from "./module.ts";

export function encodeModule(module: Module): Uint8Array {
  return module.bytes;
}
