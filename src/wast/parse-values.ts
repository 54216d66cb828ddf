/** Reads the values of a script: arguments of actions, and the patterns that results are compared with. */
import type { Lexer } from "./lexer.ts";
import { parseF32, parseF64, parseInteger } from "./literals.ts";
import * as messages from "./messages.ts";
import type {
  Expectation,
  LaneShape,
  NumberPattern,
  NumberType,
  ReferencePattern,
  ScriptValue,
} from "./script.ts";

const LANES: Readonly<Record<LaneShape, { type: NumberType | "i8" | "i16"; count: number; width: number }>> =
  {
    i8x16: { type: "i8", count: 16, width: 8 },
    i16x8: { type: "i16", count: 8, width: 16 },
    i32x4: { type: "i32", count: 4, width: 32 },
    i64x2: { type: "i64", count: 2, width: 64 },
    f32x4: { type: "f32", count: 4, width: 32 },
    f64x2: { type: "f64", count: 2, width: 64 },
  };

const NUMBER_TYPES: Readonly<Record<string, NumberType>> = {
  "i32.const": "i32",
  "i64.const": "i64",
  "f32.const": "f32",
  "f64.const": "f64",
};

const REFERENCE_KINDS: Readonly<Record<string, ReferencePattern>> = {
  "ref.func": "func",
  "ref.extern": "extern",
  "ref.host": "any",
  "ref.any": "any",
  "ref.eq": "eq",
  "ref.i31": "i31",
  "ref.struct": "struct",
  "ref.array": "array",
  "ref.exn": "exn",
};

/** Bits of one lane of `shape`. */
export function laneWidth(shape: LaneShape): number {
  return LANES[shape].width;
}

/** The lane type of `shape`; `i8` and `i16` exist only there. */
export function laneType(shape: LaneShape): NumberType | "i8" | "i16" {
  return LANES[shape].type;
}

/** Reads the token `kind` and moves on; fails with `what` where another stands. */
export function expectToken(lexer: Lexer, kind: "(" | ")" | "word" | "string", what: string): void {
  if (lexer.kind !== kind) failExpected(lexer, what);
  lexer.advance();
}

/** Fails with "expected `what`, found" the current token. */
export function failExpected(lexer: Lexer, what: string): never {
  const found = lexer.kind === "end" ? "the end of the script" : lexer.text().slice(0, 40);
  return lexer.fail(messages.expected(what, found));
}

/** The current word; fails where no word stands. */
export function expectWord(lexer: Lexer, what: string): string {
  if (lexer.kind !== "word") failExpected(lexer, what);
  const word = lexer.text();
  lexer.advance();
  return word;
}

/** Reads one parenthesised argument. */
export function parseArgument(lexer: Lexer): ScriptValue {
  const open = lexer.start;
  expectToken(lexer, "(", "a value");
  const keyword = expectWord(lexer, "a constant");
  const value = argument(lexer, keyword, open);
  expectToken(lexer, ")", ") after the value");
  return value;
}

function argument(lexer: Lexer, keyword: string, open: number): ScriptValue {
  const type = NUMBER_TYPES[keyword];
  if (type !== undefined) return { type, bits: exactNumber(lexer, type) };
  if (keyword === "v128.const") {
    const { shape, lanes } = parseLanes(lexer);
    let bits = 0n;
    for (let i = lanes.length - 1; i >= 0; i--) {
      const lane = lanes[i]!;
      if (typeof lane === "string") lexer.fail(messages.badNumber(LANES[shape].type, lane), open);
      bits = (bits << BigInt(LANES[shape].width)) | lane;
    }
    return { type: "v128", low: BigInt.asUintN(64, bits), high: bits >> 64n };
  }
  if (keyword === "ref.null") return { type: "ref.null", heap: expectWord(lexer, "a heap type") };
  if (keyword === "ref.extern" || keyword === "ref.host") return { type: keyword, host: hostNumber(lexer) };
  return lexer.fail(messages.expected("a constant", keyword.slice(0, 40)), open);
}

/** Reads one expected result. Choices within `(either …)` do not nest. */
export function parseExpectation(lexer: Lexer, nested = false): Expectation {
  const open = lexer.start;
  expectToken(lexer, "(", "an expected result");
  const keyword = expectWord(lexer, "an expected result");
  let expectation: Expectation;
  if (keyword === "either" && !nested) {
    const choices: Expectation[] = [];
    while (lexer.kind === "(") choices.push(parseExpectation(lexer, true));
    expectation = { type: "either", choices };
  } else expectation = expectedResult(lexer, keyword, open);
  expectToken(lexer, ")", ") after the expected result");
  return expectation;
}

function expectedResult(lexer: Lexer, keyword: string, open: number): Expectation {
  const type = NUMBER_TYPES[keyword];
  if (type !== undefined) return { type, pattern: numberPattern(lexer, type) };
  if (keyword === "v128.const") return { type: "v128", ...parseLanes(lexer) };
  if (keyword === "ref.null") {
    return lexer.kind === "word"
      ? { type: "ref.null", heap: expectWord(lexer, "a heap type") }
      : { type: "ref.null" };
  }
  const kind = REFERENCE_KINDS[keyword];
  if (kind === undefined) lexer.fail(messages.expected("an expected result", keyword.slice(0, 40)), open);
  if (lexer.kind !== "word") return { type: "ref", kind };
  if (keyword === "ref.extern" || keyword === "ref.host")
    return { type: "ref", kind, host: hostNumber(lexer) };
  // `(ref.func 7)` names an index that no result can be asked for: any function will do.
  if (keyword === "ref.func") lexer.advance();
  return { type: "ref", kind };
}

function hostNumber(lexer: Lexer): number {
  const at = lexer.start;
  const word = expectWord(lexer, "the number of a host reference");
  const value = parseInteger(word, 32);
  if (value === null) lexer.fail(messages.badNumber("host reference", word), at);
  return Number(value);
}

function exactNumber(lexer: Lexer, type: NumberType | "i8" | "i16"): bigint {
  const at = lexer.start;
  const word = expectWord(lexer, `a ${type} number`);
  const bits = parseNumber(word, type);
  if (bits === null) lexer.fail(messages.badNumber(type, word), at);
  return bits;
}

function parseNumber(word: string, type: NumberType | "i8" | "i16"): bigint | null {
  if (type === "f64") return parseF64(word);
  if (type === "f32") {
    const bits = parseF32(word);
    return bits === null ? null : BigInt(bits);
  }
  return parseInteger(word, Number(type.slice(1)));
}

function numberPattern(lexer: Lexer, type: NumberType | "i8" | "i16"): NumberPattern {
  if (lexer.kind === "word" && type.startsWith("f")) {
    const word = lexer.text();
    if (word === "nan:canonical" || word === "nan:arithmetic") {
      lexer.advance();
      return word;
    }
  }
  return exactNumber(lexer, type);
}

function parseLanes(lexer: Lexer): { shape: LaneShape; lanes: NumberPattern[] } {
  const at = lexer.start;
  const shape = expectWord(lexer, "a lane shape");
  if (!Object.hasOwn(LANES, shape)) lexer.fail(messages.expected("a lane shape", shape.slice(0, 40)), at);
  const { type, count } = LANES[shape as LaneShape];
  const lanes: NumberPattern[] = [];
  while (lexer.kind === "word" && lanes.length <= count) lanes.push(numberPattern(lexer, type));
  if (lanes.length !== count) lexer.fail(messages.wrongLaneCount(shape, count), at);
  return { shape: shape as LaneShape, lanes };
}
