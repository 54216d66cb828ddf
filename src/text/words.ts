/**
 * The words of CLIF text: opcodes, types, conditions, flags, keywords. One hash table over bytes finds a word without
 * making a string; what a word means in each role is a column by word number.
 *
 * The hash is computed by the lexer while it scans (`hash = hash * 31 + byte`, 32 bits), also for the part before
 * trailing digits, so that `block12` finds `block`.
 */
import { ATOMIC_OPS, FLOAT_CONDITIONS, INT_CONDITIONS } from "../ir/conditions.ts";
import { OPCODE_COUNT, opcodeName } from "../ir/opcodes.ts";
import { CALL_CONVS } from "../ir/signature.ts";
import { BAD_CONVERSION_TO_INTEGER, MAX_USER_TRAP, type TrapCode, trapName } from "../ir/trap-codes.ts";
import { dynamicOf, INVALID, laneCount, laneType, type Type, typeName, typeOfName } from "../ir/types.ts";

/** Words that the grammar itself has, numbered in the order of this list from 1 on. */
const KEYWORDS = [
  "function",
  "test",
  "set",
  "target",
  "feature",
  "cold",
  "types",
  "explicit_slot",
  "explicit_dynamic_slot",
  "align",
  "key",
  "vmctx",
  "load",
  "iadd_imm",
  "symbol",
  "dyn_scale_target_const",
  "colocated",
  "patchable",
  "tls",
  "stack_limit",
  "stack_map",
  "default",
  "context",
  "uext",
  "sext",
  "sret",
  "sarg",
  "normal",
  "notrap",
  "aligned",
  "readonly",
  "can_move",
  "big",
  "little",
  "NaN",
  "Inf",
  "sNaN",
  "needs-stack-map",
  "pointer-type",
  "no-collect",
] as const;

/** Numbered entities: the letters before the number. */
const PREFIXES = [
  "v",
  "block",
  "ss",
  "dss",
  "dt",
  "gv",
  "const",
  "fn",
  "sig",
  "u",
  "userextname",
  "tag",
  "region",
  "ret",
  "exn",
  "user",
] as const;

type Keyword = (typeof KEYWORDS)[number];

const names: string[] = [""];
const numbers = new Map<string, number>();

function declare(name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, names.push(name) - 1);
  return names.length - 1;
}

for (const keyword of KEYWORDS) declare(keyword);
for (const prefix of PREFIXES) declare(prefix);

/** The number of a keyword. */
export function keyword(name: Keyword): number {
  return numbers.get(name)!;
}

/** The number of an entity's prefix. */
export function prefixWord(name: (typeof PREFIXES)[number]): number {
  return numbers.get(name)!;
}

const CAPACITY = 1024;

/** Meanings of a word by its number; 0 where it has none in that role. Lists count from 1. */
export const WORD_OPCODE: Uint8Array = new Uint8Array(CAPACITY);
export const WORD_TYPE: Uint16Array = new Uint16Array(CAPACITY);
/** `I32x4xN`, as it stands after `types::`. */
export const WORD_DYNAMIC_TYPE: Uint16Array = new Uint16Array(CAPACITY);
export const WORD_INT_CONDITION: Uint8Array = new Uint8Array(CAPACITY);
export const WORD_FLOAT_CONDITION: Uint8Array = new Uint8Array(CAPACITY);
export const WORD_ATOMIC_OP: Uint8Array = new Uint8Array(CAPACITY);
export const WORD_CALL_CONV: Uint8Array = new Uint8Array(CAPACITY);
export const WORD_TRAP: Uint8Array = new Uint8Array(CAPACITY);

function declareList(column: Uint8Array, list: readonly string[]): void {
  list.forEach((name, i) => {
    column[declare(name)] = i + 1;
  });
}

for (let op = 1; op <= OPCODE_COUNT; op++) WORD_OPCODE[declare(opcodeName(op))] = op;
declareList(WORD_INT_CONDITION, INT_CONDITIONS);
declareList(WORD_FLOAT_CONDITION, FLOAT_CONDITIONS);
declareList(WORD_ATOMIC_OP, ATOMIC_OPS);
declareList(WORD_CALL_CONV, CALL_CONVS);
for (let code = MAX_USER_TRAP + 1; code <= BAD_CONVERSION_TO_INTEGER; code++) {
  WORD_TRAP[declare(trapName(code as TrapCode))] = code;
}
for (const lane of ["i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128"]) {
  declareType(typeOfName(lane));
  for (let lanes = 2; lanes <= 256; lanes *= 2) declareType(typeOfName(`${lane}x${lanes}`));
}

function declareType(type: Type): void {
  WORD_TYPE[declare(typeName(type))] = type;
  const dynamic = dynamicOf(type);
  if (dynamic === INVALID) return;
  const name = `${typeName(laneType(type)).toUpperCase()}x${laneCount(type)}xN`;
  WORD_DYNAMIC_TYPE[declare(name)] = dynamic;
}

/** The word of that number. */
export function wordName(word: number): string {
  return names[word]!;
}

// The hash table: word numbers by hash, then their bytes to compare with.

const SLOTS = 4096;
const slots = new Uint16Array(SLOTS);
const hashes = new Int32Array(CAPACITY);
const starts = new Uint16Array(CAPACITY);
const lengths = new Uint8Array(CAPACITY);
const letters = new Uint8Array(names.join("").length);

export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}

let used = 0;
for (let word = 1; word < names.length; word++) {
  const name = names[word]!;
  let hash = 0;
  starts[word] = used;
  lengths[word] = name.length;
  for (let i = 0; i < name.length; i++) {
    letters[used++] = name.charCodeAt(i);
    hash = hashStep(hash, name.charCodeAt(i));
  }
  hashes[word] = hash;
  let slot = slotOf(hash);
  while (slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
  slots[slot] = word;
}

/** The number of the word `source[start..stop)` with that hash, or 0. */
export function findWord(source: Uint8Array, start: number, stop: number, hash: number): number {
  for (let slot = slotOf(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
    const word = slots[slot]!;
    if (word === 0) return 0;
    if (hashes[word] === hash && sameBytes(word, source, start, stop)) return word;
  }
}

function sameBytes(word: number, source: Uint8Array, start: number, stop: number): boolean {
  if (lengths[word] !== stop - start) return false;
  let at = starts[word]!;
  for (let i = start; i < stop; i++) {
    if (letters[at++] !== source[i]) return false;
  }
  return true;
}
