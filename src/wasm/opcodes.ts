/**
 * What is known of each opcode, by its id: the row of `src/meta/wasm-opcodes.ts`, in typed arrays.
 *
 * The generated file has the columns as plain lists; here they become typed arrays, and the way back from
 * bytes to ids is built.
 */
import {
  ALIGNMENTS,
  CLASSES,
  CODES,
  CONSTANTS,
  FEATURE_BITS,
  IMMEDIATES,
  LANES,
  OPCODE_NAMES,
  PREFIXES,
  SIGNATURE_DATA,
  SIGNATURES,
} from "./opcode-tables.gen.ts";

// How an opcode is validated (`OP_CLASS`).
/** By a function of its own. */
export const CLASS_IRREGULAR = 0;
/** Its signature says all. */
export const CLASS_PLAIN = 1;
/** Names a memory, whose address type is part of the signature. */
export const CLASS_MEMORY = 2;
/** Loads or stores: a memory, an alignment and an offset. */
export const CLASS_ACCESS = 3;
/** An atomic access, whose alignment must be the natural one. */
export const CLASS_ATOMIC = 4;
/** Names lanes. */
export const CLASS_LANE = 5;

/** In a signature: the address type of the memory that the immediates name. */
export const ADDRESS_TYPE = 6;

export const OPCODE_COUNT: number = OPCODE_NAMES.length;
export const OP_CLASS: Uint8Array = Uint8Array.from(CLASSES);
/** Which immediates follow, an `IMM_` constant of `opcode-tables.gen.ts`. */
export const OP_IMMEDIATES: Uint8Array = Uint8Array.from(IMMEDIATES);
/** Where the signature begins in `SIGNATURE`; 0 for an irregular opcode. */
export const OP_SIGNATURE: Uint16Array = Uint16Array.from(SIGNATURES);
/** Operand count, result count, operand types, result types of each distinct signature. */
export const SIGNATURE: Uint8Array = Uint8Array.from(SIGNATURE_DATA);
/** The features (as bits of a feature mask) any of which brings the opcode. */
export const OP_FEATURES: Uint32Array = Uint32Array.from(FEATURE_BITS);
/** Log2 of the natural alignment of a memory access, or -1. */
export const OP_ALIGN_LOG2: Int8Array = Int8Array.from(ALIGNMENTS);
/** How many lanes a lane immediate chooses from. */
export const OP_LANES: Uint8Array = Uint8Array.from(LANES);
/** 1: allowed in constant expressions; 2: with extended-const; 0: not. */
export const OP_CONSTANT: Uint8Array = Uint8Array.from(CONSTANTS);

/** The ids of the one-byte opcodes; -1 for a byte that is none. */
export const ONE_BYTE_OPCODES: Int16Array = idsUnder(0, 256);
const FIRST_PREFIX = 0xfb;
/** By prefix, from `FIRST_PREFIX` on: the ids by number. */
const PREFIXED: readonly Int16Array[] = [
  idsUnder(0xfb, 32),
  idsUnder(0xfc, 32),
  idsUnder(0xfd, 512),
  idsUnder(0xfe, 128),
];

function idsUnder(prefix: number, size: number): Int16Array {
  const ids = new Int16Array(size).fill(-1);
  for (let id = 0; id < PREFIXES.length; id++) if (PREFIXES[id] === prefix) ids[CODES[id]!] = id;
  return ids;
}

/** Whether `byte` is the first of an opcode with a prefix. */
export function isPrefix(byte: number): boolean {
  return byte >= FIRST_PREFIX && byte < FIRST_PREFIX + PREFIXED.length;
}

/** The id of the opcode with this prefix byte (0 for none) and number, or -1. */
export function opcodeId(prefix: number, code: number): number {
  if (prefix === 0) return ONE_BYTE_OPCODES[code] ?? -1;
  const ids = PREFIXED[prefix - FIRST_PREFIX];
  return ids !== undefined && code < ids.length ? ids[code]! : -1;
}

/** The name in the table, such as `i32.add`. */
export function opcodeName(op: number): string {
  return OPCODE_NAMES[op]!;
}

/** The prefix byte (0 for none) and the number of an opcode. */
export function opcodeBytes(op: number): { readonly prefix: number; readonly code: number } {
  return { prefix: PREFIXES[op]!, code: CODES[op]! };
}
