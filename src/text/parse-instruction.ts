/**
 * One instruction of CLIF text: opcode, type, operands as its format has them, results.
 *
 * The control type is written after the opcode, or told by an operand, which must then be defined above in the text;
 * whether the types fit otherwise is the verifier's business. Operands are gathered in scratch lists that are reused,
 * since block calls and tables take rows of the same pool as the instruction's own arguments.
 *
 * Source: `cranelift/reader/src/parser.rs` (`parse_inst_operands`, `infer_typevar`).
 */
import { I32List } from "../base/column.ts";
import type { Block, BlockCall, Constant, Inst, SigRef, StackSlot, Value } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import {
  controlTypeSet,
  Format,
  fixedArgCount,
  isSafepoint,
  type Opcode,
  OpFlag,
  opcodeFlags,
  opcodeFormat,
  opcodeName,
  typeSetHas,
  typevarOperand,
} from "../ir/opcodes.ts";
import { NO_TRAP } from "../ir/trap-codes.ts";
import { F128, I8, I8X16, I16, I32, I64, INVALID, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { IEEE16, IEEE32, IEEE64, IEEE128 } from "./float-text.ts";
import { type Lexer, Tok } from "./lexer.ts";
import {
  duplicate,
  noResultType,
  resultCount,
  typeNeeded,
  typeNotTaken,
  unknownOpcode,
  wrongType,
} from "./messages.ts";
import { BranchParser } from "./parse-branches.ts";
import { parseConstantData, parseFloatToken, parseMemFlags } from "./parse-constants.ts";
import { type ParseContext, PlaceholderCost } from "./parse-context.ts";
import type { PreambleParser } from "./parse-preamble.ts";
import { clifTypeName } from "./type-names.ts";
import { keyword, WORD_ATOMIC_OP, WORD_FLOAT_CONDITION, WORD_INT_CONDITION, WORD_OPCODE } from "./words.ts";

const WORD_STACK_MAP = keyword("stack_map");

const COMMA = "','";

export class InstructionParser {
  private readonly context: ParseContext;
  private readonly lexer: Lexer;
  private readonly preamble: PreambleParser;
  private readonly branches: BranchParser;
  /** Results named before the `=`: number and offset each. */
  readonly results: I32List;
  private readonly args: I32List;
  /** The fields of the instruction's row, as its format has them. */
  private aux: number;
  private a: number;
  private b: number;
  private branchTable: readonly BlockCall[];

  constructor(context: ParseContext, preamble: PreambleParser) {
    this.context = context;
    this.lexer = context.lexer;
    this.preamble = preamble;
    this.results = new I32List();
    this.args = new I32List();
    this.branches = new BranchParser(context);
    this.aux = 0;
    this.a = 0;
    this.b = 0;
    this.branchTable = [];
  }

  /** Reads from the opcode to the end of the instruction, and appends it to the block. */
  parse(block: Block): Inst {
    const { lexer } = this;
    const { start } = lexer;
    const { dfg, layout } = this.context.func;
    const op = lexer.kind === Tok.Word ? WORD_OPCODE[lexer.word]! : 0;
    if (op === 0) this.failOpcode();
    lexer.next();
    const written = lexer.accept(Tok.Dot) ? this.context.type("a type") : INVALID;
    this.args.clear();
    this.aux = 0;
    this.a = 0;
    this.b = 0;
    this.parseOperands(op, written);
    const control = this.controlType(op, written, start);
    const inst = dfg.newInst(op, this.aux, this.a, this.b);
    for (let i = 0; i < this.args.length; i++) dfg.addArg(this.args.get(i) as Value);
    if (op === Op.BrTable) dfg.addBranchTable(inst, this.branchTable);
    this.defineResults(inst, op, control, start);
    layout.appendInst(inst, block);
    if (isSafepoint(op) && lexer.accept(Tok.Comma)) this.parseStackMap(inst);
    return inst;
  }

  private failOpcode(): never {
    const { lexer } = this;
    if (lexer.kind !== Tok.Word) lexer.failExpected("an opcode");
    return lexer.fail(
      lexer.start,
      unknownOpcode(lexer.text(lexer.start, Math.min(lexer.stop, lexer.start + 40))),
    );
  }

  private controlType(op: Opcode, written: Type, start: number): Type {
    const { dfg } = this.context.func;
    const flags = opcodeFlags(op);
    if ((flags & OpFlag.Polymorphic) === 0) {
      if (written !== INVALID) this.lexer.fail(start, typeNotTaken(opcodeName(op)));
      return INVALID;
    }
    let control = written;
    if (control === INVALID) {
      if ((flags & OpFlag.Inferred) === 0) this.lexer.fail(start, typeNeeded(opcodeName(op), null));
      const operand = this.args.get(typevarOperand(op)) as Value;
      if (!dfg.isValueValid(operand)) this.lexer.fail(start, typeNeeded(opcodeName(op), `v${operand}`));
      control = dfg.valueType(operand);
    }
    if (!typeSetHas(controlTypeSet(op), control)) {
      this.lexer.fail(start, wrongType(clifTypeName(control), opcodeName(op)));
    }
    return control;
  }

  private defineResults(inst: Inst, op: Opcode, control: Type, start: number): void {
    const { dfg } = this.context.func;
    const { results } = this;
    const count = dfg.resultCountOf(inst);
    const given = results.length >> 1;
    if (count !== given) this.lexer.fail(start, resultCount(opcodeName(op), count, given));
    for (let i = 0; i < count; i++) {
      const type = dfg.resultTypeOf(inst, i, control);
      if (type === INVALID) this.lexer.fail(start, noResultType(opcodeName(op), clifTypeName(control)));
      dfg.defineResult(inst, this.claimValue(results.get(2 * i), results.get(2 * i + 1)), type);
    }
  }

  /** Makes the number exist and checks that nothing has it yet. */
  claimValue(number: number, start: number): Value {
    const { dfg } = this.context.func;
    const value = number as Value;
    if (value >= dfg.numValues) {
      this.context.payPlaceholders(value, dfg.numValues, PlaceholderCost.Value, start);
      dfg.reserveValue(value);
    } else if (dfg.valueKind(value) !== ValueKind.None) {
      this.lexer.fail(start, duplicate(`v${value}`));
    }
    return value;
  }

  /** What stands before the values, the values, and what stands behind them. */
  private parseOperands(op: Opcode, written: Type): void {
    const format = opcodeFormat(op);
    switch (format) {
      case Format.Call:
      case Format.CallIndirect:
      case Format.TryCall:
      case Format.TryCallIndirect:
        this.parseCall(format);
        return;
      case Format.MultiAry:
        this.valueList();
        return;
    }
    this.parsePrefix(format);
    const count = fixedArgCount(op);
    if (count > 0) this.values(count);
    this.parseSuffix(format, count > 0);
    if (count === 0) this.parseImmediate(op, written);
  }

  private parsePrefix(format: number): void {
    const { context } = this;
    switch (format) {
      case Format.Load:
      case Format.LoadNoOffset:
      case Format.Store:
      case Format.StoreNoOffset:
      case Format.AtomicCas:
        this.a = parseMemFlags(context);
        return;
      case Format.AtomicRmw:
        this.a = parseMemFlags(context);
        this.aux = this.choice(WORD_ATOMIC_OP, "an atomic operation such as add");
        return;
      case Format.IntCompare:
        this.aux = this.choice(WORD_INT_CONDITION, "an integer condition such as slt");
        return;
      case Format.FloatCompare:
        this.aux = this.choice(WORD_FLOAT_CONDITION, "a floating-point condition such as lt");
    }
  }

  private parseSuffix(format: number, hasValues: boolean): void {
    const { context } = this;
    if (format === Format.Load || format === Format.Store) {
      this.b = context.offset32();
      return;
    }
    if (!hasSuffix(format)) return;
    if (hasValues) this.comma();
    switch (format) {
      case Format.IntAddTrap:
      case Format.CondTrap:
      case Format.Trap:
        this.trapCode();
        return;
      case Format.BinaryImm8:
      case Format.TernaryImm8:
        this.aux = context.integer(0, 255, "a number up to 255");
        return;
      case Format.Shuffle:
        this.a = context.func.dfg.immediates.push(parseConstantData(context, I8X16)) - 1;
        return;
      case Format.Jump:
        this.a = this.branches.blockCall();
        return;
      case Format.Brif:
        this.a = this.branches.blockCall();
        this.comma();
        this.b = this.branches.blockCall();
        return;
      default:
        this.branchTable = this.branches.branchTable();
    }
  }

  /** What instructions without value operands refer to. */
  private parseImmediate(op: Opcode, written: Type): void {
    const { context } = this;
    const { preamble } = this;
    switch (opcodeFormat(op)) {
      case Format.UnaryImm:
        this.integerConstant(written);
        return;
      case Format.UnaryIeee16:
        this.a = Number(parseFloatToken(context, IEEE16));
        return;
      case Format.UnaryIeee32:
        this.a = Number(BigInt.asIntN(32, parseFloatToken(context, IEEE32)));
        return;
      case Format.UnaryIeee64:
        this.words(parseFloatToken(context, IEEE64));
        return;
      case Format.UnaryConst:
        this.a = this.constant(op, written);
        return;
      case Format.UnaryGlobalValue:
        this.a = context.declared(Tok.GlobalValue, "a global value such as gv0", preamble.hasGlobalValue);
        return;
      case Format.StackAddr:
        this.a = context.declared(Tok.StackSlot, "a stack slot such as ss0", preamble.hasStackSlot);
        this.b = context.offset32();
        return;
      case Format.DynamicStackAddr:
        this.a = context.declared(
          Tok.DynamicStackSlot,
          "a dynamic stack slot such as dss0",
          preamble.hasDynamicStackSlot,
        );
        return;
      case Format.FuncAddr:
        this.a = this.funcRef();
        return;
      case Format.ExceptionHandlerAddress:
        this.a = context.block("a block");
        this.comma();
        this.b = context.integer(-0x8000_0000, 0x7fff_ffff, "the index of the handler");
        return;
    }
  }

  private words(bits: bigint): void {
    this.a = Number(BigInt.asIntN(32, bits));
    this.b = Number(BigInt.asIntN(32, bits >> 32n));
  }

  /** Narrow constants are stored as the bits of their width. */
  private integerConstant(type: Type): void {
    const { context } = this;
    switch (type) {
      case I8:
        this.a = context.integer(-0x80, 0xff, "an 8-bit integer") & 0xff;
        return;
      case I16:
        this.a = context.integer(-0x8000, 0xffff, "a 16-bit integer") & 0xffff;
        return;
      case I32:
        this.a = context.integer(-0x8000_0000, 0xffff_ffff, "a 32-bit integer") | 0;
        return;
      default:
        // A type that has no constants is refused when the control type is looked at.
        context.imm64(type === I64 ? "a 64-bit integer" : "an integer");
        this.a = context.low;
        this.b = context.high;
    }
  }

  private constant(op: Opcode, written: Type): Constant {
    const { context } = this;
    const { constants } = context.func.dfg;
    if (this.lexer.kind === Tok.Constant) {
      return context.declared(Tok.Constant, "a constant", this.preamble.hasConstant) as Constant;
    }
    if (op !== Op.F128const) {
      if (written === INVALID) this.lexer.failExpected("a constant such as const0");
      return constants.insert(parseConstantData(context, written));
    }
    if (this.lexer.kind === Tok.Integer) return constants.insert(parseConstantData(context, F128));
    const bits = parseFloatToken(context, IEEE128);
    const bytes = new Uint8Array(16);
    for (let i = 0; i < 16; i++) bytes[i] = Number((bits >> BigInt(8 * i)) & 0xffn);
    return constants.insert(bytes);
  }

  // Operands.

  private comma(): void {
    this.lexer.expect(Tok.Comma, COMMA);
  }

  private values(count: number): void {
    this.args.push(this.context.value("a value"));
    for (let i = 1; i < count; i++) {
      this.comma();
      this.args.push(this.context.value("a value"));
    }
  }

  private valueList(): void {
    if (this.lexer.kind !== Tok.Value) return;
    this.args.push(this.context.value("a value"));
    while (this.lexer.accept(Tok.Comma)) this.args.push(this.context.value("a value"));
  }

  /** The index of the current word in the list that the column numbers. */
  private choice(column: Uint8Array, what: string): number {
    const { lexer } = this;
    const index = lexer.kind === Tok.Word ? column[lexer.word]! : 0;
    if (index === 0) lexer.failExpected(what);
    lexer.next();
    return index - 1;
  }

  private trapCode(): void {
    const code = this.context.peekTrapCode();
    if (code === NO_TRAP) this.lexer.failExpected("a trap code such as heap_oob or user1");
    this.aux = code;
    this.lexer.next();
  }

  private funcRef(): number {
    return this.context.declared(Tok.FuncRef, "a function such as fn0", this.preamble.hasFunction);
  }

  private sigRef(): SigRef {
    return this.context.declared(
      Tok.SigRef,
      "a signature such as sig0",
      this.preamble.hasSignature,
    ) as SigRef;
  }

  // Calls.

  private parseCall(format: number): void {
    const { lexer } = this;
    if (format === Format.CallIndirect) {
      this.a = this.sigRef();
      this.comma();
    }
    if (format === Format.Call || format === Format.TryCall) this.a = this.funcRef();
    else this.args.push(this.context.value("a value"));
    lexer.expect(Tok.LeftParen, "'(' before the arguments");
    this.valueList();
    lexer.expect(Tok.RightParen, "')' after the arguments");
    if (format !== Format.TryCall && format !== Format.TryCallIndirect) return;
    this.comma();
    this.b = this.branches.exceptionTable(this.sigRef());
  }

  /** `stack_map=[i32 @ ss0+0, i64 @ ss1+8]`; the slots need not exist, that is for the verifier. */
  private parseStackMap(inst: Inst): void {
    const { lexer, context } = this;
    const { dfg } = context.func;
    if (!lexer.acceptWord(WORD_STACK_MAP)) lexer.failExpected("'stack_map'");
    lexer.expect(Tok.Equal, "'='");
    lexer.expect(Tok.LeftBracket, "'[' before the entries");
    let entries = 0;
    while (lexer.kind !== Tok.RightBracket) {
      const type = context.type("the type of an entry");
      lexer.expect(Tok.At, "'@' and a stack slot");
      const slot = context.entity(Tok.StackSlot, "a stack slot such as ss0") as StackSlot;
      const glued = context.hasSignedInteger();
      if (!glued) lexer.expect(Tok.Plus, "'+' and an offset");
      dfg.stackMaps.push(type, slot, context.uint32("an offset in bytes") | 0);
      entries++;
      if (!lexer.accept(Tok.Comma)) break;
    }
    lexer.expect(Tok.RightBracket, "']' after the entries");
    if (entries > 0) dfg.setStackMap(inst, dfg.stackMaps.finish());
  }
}

/** Formats with something other than an offset behind their values, after a comma if there are values. */
function hasSuffix(format: number): boolean {
  switch (format) {
    case Format.IntAddTrap:
    case Format.CondTrap:
    case Format.Trap:
    case Format.BinaryImm8:
    case Format.TernaryImm8:
    case Format.Shuffle:
    case Format.Jump:
    case Format.Brif:
    case Format.BranchTable:
      return true;
    default:
      return false;
  }
}
