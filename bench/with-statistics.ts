/** A compiled module with its memory and the collector's statistics exported: the runtime's globals are its last. */
import { type CollectorName, collectorModule } from "../src/runtime/collectors.ts";
import { decodeModule } from "../src/wasm/decode.ts";
import { encodeModule } from "../src/wasm/encode.ts";
import { DEFAULT_FEATURES } from "../src/wasm/features.ts";
import type { Export } from "../src/wasm/module.ts";

export interface Statistics {
  readonly collections: { readonly value: number };
  readonly bytesAllocated: { readonly value: bigint };
  readonly bytesCopied: { readonly value: bigint };
  readonly liveBytes: { readonly value: number };
  readonly memory: { readonly buffer: ArrayBuffer };
}

export function withStatistics(compiled: Uint8Array, collector: CollectorName): Uint8Array {
  const module = decodeModule(compiled, DEFAULT_FEATURES);
  // A module without references has no runtime.
  if (module.memories.length === 0) return compiled;
  const runtime = collectorModule(collector);
  const base = module.globals.length - runtime.globals.length;
  const statistics = runtime.exports
    .filter(({ kind, name }) => kind === "global" && /^(collections|bytes|liveBytes)/.test(name))
    .map(({ name, kind, index }): Export => ({ name, kind, index: base + index, offset: 0 }));
  const memory: Export = { name: "memory", kind: "memory", index: 0, offset: 0 };
  return encodeModule({ ...module, exports: [...module.exports, memory, ...statistics] });
}
