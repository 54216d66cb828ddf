/** How large the sections of a binary are, for reports, and where its bodies lie. */
import { type ByteRange, SECTION_NAMES } from "./module.ts";
import { BinaryReader } from "./reader.ts";

export interface SectionSize {
  /** `code`, or `custom "name"`. */
  readonly name: string;
  /** With its id and its length. */
  readonly bytes: number;
}

const HEADER_BYTES = 8;

/** The sections of a module that has been decoded, in order. */
export function sectionSizes(bytes: Uint8Array): SectionSize[] {
  const sizes: SectionSize[] = [];
  const reader = new BinaryReader(bytes, HEADER_BYTES, bytes.length, 0);
  while (reader.pos < bytes.length) {
    const start = reader.pos;
    const id = reader.u8();
    const size = reader.u32();
    const end = reader.pos + size;
    const name = id === 0 ? `custom ${JSON.stringify(reader.name())}` : SECTION_NAMES[id]!;
    sizes.push({ name, bytes: end - start });
    reader.pos = end;
  }
  return sizes;
}

const CODE_SECTION = 10;

/** Where the bodies of a module that has been decoded lie in its bytes, without the size in front of each. */
export function bodyRanges(bytes: Uint8Array): ByteRange[] {
  const ranges: ByteRange[] = [];
  const reader = new BinaryReader(bytes, HEADER_BYTES, bytes.length, 0);
  while (reader.pos < bytes.length) {
    const id = reader.u8();
    const size = reader.u32();
    const end = reader.pos + size;
    if (id === CODE_SECTION) {
      for (let count = reader.u32(); count > 0; count--) {
        const length = reader.u32();
        ranges.push({ start: reader.pos, end: reader.pos + length });
        reader.pos += length;
      }
    }
    reader.pos = end;
  }
  return ranges;
}
