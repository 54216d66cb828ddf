/** A custom section behind all others of a module. */
import { ByteWriter } from "../base/byte-writer.ts";

const CUSTOM = 0;
/** Of an id and a length. */
const HEADER_BYTES = 6;

/** The module with the section, which has the texts, each its length and UTF-8, the section's name first, and then `content`. No offset in the module changes. */
export function withCustomSection(
  module: Uint8Array,
  texts: readonly string[],
  content: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const payload = new ByteWriter(content.length + 256);
  for (const text of texts) {
    const encoded = new TextEncoder().encode(text);
    payload.u32(encoded.length);
    payload.append(encoded);
  }
  payload.append(content);
  const out = new ByteWriter(module.length + payload.length + HEADER_BYTES);
  out.append(module);
  out.byte(CUSTOM);
  out.u32(payload.length);
  out.append(payload.bytes());
  return out.bytes().slice();
}
