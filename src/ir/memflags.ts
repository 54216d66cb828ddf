/**
 * Memory flags of loads, stores and atomics, packed into one word:
 *
 *     bits 31 … 13         12 … 11                  10         9          8         7 … 0
 *     alias region + 1     endianness (1 big,       can_move   readonly   aligned   trap code, 0 for notrap
 *     (0 for none)         2 little, 0 unsaid)
 *
 * The default, which prints as nothing, may trap with `heap_oob`. Source: `cranelift/codegen/src/ir/memflags.rs`.
 */
import type { AliasRegion } from "./entities.ts";
import { NONE } from "./entities.ts";
import { HEAP_OUT_OF_BOUNDS, type TrapCode } from "./trap-codes.ts";

declare const flagsBrand: unique symbol;
export type MemFlags = number & { readonly [flagsBrand]: true };

export type Endianness = "big" | "little";

const TRAP_MASK = 0xff;
const ALIGNED = 1 << 8;
const READONLY = 1 << 9;
const CAN_MOVE = 1 << 10;
const BIG = 1 << 11;
const LITTLE = 1 << 12;
const REGION_SHIFT = 13;

/** Regions above this number do not fit and are refused by the parser. */
export const MAX_ALIAS_REGION: number = (1 << (31 - REGION_SHIFT)) - 2;

/** May trap with `heap_oob`, nothing else known. */
export const DEFAULT_MEMFLAGS: MemFlags = HEAP_OUT_OF_BOUNDS as number as MemFlags;
/** Neither traps nor is misaligned: `notrap aligned`. */
export const TRUSTED_MEMFLAGS: MemFlags = ALIGNED as MemFlags;

/** The code an access traps with, or `NO_TRAP`. */
export function memTrapCode(flags: MemFlags): TrapCode {
  return (flags & TRAP_MASK) as TrapCode;
}

export function withTrapCode(flags: MemFlags, code: TrapCode): MemFlags {
  return ((flags & ~TRAP_MASK) | code) as MemFlags;
}

export function isAligned(flags: MemFlags): boolean {
  return (flags & ALIGNED) !== 0;
}

export function withAligned(flags: MemFlags): MemFlags {
  return (flags | ALIGNED) as MemFlags;
}

export function isReadonly(flags: MemFlags): boolean {
  return (flags & READONLY) !== 0;
}

export function withReadonly(flags: MemFlags): MemFlags {
  return (flags | READONLY) as MemFlags;
}

export function isCanMove(flags: MemFlags): boolean {
  return (flags & CAN_MOVE) !== 0;
}

export function withCanMove(flags: MemFlags): MemFlags {
  return (flags | CAN_MOVE) as MemFlags;
}

export function endianness(flags: MemFlags): Endianness | null {
  if ((flags & BIG) !== 0) return "big";
  return (flags & LITTLE) !== 0 ? "little" : null;
}

export function withEndianness(flags: MemFlags, endian: Endianness): MemFlags {
  return ((flags & ~(BIG | LITTLE)) | (endian === "big" ? BIG : LITTLE)) as MemFlags;
}

/** The alias region, or `NONE`. */
export function aliasRegion(flags: MemFlags): AliasRegion | typeof NONE {
  const region = (flags >>> REGION_SHIFT) - 1;
  return region < 0 ? NONE : (region as AliasRegion);
}

export function withAliasRegion(flags: MemFlags, region: AliasRegion): MemFlags {
  return ((flags & ((1 << REGION_SHIFT) - 1)) | ((region + 1) << REGION_SHIFT)) as MemFlags;
}
