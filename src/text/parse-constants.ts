/**
 * Constants and flags in instructions and preamble: floating-point numbers, constant data as hexadecimal bytes or lane
 * by lane, memory flags.
 */
import { type AliasRegion, NONE } from "../ir/entities.ts";
import {
  DEFAULT_MEMFLAGS,
  endianness,
  MAX_ALIAS_REGION,
  type MemFlags,
  withAliasRegion,
  withAligned,
  withCanMove,
  withEndianness,
  withReadonly,
  withTrapCode,
} from "../ir/memflags.ts";
import { NO_TRAP } from "../ir/trap-codes.ts";
import {
  bytesOf,
  F16,
  F32,
  F64,
  F128,
  isFloat,
  isVector,
  laneCount,
  laneType,
  type Type,
} from "../ir/types.ts";
import { type FloatFormat, IEEE16, IEEE32, IEEE64, IEEE128, parseFloatText } from "./float-text.ts";
import { hexDigit } from "./integer-text.ts";
import { type Lexer, Tok } from "./lexer.ts";
import { badConstant, badFloat, bothEndians, outOfRange } from "./messages.ts";
import type { ParseContext } from "./parse-context.ts";
import { clifTypeName } from "./type-names.ts";
import { keyword } from "./words.ts";

const WORD_NOTRAP = keyword("notrap");
const WORD_ALIGNED = keyword("aligned");
const WORD_READONLY = keyword("readonly");
const WORD_CAN_MOVE = keyword("can_move");
const WORD_BIG = keyword("big");
const WORD_LITTLE = keyword("little");

/** Constants are at most one vector of 256 lanes of 128 bits. */
const MAX_CONSTANT_BYTES = 4096;
const MAX_FLOAT_LENGTH = 100;

/** Any number of flags; the first token that is none ends them. */
export function parseMemFlags(context: ParseContext): MemFlags {
  const { lexer } = context;
  let flags = DEFAULT_MEMFLAGS;
  for (;;) {
    if (lexer.kind === Tok.Value) return flags;
    if (lexer.kind === Tok.AliasRegion) {
      flags = parseRegion(context, flags);
    } else if (lexer.kind === Tok.Word && lexer.word === WORD_NOTRAP) {
      flags = withTrapCode(flags, NO_TRAP);
      lexer.next();
    } else {
      const changed = flagByWord(context, flags);
      if (changed === NONE) return flags;
      flags = changed as MemFlags;
      lexer.next();
    }
  }
}

function flagByWord(context: ParseContext, flags: MemFlags): MemFlags | typeof NONE {
  const { lexer } = context;
  const code = context.peekTrapCode();
  if (code !== NO_TRAP) return withTrapCode(flags, code);
  if (lexer.kind !== Tok.Word) return NONE;
  switch (lexer.word) {
    case WORD_ALIGNED:
      return withAligned(flags);
    case WORD_READONLY:
      return withReadonly(flags);
    case WORD_CAN_MOVE:
      return withCanMove(flags);
    case WORD_BIG:
    case WORD_LITTLE: {
      const endian = lexer.word === WORD_BIG ? "big" : "little";
      const present = endianness(flags);
      if (present !== null && present !== endian) lexer.fail(lexer.start, bothEndians);
      return withEndianness(flags, endian);
    }
    default:
      return NONE;
  }
}

/** The region need not be declared: that is for the verifier. */
function parseRegion(context: ParseContext, flags: MemFlags): MemFlags {
  const { lexer } = context;
  if (lexer.number > MAX_ALIAS_REGION) lexer.fail(lexer.start, outOfRange("the number of the alias region"));
  const region = lexer.number as AliasRegion;
  lexer.next();
  return withAliasRegion(flags, region);
}

