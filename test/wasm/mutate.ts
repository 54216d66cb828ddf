/** Seeded damage to binary modules, mostly small enough to leave something that is still worth judging. */

/** Numbers from a seed (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
}

/** Types, common opcodes, prefixes, ends of LEB128. */
const TELLING_BYTES = Uint8Array.of(
  ...[
    0, 1, 2, 0x0b, 0x10, 0x1a, 0x20, 0x40, 0x41, 0x63, 0x64, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70,
  ],
  ...[0x71, 0x72, 0x73, 0x74, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff],
);
const HEADER_BYTES = 8;

/** A copy of `module` with one to three changes after its header. */
export function mutated(module: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = module.slice();
  for (let changes = 1 + random.below(3); changes > 0; changes--) bytes = changed(bytes, random);
  return bytes;
}

function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Math.max(1, bytes.length - HEADER_BYTES);
  const at = HEADER_BYTES + random.below(length);
  switch (random.below(8)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
    case 3:
      bytes[at] = TELLING_BYTES[random.below(TELLING_BYTES.length)]!;
      return bytes;
    case 4:
      bytes[at]! += 1;
      return bytes;
    case 5:
      bytes[at]! -= 1;
      return bytes;
    case 6:
      return inserted(bytes, at, random.below(256));
    default: {
      const from = HEADER_BYTES + random.below(length);
      bytes.copyWithin(at, from, from + 1 + random.below(6));
      return bytes;
    }
  }
}

function inserted(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes.subarray(0, at));
  longer[at] = byte;
  longer.set(bytes.subarray(at), at + 1);
  return longer;
}
