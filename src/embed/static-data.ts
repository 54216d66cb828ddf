/** Static data of an instance in the store's memory, ahead of its module: others may rely on it before the engine has started that. */
import { BinaryReader } from "../wasm/reader.ts";
import type { StoreMemory } from "./store-memory.ts";

const HEADER_BYTES = 8;
const DATA_SECTION = 11;
const ACTIVE = 0;
const PASSIVE = 1;
const I32_CONST = 0x41;
const ALL_FEATURES = -1;

/** Writes what a module that was linked for the store has active data for; its only memory is the store's. */
export function writeStaticData(module: Uint8Array, memory: StoreMemory): void {
  const reader = new BinaryReader(module, HEADER_BYTES, module.length, ALL_FEATURES);
  while (reader.pos < module.length) {
    const id = reader.u8();
    const bytes = reader.u32();
    if (id === DATA_SECTION) writeSegments(reader, module, memory);
    else reader.skip(bytes);
  }
}

function writeSegments(reader: BinaryReader, module: Uint8Array, memory: StoreMemory): void {
  for (let count = reader.u32(); count > 0; count--) {
    const flags = reader.u32();
    const address = flags === PASSIVE ? -1 : constant(reader, flags);
    const length = reader.u32();
    if (address >= 0) memory.writeBytes(address, module.subarray(reader.pos, reader.pos + length));
    reader.skip(length);
  }
}

function constant(reader: BinaryReader, flags: number): number {
  if (flags !== ACTIVE || reader.u8() !== I32_CONST) throw new Error("not a module of a store");
  const value = reader.s32() >>> 0;
  reader.u8();
  return value;
}
