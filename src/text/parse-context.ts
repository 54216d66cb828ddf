/**
 * What the parts of the parser share: the lexer, the function being filled, and how the small things are read.
 *
 * Entities may be used before they are defined and their numbers may have gaps, which upstream fills with
 * placeholders. Placeholders cost memory that the text does not pay for, so a whole file has a budget for them, in
 * proportion to its size: a ten-byte `v4000000000` is refused instead of taking gigabytes. A number that the budget
 * could not reach cannot be defined anywhere, so its use is refused at once, too.
 */
import { I32List } from "../base/column.ts";
import { type Block, NONE, type Value } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { MAX_USER_TRAP, NO_TRAP, type TrapCode } from "../ir/trap-codes.ts";
import { dynamicOf, INVALID, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { IntegerReader } from "./integer-text.ts";
import { type Lexer, Tok } from "./lexer.ts";
import { badInteger, entityTooLarge, notDynamic, outOfRange, undefinedEntity } from "./messages.ts";
import { keyword, WORD_DYNAMIC_TYPE, WORD_TRAP, WORD_TYPE } from "./words.ts";

/** Budget units that any text has, and units for each byte. A value costs one unit. */
const BASE_BUDGET = 1 << 20;
const BUDGET_PER_BYTE = 2;
const MAX_ENTITY = 1 << 28;

/** Units that a placeholder of each kind costs, in proportion to its memory. */
export const PlaceholderCost = { Value: 1, Block: 4, Entry: 8 } as const;

const WORD_TYPES = keyword("types");

export class ParseContext {
  readonly lexer: Lexer;
  func: Function;
  private readonly integers: IntegerReader;
  private budget: number;
  /** Uses of values that were not defined yet: value and offset. */
  readonly forwardUses: I32List;
  /** The highest block number that a branch names. */
  highestBlock: number;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    this.func = new Function();
    this.integers = new IntegerReader();
    this.budget = BASE_BUDGET + BUDGET_PER_BYTE * lexer.source.length;
    this.forwardUses = new I32List();
    this.highestBlock = NONE;
  }

  begin(func: Function): void {
    this.func = func;
    this.forwardUses.clear();
    this.highestBlock = NONE;
  }

  // Entities.

  /** The number of the current token, which must be an entity of that kind. */
  entity(kind: number, what: string): number {
    const { lexer } = this;
    if (lexer.kind !== kind) lexer.failExpected(what);
    const { number } = lexer;
    if (number > MAX_ENTITY) lexer.fail(lexer.start, entityTooLarge(lexer.tokenText(), lexer.source.length));
    lexer.next();
    return number;
  }

  /** Pays for the numbers from `have` to `number`, which the text skips; `start` is where the number stands. */
  payPlaceholders(number: number, have: number, cost: number, start: number): void {
    if (number <= have) return;
    this.checkReach(number, have, cost, start);
    this.budget -= (number - have) * cost;
  }

  private checkReach(number: number, have: number, cost: number, start: number): void {
    if (number <= MAX_ENTITY && (number - have) * cost <= this.budget) return;
    const { lexer } = this;
    let stop = start;
    while (stop < start + 40 && isWordByte(lexer.source[stop])) stop++;
    lexer.fail(start, entityTooLarge(lexer.text(start, stop), lexer.source.length));
  }

  /** The current token as a value used. */
  value(what: string): Value {
    const { lexer } = this;
    if (lexer.kind !== Tok.Value) lexer.failExpected(what);
    const value = lexer.number as Value;
    const { dfg } = this.func;
    if (value >= dfg.numValues || dfg.valueKind(value) === ValueKind.None) this.forwardUse(value);
    lexer.next();
    return value;
  }

  private forwardUse(value: Value): void {
    const { lexer } = this;
    this.checkReach(value, this.func.dfg.numValues, PlaceholderCost.Value, lexer.start);
    this.forwardUses.push(value);
    this.forwardUses.push(lexer.start);
  }

  /** The current token as a block that a branch names. */
  block(what: string): Block {
    const { lexer } = this;
    const { start } = lexer;
    const block = this.entity(Tok.Block, what) as Block;
    const have = Math.max(this.func.dfg.numBlocks, this.highestBlock + 1);
    this.payPlaceholders(block, have, PlaceholderCost.Block, start);
    if (block > this.highestBlock) this.highestBlock = block;
    return block;
  }

  /** An entity of the preamble, which must be declared by now. */
  declared(kind: number, what: string, isDeclared: (number: number) => boolean): number {
    const { lexer } = this;
    const { start, stop } = lexer;
    const number = this.entity(kind, what);
    if (!isDeclared(number)) lexer.fail(start, undefinedEntity(lexer.text(start, stop)));
    return number;
  }

  // Types.

  /** `i32`, `types::I32x4xN`, or `dt0`. */
  type(what: string): Type {
    const { lexer } = this;
    if (lexer.kind === Tok.Type) {
      const type = WORD_TYPE[lexer.word]! as Type;
      lexer.next();
      return type;
    }
    if (lexer.kind === Tok.DynamicType) return this.dynamicType(what);
    if (!lexer.isWord(WORD_TYPES)) lexer.failExpected(what);
    lexer.next();
    lexer.expect(Tok.Colon, "'::'");
    lexer.expect(Tok.Colon, "'::'");
    const type = (lexer.kind === Tok.Word ? WORD_DYNAMIC_TYPE[lexer.word]! : INVALID) as Type;
    if (type === INVALID) lexer.failExpected("a dynamic vector such as I32x4xN");
    lexer.next();
    return type;
  }

  private dynamicType(what: string): Type {
    const { start } = this.lexer;
    const { dynamicTypes } = this.func;
    const dt = this.declared(Tok.DynamicType, what, (number) => dynamicTypes[number] !== undefined);
    const type = dynamicOf(dynamicTypes[dt]!.base);
    if (type === INVALID) this.lexer.fail(start, notDynamic(`dt${dt}`));
    return type;
  }

  // Numbers.

  /** Low and high word of the last 64-bit integer read. */
  get low(): number {
    return this.integers.low;
  }

  get high(): number {
    return this.integers.high;
  }

  /** Reads a 64-bit integer, from -2^63 to 2^64 - 1, into `low` and `high`. */
  imm64(what: string): void {
    const { lexer, integers } = this;
    if (lexer.kind !== Tok.Integer) lexer.failExpected(what);
    const error = integers.read(lexer.source, lexer.start, lexer.stop);
    if (error !== "") lexer.fail(lexer.start, badInteger(what, error));
    lexer.next();
  }

  /** An integer between `min` and `max`, both safe integers. */
  integer(min: number, max: number, what: string): number {
    const { start } = this.lexer;
    this.imm64(what);
    const { low, high, negative } = this.integers;
    // Large unsigned numbers have the sign bit set without being negative.
    const value = (negative ? high : high >>> 0) * 2 ** 32 + (low >>> 0);
    if (value < min || value > max) this.lexer.fail(start, outOfRange(what));
    return value;
  }

  uint32(what: string): number {
    return this.integer(0, 0xffff_ffff, what);
  }

  /** A 64-bit integer as it is written. */
  bigInteger(what: string): bigint {
    this.imm64(what);
    const { low, high, negative } = this.integers;
    const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return negative ? BigInt.asIntN(64, bits) : bits;
  }

  /** `+8`, `-8`, or nothing, which is 0. */
  offset32(): number {
    return this.hasSignedInteger() ? this.integer(-0x8000_0000, 0x7fff_ffff, "a 32-bit offset") : 0;
  }

  /** Whether the current token is an integer with a sign. */
  hasSignedInteger(): boolean {
    const { lexer } = this;
    if (lexer.kind !== Tok.Integer) return false;
    const sign = lexer.source[lexer.start];
    return sign === 43 || sign === 45;
  }

  /** The trap code that the current token names, or `NO_TRAP`; does not move on. */
  peekTrapCode(): TrapCode {
    const { lexer } = this;
    if (lexer.kind === Tok.Word) return WORD_TRAP[lexer.word]! as TrapCode;
    if (lexer.kind !== Tok.UserTrap || lexer.number > MAX_USER_TRAP) return NO_TRAP;
    return lexer.number as TrapCode;
  }
}

function isWordByte(c: number | undefined): boolean {
  return c !== undefined && ((c >= 48 && c <= 57) || (c >= 97 && c <= 122));
}
