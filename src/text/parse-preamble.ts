/**
 * The preamble of a function: stack slots, dynamic types, alias regions, global values, signatures, functions,
 * constants, the stack limit, in any order.
 *
 * Numbers that the text skips are filled as upstream fills them: slots of size 0, global values that are the symbol
 * `%`, empty signatures, functions without signature (which are not printed), constants without bytes (likewise).
 */
import { type Constant, type DynamicType, type GlobalValue, NONE, type SigRef } from "../ir/entities.ts";
import type { ExtFunc } from "../ir/names.ts";
import { type CallConv, type Signature, signatureOf } from "../ir/signature.ts";
import type {
  AliasRegionData,
  DynamicStackSlotData,
  DynamicTypeData,
  GlobalValueData,
  StackSlotData,
} from "../ir/tables.ts";
import { INVALID } from "../ir/types.ts";
import { Tok } from "./lexer.ts";
import { duplicate, notPowerOfTwo, regionOrder, stackLimitTwice } from "./messages.ts";
import { parseConstantData, parseHexConstant, parseMemFlags } from "./parse-constants.ts";
import { type ParseContext, PlaceholderCost } from "./parse-context.ts";
import { parseExternalName, parseSignature } from "./parse-signature.ts";
import { EntityKind, entityCode } from "./source-map.ts";
import { keyword } from "./words.ts";

const NO_SLOT: StackSlotData = { sizeBytes: 0, alignLog2: 0 };
const NO_DYNAMIC_SLOT: DynamicStackSlotData = { dynamicType: 0 as DynamicType };
const NO_DYNAMIC_TYPE: DynamicTypeData = { base: INVALID, scale: 0 as GlobalValue };
const NO_GLOBAL_VALUE: GlobalValueData = {
  kind: "symbol",
  name: { kind: "testcase", name: "" },
  offset: 0n,
  colocated: false,
  tls: false,
};
const NO_SIGNATURE: Signature = signatureOf([], []);
const NO_FUNCTION: ExtFunc = {
  name: { kind: "testcase", name: "" },
  signature: NONE as SigRef,
  colocated: false,
  patchable: false,
  noCollect: false,
};

const WORD_EXPLICIT_SLOT = keyword("explicit_slot");
const WORD_EXPLICIT_DYNAMIC_SLOT = keyword("explicit_dynamic_slot");
const WORD_ALIGN = keyword("align");
const WORD_KEY = keyword("key");
const WORD_VMCTX = keyword("vmctx");
const WORD_LOAD = keyword("load");
const WORD_IADD_IMM = keyword("iadd_imm");
const WORD_SYMBOL = keyword("symbol");
const WORD_DYN_SCALE = keyword("dyn_scale_target_const");
const WORD_COLOCATED = keyword("colocated");
const WORD_PATCHABLE = keyword("patchable");
const WORD_TLS = keyword("tls");
const WORD_STACK_LIMIT = keyword("stack_limit");

export class PreambleParser {
  private readonly context: ParseContext;
  private readonly defaultCallConv: CallConv;

  constructor(context: ParseContext, defaultCallConv: CallConv) {
    this.context = context;
    this.defaultCallConv = defaultCallConv;
  }

  /** Reads declarations until something else stands there. */
  parse(): void {
    const { lexer, func } = this.context;
    for (;;) {
      switch (lexer.kind) {
        case Tok.StackSlot:
          this.define(func.stackSlots, NO_SLOT, EntityKind.StackSlot, () => this.stackSlot());
          break;
        case Tok.DynamicStackSlot:
          this.define(func.dynamicStackSlots, NO_DYNAMIC_SLOT, EntityKind.DynamicStackSlot, () =>
            this.dynamicStackSlot(),
          );
          break;
        case Tok.DynamicType:
          this.define(func.dynamicTypes, NO_DYNAMIC_TYPE, EntityKind.DynamicType, () => this.dynamicType());
          break;
        case Tok.AliasRegion:
          this.aliasRegion();
          break;
        case Tok.GlobalValue:
          this.define(func.globalValues, NO_GLOBAL_VALUE, EntityKind.GlobalValue, () => this.globalValue());
          break;
        case Tok.SigRef:
          this.define(func.dfg.signatures, NO_SIGNATURE, EntityKind.SigRef, () =>
            parseSignature(this.context, this.defaultCallConv),
          );
          break;
        case Tok.FuncRef:
          this.define(func.dfg.extFuncs, NO_FUNCTION, EntityKind.FuncRef, () => this.extFunc());
          break;
        case Tok.Constant:
          this.constant();
          break;
        default:
          if (!lexer.isWord(WORD_STACK_LIMIT)) return;
          this.stackLimit();
      }
    }
  }