/** The bits of a floating-point number of that width, or an error at it. */
export function parseFloatToken(context: ParseContext, format: FloatFormat): bigint {
  const { lexer } = context;
  const bits = format.exponentBits + format.trailingBits + 1;
  if (lexer.kind !== Tok.Float && lexer.kind !== Tok.Integer) {
    lexer.failExpected(`a ${bits}-bit floating-point number`);
  }
  const { start, stop } = lexer;
  if (stop - start > MAX_FLOAT_LENGTH) lexer.fail(start, badFloat(bits, "too many digits"));
  const number = parseFloatText(lexer.tokenText(), format);
  if (typeof number === "string") return lexer.fail(start, badFloat(bits, number));
  lexer.next();
  return number;
}

/** Constant data of a type, little-endian: `0x0102` (high bytes may be left out), or `[1 2 3 4]` for vectors. */
export function parseConstantData(context: ParseContext, type: Type): Uint8Array {
  const { lexer } = context;
  const { start } = lexer;
  const size = bytesOf(type);
  if (lexer.kind === Tok.LeftBracket) {
    if (!isVector(type)) lexer.fail(start, badConstant(`${clifTypeName(type)} has no lanes to list`));
    return parseLanes(context, type);
  }
  const bytes = parseHexConstant(context);
  if (bytes.length > size) {
    lexer.fail(
      start,
      badConstant(`a constant of ${clifTypeName(type)} has ${size} bytes, here are ${bytes.length}`),
    );
  }
  const whole = new Uint8Array(size);
  whole.set(bytes);
  return whole;
}

function parseLanes(context: ParseContext, type: Type): Uint8Array {
  const { lexer } = context;
  lexer.next();
  const lane = laneType(type);
  const size = bytesOf(lane);
  const bytes = new Uint8Array(bytesOf(type));
  for (let i = 0; i < laneCount(type); i++) {
    const bits = isFloat(lane)
      ? parseFloatToken(context, floatFormat(lane))
      : parseLaneInteger(context, size * 8);
    for (let b = 0; b < size; b++) bytes[i * size + b] = Number((bits >> BigInt(8 * b)) & 0xffn);
  }
  lexer.expect(Tok.RightBracket, `']' after ${laneCount(type)} lanes`);
  return bytes;
}

function parseLaneInteger(context: ParseContext, bits: number): bigint {
  const { lexer } = context;
  const { start } = lexer;
  const value = context.bigInteger(`a ${bits}-bit lane`);
  const limit = 1n << BigInt(bits);
  if (value >= limit || value < -(limit / 2n)) {
    lexer.fail(start, badConstant(`${value} does not fit into ${bits} bits`));
  }
  return value;
}

/** The format of a scalar floating-point type. */
export function floatFormat(type: Type): FloatFormat {
  switch (type) {
    case F16:
      return IEEE16;
    case F32:
      return IEEE32;
    case F64:
      return IEEE64;
    case F128:
      return IEEE128;
    default:
      throw new Error(`${clifTypeName(type)} is no floating-point type`);
  }
}

/** Bytes written as one hexadecimal number with an even number of digits, most significant first. */
export function parseHexConstant(context: ParseContext): Uint8Array {
  const { lexer } = context;
  const { source, start, stop } = lexer;
  const isHex =
    lexer.kind === Tok.Integer && stop - start > 2 && source[start] === 48 && source[start + 1] === 120;
  if (!isHex) lexer.failExpected("constant data such as 0x0123");
  const digits = hexDigits(lexer);
  if (digits.length % 2 !== 0) lexer.fail(start, badConstant("constant data has two digits for each byte"));
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const at = digits.length - 2 * i - 2;
    bytes[i] = (digits[at]! << 4) | digits[at + 1]!;
  }
  lexer.next();
  return bytes;
}

function hexDigits(lexer: Lexer): number[] {
  const { source, start, stop } = lexer;
  const digits: number[] = [];
  for (let at = start + 2; at < stop; at++) {
    if (source[at] === 95) continue;
    const digit = hexDigit(source[at]!);
    if (digit < 0) lexer.fail(start, badConstant("constant data has a character that is no digit"));
    if (digits.push(digit) > MAX_CONSTANT_BYTES * 2)
      lexer.fail(start, badConstant("constant data is too long"));
  }
  if (digits.length === 0) lexer.fail(start, badConstant("constant data has no digits"));
  return digits;
}
