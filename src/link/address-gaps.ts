/** Lists of addresses as a collector reads them (`runtime/assembly/heap.ts`): a large program has a hundred thousand. */
import { ByteWriter } from "../base/byte-writer.ts";

const LONG_GAP = 255;

/** How many words each but the first is behind the one before it, a byte each; 0 for 255 words with none. */
export function gapsOf(addresses: readonly number[]): Uint8Array {
  const out = new ByteWriter(addresses.length);
  for (let i = 1; i < addresses.length; i++) {
    let gap = (addresses[i]! - addresses[i - 1]!) / 4;
    if (gap <= 0 || !Number.isInteger(gap)) throw new Error("addresses of words come in order");
    for (; gap > LONG_GAP; gap -= LONG_GAP) out.byte(0);
    out.byte(gap);
  }
  return out.bytes();
}