  // What is declared by now.

  readonly hasStackSlot = (number: number): boolean =>
    isFilled(this.context.func.stackSlots, number, NO_SLOT);
  readonly hasDynamicStackSlot = (number: number): boolean =>
    isFilled(this.context.func.dynamicStackSlots, number, NO_DYNAMIC_SLOT);
  readonly hasGlobalValue = (number: number): boolean =>
    isFilled(this.context.func.globalValues, number, NO_GLOBAL_VALUE);
  readonly hasSignature = (number: number): boolean =>
    isFilled(this.context.func.dfg.signatures, number, NO_SIGNATURE);
  readonly hasFunction = (number: number): boolean =>
    isFilled(this.context.func.dfg.extFuncs, number, NO_FUNCTION);
  readonly hasConstant = (number: number): boolean => this.context.func.dfg.constants.has(number as Constant);

  /** `entity = …`: fills the table up to the entity's number with `placeholder`, and puts there what `read` gives. */
  private define<T>(table: T[], placeholder: T, kind: number, read: () => T): void {
    const { lexer } = this.context;
    const { start, stop, number } = lexer;
    this.context.payPlaceholders(number, table.length, PlaceholderCost.Entry, start);
    if (isFilled(table, number, placeholder)) lexer.fail(start, duplicate(lexer.text(start, stop)));
    lexer.entity = entityCode(kind, number);
    lexer.next();
    lexer.expect(Tok.Equal, "'='");
    const data = read();
    // Reading may have declared more: a function brings the signature written with it.
    while (table.length <= number) table.push(placeholder);
    table[number] = data;
  }

  private stackSlot(): StackSlotData {
    const { context } = this;
    const { lexer } = context;
    if (!lexer.acceptWord(WORD_EXPLICIT_SLOT)) lexer.failExpected("'explicit_slot'");
    const sizeBytes = context.uint32("the size of the slot in bytes");
    let alignLog2 = 0;
    let key: bigint | null = null;
    while (lexer.accept(Tok.Comma)) {
      if (lexer.acceptWord(WORD_ALIGN)) {
        lexer.expect(Tok.Equal, "'=' and the alignment");
        const { start } = lexer;
        const align = context.integer(0, 0x8000_0000, "the alignment in bytes");
        alignLog2 = Math.log2(align);
        if (!Number.isInteger(alignLog2)) lexer.fail(start, notPowerOfTwo);
      } else if (lexer.acceptWord(WORD_KEY)) {
        lexer.expect(Tok.Equal, "'=' and the key");
        key = BigInt.asUintN(64, context.bigInteger("the key of the slot"));
      } else {
        lexer.failExpected("'align' or 'key'");
      }
    }
    return key === null ? { sizeBytes, alignLog2 } : { sizeBytes, alignLog2, key };
  }

  private dynamicStackSlot(): DynamicStackSlotData {
    const { context } = this;
    const { lexer } = context;
    if (!lexer.acceptWord(WORD_EXPLICIT_DYNAMIC_SLOT)) lexer.failExpected("'explicit_dynamic_slot'");
    return { dynamicType: context.entity(Tok.DynamicType, "a dynamic type such as dt0") as DynamicType };
  }

  private dynamicType(): DynamicTypeData {
    const { context } = this;
    const base = context.type("a vector type");
    context.lexer.expect(Tok.Star, "'*' and the global value that scales it");
    return { base, scale: this.globalValueRef() };
  }

  private globalValueRef(): GlobalValue {
    return this.context.entity(Tok.GlobalValue, "a global value such as gv0") as GlobalValue;
  }

