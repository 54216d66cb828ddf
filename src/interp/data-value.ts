/** Values at the edge of the interpreter: a type and its bytes, lane 0 first, little-endian. */
import { bytesOf, type Type } from "../ir/types.ts";
import type { Machine } from "./machine.ts";
import { cellsOf } from "./type-sizes.ts";

export interface DataValue {
  readonly type: Type;
  /** As many as the type has. */
  readonly bytes: Uint8Array;
}

export function sameValue(a: DataValue, b: DataValue): boolean {
  return a.type === b.type && a.bytes.every((byte, i) => byte === b.bytes[i]);
}

/** An integer of the type's width, from any BigInt. */
export function intValue(type: Type, value: bigint): DataValue {
  const bytes = new Uint8Array(bytesOf(type));
  let rest = value;
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(BigInt.asUintN(8, rest));
  return { type, bytes };
}

/** The bytes as one unsigned integer. */
export function unsignedOf(value: DataValue): bigint {
  let result = 0n;
  for (let i = value.bytes.length - 1; i >= 0; i--) result = (result << 8n) | BigInt(value.bytes[i]!);
  return result;
}

/** Puts values into `transfer`, one after another. */
export function writeTransfer(m: Machine, values: readonly DataValue[]): void {
  let cells = 0;
  for (const value of values) cells += cellsOf(value.type);
  m.reserveTransfer(cells);
  let cell = 0;
  for (const { type, bytes } of values) {
    const start = cell * 8;
    m.transferBytes.set(bytes, start);
    if (bytes.length < 4) {
      const shift = 32 - 8 * bytes.length;
      m.transfer[start >> 2] = (m.transfer[start >> 2]! << shift) >> shift;
    }
    cell += cellsOf(type);
  }
}

/** Takes values of these types out of `transfer`. */
export function readTransfer(m: Machine, types: readonly Type[]): DataValue[] {
  let cell = 0;
  return types.map((type) => {
    const bytes = m.transferBytes.slice(cell * 8, cell * 8 + bytesOf(type));
    cell += cellsOf(type);
    return { type, bytes };
  });
}
