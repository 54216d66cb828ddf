/**
 * The name section of a compiled module: what still names the same thing. Functions, globals, tables, memories and segments
 * keep their indices; locals, labels, types and fields do not, and their names would name others.
 */
import { ByteWriter } from "../base/byte-writer.ts";

/** Subsections: module, functions, tables, memories, globals, element and data segments, tags. */
const KEPT: ReadonlySet<number> = new Set([0, 1, 5, 6, 7, 8, 9, 11]);

/** The payload of a name section without the subsections that no longer fit; ends where the section is malformed. */
export function keptNames(payload: Uint8Array): Uint8Array {
  const out = new ByteWriter(payload.length);
  let at = 0;
  while (at < payload.length) {
    const start = at;
    const id = payload[at++]!;
    let size = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = payload[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    at += size;
    if (at > payload.length) break;
    if (KEPT.has(id)) out.range(payload, start, at);
  }
  return out.bytes();
}