  /** `region0 = 7 "heap"`; regions come in order. */
  private aliasRegion(): void {
    const { lexer, func } = this.context;
    const { number } = lexer;
    if (number !== func.aliasRegions.length) lexer.fail(lexer.start, regionOrder(func.aliasRegions.length));
    lexer.entity = entityCode(EntityKind.AliasRegion, number);
    lexer.next();
    lexer.expect(Tok.Equal, "'='");
    const userId = this.context.uint32("the number of the region");
    if (lexer.kind !== Tok.String) lexer.failExpected('a description such as "heap"');
    const region: AliasRegionData = { userId, description: lexer.tokenText() };
    lexer.next();
    func.createAliasRegion(region);
  }

  private globalValue(): GlobalValueData {
    const { context } = this;
    const { lexer } = context;
    const { word } = lexer;
    if (lexer.kind !== Tok.Word) lexer.failExpected("what the global value is");
    switch (word) {
      case WORD_VMCTX:
        lexer.next();
        return { kind: "vmctx" };
      case WORD_LOAD: {
        const type = this.typeSuffix();
        const flags = parseMemFlags(context);
        const base = this.globalValueRef();
        return { kind: "load", type, flags, base, offset: context.offset32() };
      }
      case WORD_IADD_IMM: {
        const type = this.typeSuffix();
        const base = this.globalValueRef();
        lexer.expect(Tok.Comma, "','");
        context.imm64("a 64-bit number");
        return { kind: "iadd_imm", type, base, offset: this.lastImm64() };
      }
      case WORD_SYMBOL:
        return this.symbol();
      case WORD_DYN_SCALE:
        return { kind: "dyn_scale_target_const", vectorType: this.typeSuffix() };
      default:
        return lexer.failExpected("vmctx, load, iadd_imm, symbol or dyn_scale_target_const");
    }
  }

  /** `.i64` after the word. */
  private typeSuffix(): ReturnType<ParseContext["type"]> {
    this.context.lexer.next();
    this.context.lexer.expect(Tok.Dot, "'.' and a type");
    return this.context.type("a type");
  }

  private lastImm64(): bigint {
    return (BigInt(this.context.high) << 32n) | BigInt(this.context.low >>> 0);
  }

  private symbol(): GlobalValueData {
    const { context } = this;
    const { lexer } = context;
    lexer.next();
    const colocated = lexer.acceptWord(WORD_COLOCATED);
    const tls = lexer.acceptWord(WORD_TLS);
    const name = parseExternalName(context);
    let offset = 0n;
    if (context.hasSignedInteger()) {
      context.imm64("a 64-bit offset");
      offset = this.lastImm64();
    }
    return { kind: "symbol", name, offset, colocated, tls };
  }

  private extFunc(): ExtFunc {
    const { context } = this;
    const { lexer } = context;
    const colocated = lexer.acceptWord(WORD_COLOCATED);
    const patchable = lexer.acceptWord(WORD_PATCHABLE);
    const name = parseExternalName(context);
    let signature: SigRef;
    if (lexer.kind === Tok.LeftParen) {
      signature = context.func.importSignature(parseSignature(context, this.defaultCallConv));
    } else {
      signature = context.declared(Tok.SigRef, "a signature", this.hasSignature) as SigRef;
    }
    return { name, signature, colocated, patchable, noCollect: false };
  }

  private constant(): void {
    const { context } = this;
    const { lexer } = context;
    const { constants } = context.func.dfg;
    const { start, stop, number } = lexer;
    context.payPlaceholders(number, constants.length, PlaceholderCost.Entry, start);
    if (constants.has(number as Constant)) lexer.fail(start, duplicate(lexer.text(start, stop)));
    lexer.entity = entityCode(EntityKind.Constant, number);
    lexer.next();
    lexer.expect(Tok.Equal, "'='");
    const bytes =
      lexer.kind === Tok.Integer
        ? parseHexConstant(context)
        : parseConstantData(context, context.type("constant data, or its type"));
    constants.set(number as Constant, bytes);
  }

  private stackLimit(): void {
    const { lexer, func } = this.context;
    if (func.stackLimit !== NONE) lexer.fail(lexer.start, stackLimitTwice);
    lexer.entity = entityCode(EntityKind.Function, 0);
    lexer.next();
    lexer.expect(Tok.Equal, "'='");
    func.stackLimit = this.context.declared(
      Tok.GlobalValue,
      "a global value such as gv0",
      this.hasGlobalValue,
    ) as GlobalValue;
  }
}

function isFilled<T>(table: readonly T[], number: number, placeholder: T): boolean {
  return number < table.length && table[number] !== placeholder;
}
