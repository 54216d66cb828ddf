/**
 * One Wasm function to CLIF.
 *
 * Locals are variables, for SSA construction to dissolve; the operand stack holds values. A construct's results, and a loop's
 * parameters, are parameters of the block that follows or begins it. Regular operators come from the table in `regular.ts`;
 * the others have a function each. The input is validated.
 */

import { I32List } from "../base/column.ts";
import { InputError } from "../base/diagnostics.ts";
import type { FinalizeOptions } from "../frontend/builder.ts";
import type { Variable } from "../frontend/variable.ts";
import { arrayNew } from "../gc/elements.ts";
import { knownReference } from "../gc/known-references.ts";
import { isTraced, ZERO_BYTES } from "../gc/layout.ts";
import { isTestKind, passesNull } from "../gc/test-kinds.ts";
import { eitherTrap } from "../gc/traps.ts";
import { allocateBytes, allocateQuickly, allocateSlowly, allocation } from "../gc/type-function-bodies.ts";
import type { TypeFunctionRole } from "../gc/type-functions.ts";
import { testAddress, testType, testUnknown } from "../gc/type-tests.ts";
import type { Block, Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { MemFlags } from "../ir/memflags.ts";
import { F32, F64, I32, I64, type Type } from "../ir/types.ts";
import { type Facts, NO_FACTS } from "../passes/facts.ts";
import { OPCODE_COUNT, opcodeName } from "../wasm/opcodes.ts";
import { FIRST_TYPE, type HeapType, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { ATOMIC_HANDLERS } from "./atomics.ts";
import { CallTranslator } from "./call-translator.ts";
import { FrameKind } from "./control.ts";
import { resultsOf } from "./function-state.ts";
import type { Address } from "./memories.ts";
import { unsupportedOperator } from "./messages.ts";
import { checkAccess, translateProgramMemory } from "./program-memory.ts";
import { REFERENCE_HANDLERS } from "./references.ts";
import { type Access, BINARY_OPERATORS, type Binary, LOADS, STORES, UNARY_OPERATORS } from "./regular.ts";
import { RELAXED_OPERATORS } from "./relaxed-vectors.ts";
import { translateRemote } from "./remote-memory.ts";
import { TABLE_HANDLERS } from "./tables.ts";
import { VECTOR_HANDLERS } from "./vector-memory.ts";
import { VECTOR_OPERATORS } from "./vectors.ts";
import { WIDE_HANDLERS } from "./wide-arithmetic.ts";

export interface TranslateOptions extends FinalizeOptions {
  /** Whether instructions get source locations: the offset in the module of the operator that they come from. */
  readonly positions?: boolean;
}

/** A body that allocates and is no longer does little else. */
const SHORT_BODY_BYTES = 32;

export class FunctionTranslator extends CallTranslator {
  private readonly locals: I32List = new I32List();
  /** The operator at hand. */
  private op = 0;
  /** Constructs opened in unreachable code. */
  private skipped = 0;
  private keepsPositions = false;
  /** What the passes may rely on, of the function translated last. */
  readonly facts: Facts = this.factsOfCode();

  protected override begin(): void {
    super.begin();
    this.locals.clear();
    this.skipped = 0;
  }

  /** Translates defined function `index`, imports not counted, and spills it as the options say. */
  run(index: number, { positions = false, ...options }: TranslateOptions = {}): void {
    const { module, builder, reader } = this;
    this.begin();
    this.keepsPositions = positions;
    const func = module.importedFunctionCount + index;
    const type = module.functionTypes.get(func);
    builder.func.name = { kind: "user", namespace: 0, index: func };
    builder.func.signature = this.clifSignatureOf(type);
    builder.func.pointerType = I32;
    const entry = builder.createBlock();
    builder.appendBlockParamsForFunctionParams(entry);
    builder.switchToBlock(entry);
    builder.sealBlock(entry);
    reader.seek(module.code.starts.get(index), module.code.ends.get(index));
    this.declareLocals(entry, type);
    const role = this.plan?.typeFunctions?.roleOf(func) ?? null;
    if (role === null) this.translateBody(type);
    else this.typeFunctionBody(entry, role);
    builder.finalize(options);
  }

  private translateBody(type: number): void {
    const { builder } = this;
    const exit = builder.createBlock();
    builder.appendBlockParamsForFunctionReturns(exit);
    if (this.plan?.collectsOnEntry === true) builder.ins.call(this.heap.runtimeFunction("collect"), []);
    const results = resultsOf(this.module.types, type);
    for (let i = 0; i < results.length; i++) this.watch(builder.func.dfg.blockParam(exit, i), results[i]!);
    this.open(FrameKind.Function, exit, exit, { params: [], results });
    if (this.reader.end - this.reader.pos <= SHORT_BODY_BYTES) this.countLoops(1);
    while (this.frames.length > 0) this.translateNext();
  }

  /** The whole of a function that belongs to a type or a tag. */
  private typeFunctionBody(entry: Block, role: TypeFunctionRole): void {
    const { dfg } = this.builder.func;
    const fields = Array.from({ length: dfg.blockParamCount(entry) }, (_, i) => dfg.blockParam(entry, i));
    const { heap, ins } = this;
    const { kind, index: type } = role;
    switch (kind) {
      case "allocate":
        allocateBytes(heap, fields[0]!, fields[1]!);
        return;
      case "quick struct":
        allocateQuickly(heap, type, fields, this.callee(heap.plan.typeFunctions!.slowMakerOf(type)));
        return;
      case "slow struct":
        allocateSlowly(heap, type, fields);
        return;
      case "throw":
        this.throwTag(type, fields);
        return;
      default:
        ins.return_([this.typeFunctionResult(role, fields)]);
    }
  }

  private typeFunctionResult({ kind, index: type }: TypeFunctionRole, args: readonly Value[]): Value {
    const { heap } = this;
    switch (kind) {
      case "struct":
        return heap.structNew(type, args);
      case "default struct":
        return heap.structNewDefault(type);
      case "array":
        return arrayNew(heap, type, args[0]!, args[1]!);
      case "default array":
        return heap.arrayNewDefault(type, args[0]!);
      case "test":
        return testUnknown(heap, args[0]!, type);
      case "test or null":
        return testType(heap, args[0]!, concreteHeap(type), true);
      default:
        return testAddress(heap, args[0]!, type, kind === "object test or null");
    }
  }

  private factsOfCode(): Facts {
    const { nonNull, staticObjects } = this.heapOperations ?? NO_FACTS;
    return {
      nonNull,
      staticObjects,
      zeroBytes: this.plan?.hasZeroBytes === true ? ZERO_BYTES : 0,
      eitherTrap,
      allocationOf: (func, inst) => {
        const role = this.roleOfCallee(func, inst);
        return role === null ? null : allocation(this.plan!.types, role);
      },
      typeTestOf: (func, inst) => {
        const kind = this.roleOfCallee(func, inst)?.kind;
        if (kind === undefined || !isTestKind(kind)) return null;
        return { nullPasses: passesNull(kind) };
      },
    };
  }

  private roleOfCallee(func: Function, inst: Inst): TypeFunctionRole | null {
    const { name } = func.dfg.extFuncs[func.dfg.funcRef(inst)]!;
    if (name.kind !== "user" || this.plan === null) return null;
    const { userNames } = func.dfg;
    if (userNames.namespace(name.ref) !== 0) return null;
    return this.plan.typeFunctions?.roleOf(userNames.index(name.ref)) ?? null;
  }

  /** The value of the constant expression that begins where the reader stands. */
  protected constantExpression(): Value {
    for (;;) {
      const op = this.reader.next();
      if (op === WasmOp.End) return this.pop();
      this.translate(op);
    }
  }

  private declareLocals(entry: Block, type: number): void {
    const { builder, reader } = this;
    const { dfg } = builder.func;
    const { types } = this.module;
    this.operands.begin(type);
    for (let i = 0; i < types.paramCount(type); i++) {
      const param = types.param(type, i);
      this.declareLocal(param, this.watch(dfg.blockParam(entry, i), param));
    }
    for (let runs = reader.u32(); runs > 0; runs--) {
      const count = reader.u32();
      const local = reader.readValType();
      this.operands.addLocals(count, local);
      if (count === 0) continue;
      const zero = this.zero(this.typeOf(local));
      for (let i = 0; i < count; i++) this.declareLocal(local, zero);
    }
  }

  private declareLocal(type: ValType, value: Value): void {
    const local = this.builder.declareVar(this.typeOf(type));
    if (this.references !== null && isTraced(type, this.references))
      this.builder.declareVarNeedsStackMap(local);
    this.builder.defVar(local, value);
    this.locals.push(local);
  }

  protected zero(type: Type): Value {
    const { ins, func } = this.builder;
    if (type === F32) return ins.f32const(0);
    if (type === F64) return ins.f64const(0n);
    if (type === I32 || type === I64) return ins.iconst(type, 0);
    return ins.vconst(type, func.dfg.constants.insert(new Uint8Array(16)));
  }

  // Operators.

  private translateNext(): void {
    const op = this.reader.next();
    if (this.keepsPositions) this.builder.setSourceLoc(this.reader.opStart);
    if (this.reachable) this.translate(op);
    else this.skip(op);
    this.operands.note(op, this.reader);
  }

  private translate(op: number): void {
    this.op = op;
    if (translateRemote(this, op)) return;
    const program = this.plan?.programMemory ?? null;
    if (program !== null && translateProgramMemory(this, program, op)) return;
    const handler = HANDLERS[op];
    if (handler === undefined) throw new InputError(unsupportedOperator(opcodeName(op), this.reader.opStart));
    handler(this, op);
  }

  private skip(op: number): void {
    switch (op) {
      case WasmOp.Block:
      case WasmOp.Loop:
      case WasmOp.If:
      case WasmOp.Try:
      case WasmOp.TryTable:
        this.skipped++;
        return;
      case WasmOp.End:
        if (this.skipped > 0) this.skipped--;
        else this.end();
        return;
      case WasmOp.Else:
        if (this.skipped === 0) this.otherwise();
        return;
      case WasmOp.Catch:
      case WasmOp.CatchAll:
        if (this.skipped === 0) this.catches(op === WasmOp.CatchAll);
        return;
      case WasmOp.Delegate:
        if (this.skipped > 0) this.skipped--;
        else this.delegates();
        return;
      default:
    }
  }

  constant(type: Type): void {
    const { ins } = this.builder;
    const { lo, hi } = this.reader;
    if (type === I32) this.stack.push(ins.iconst(I32, lo >>> 0));
    else if (type === F32) this.stack.push(ins.f32const(lo));
    else {
      const bits = (BigInt(hi | 0) << 32n) | BigInt(lo >>> 0);
      this.stack.push(type === I64 ? ins.iconst(I64, bits) : ins.f64const(bits));
    }
  }

  drop(): void {
    this.pop();
  }

  select(): void {
    const condition = this.pop();
    const y = this.pop();
    const x = this.pop();
    this.stack.push(this.builder.ins.select(condition, x, y));
  }

  selectTyped(): void {
    const type = this.reader.list[0]!;
    this.typeOf(type);
    this.select();
    this.watch(this.stack.at(-1)!, type);
  }

  localGet(): void {
    this.stack.push(this.builder.useVar(this.local()));
  }

  localSet(): void {
    this.builder.defVar(this.local(), this.pop());
  }

  localTee(): void {
    this.builder.defVar(this.local(), this.stack.at(-1)!);
  }

  /** The local of the operator that was read. */
  private local(): Variable {
    return this.locals.get(this.reader.index) as Variable;
  }

  globalGet(): void {
    const { index } = this.reader;
    const { type } = this.module.globals[index]!;
    const clif = this.typeOf(type);
    const known = this.plan === null ? null : this.plan.knownReference(index);
    if (known !== null) {
      this.stack.push(knownReference(this.heap, known));
      return;
    }
    const place = this.globalPlace(index);
    if (place < 0) this.stack.push(this.heap.cellGet(this.plan!.cellOfGlobal(index), type));
    else this.operator(WasmOp.GlobalGet, [place], [], [clif]);
  }

  globalSet(): void {
    const { index } = this.reader;
    this.typeOf(this.module.globals[index]!.type);
    this.setGlobal(index, this.pop());
  }

  protected setGlobal(global: number, value: Value): void {
    const place = this.globalPlace(global);
    if (place < 0) this.heap.cellSet(this.plan!.cellOfGlobal(global), value);
    else this.operator(WasmOp.GlobalSet, [place], [value], []);
  }

  private globalPlace(global: number): number {
    return this.plan === null ? global : this.plan.globalIndex(global);
  }

  /** The offset of the access that was read. */
  offsetConstant(is64: boolean): Value {
    const { offsetLo, offsetHi } = this.reader;
    if (!is64) return this.ins.iconst(I32, offsetLo >>> 0);
    return this.ins.iconst(I64, (BigInt(offsetHi | 0) << 32n) | BigInt(offsetLo >>> 0));
  }

  /** Pops the address of the access that was read. */
  address(): Address {
    return this.memories.address(this.reader, this.popAddress());
  }

  exactAddress(): { readonly base: Value; readonly flags: MemFlags } {
    const flags = this.memories.flagsOf(this.reader.memory);
    return { base: this.memories.exactAddress(this.reader, this.popAddress()), flags };
  }

  /** Checked where the engine does not do it. */
  private popAddress(): Value {
    const address = this.pop();
    const program = this.plan?.programMemory ?? null;
    if (program !== null) checkAccess(this, program, this.op, address);
    return address;
  }

  load({ inMemory, onStack, signed }: Access): void {
    const { ins } = this.builder;
    const { base, offset, flags } = this.address();
    const loaded = ins.load(inMemory, flags, base, offset);
    if (inMemory === onStack) this.stack.push(loaded);
    else this.stack.push(signed ? ins.sextend(onStack, loaded) : ins.uextend(onStack, loaded));
  }

  store({ inMemory, onStack }: Access): void {
    const { ins } = this.builder;
    const value = this.pop();
    const { base, offset, flags } = this.address();
    const narrowed = inMemory === onStack ? value : ins.ireduce(inMemory, value);
    ins.store(flags, narrowed, base, offset);
  }
}

function concreteHeap(type: number): HeapType {
  return (FIRST_TYPE + type) as HeapType;
}

type Handler = (t: FunctionTranslator, op: number) => void;

const IRREGULAR: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [WasmOp.Nop, () => {}],
  [WasmOp.Unreachable, (t) => t.trap()],
  [WasmOp.Block, (t) => t.block()],
  [WasmOp.Loop, (t) => t.loop()],
  [WasmOp.If, (t) => t.conditional()],
  [WasmOp.Else, (t) => t.otherwise()],
  [WasmOp.End, (t) => t.end()],
  [WasmOp.Br, (t) => t.branch()],
  [WasmOp.BrIf, (t) => t.branchIf()],
  [WasmOp.BrTable, (t) => t.branchTable()],
  [WasmOp.Return, (t) => t.returns()],
  [WasmOp.Try, (t) => t.tryBlock()],
  [WasmOp.TryTable, (t) => t.tryTable()],
  [WasmOp.Catch, (t) => t.catches(false)],
  [WasmOp.CatchAll, (t) => t.catches(true)],
  [WasmOp.Delegate, (t) => t.delegates()],
  [WasmOp.Throw, (t) => t.throws()],
  [WasmOp.ThrowRef, (t) => t.throwsReference()],
  [WasmOp.Rethrow, (t) => t.rethrows()],
  [WasmOp.Call, (t) => t.call()],
  [WasmOp.CallIndirect, (t) => t.callIndirect()],
  [WasmOp.ReturnCall, (t) => t.returnCall()],
  [WasmOp.ReturnCallIndirect, (t) => t.returnCallIndirect()],
  [WasmOp.CallRef, (t) => t.callRef()],
  [WasmOp.ReturnCallRef, (t) => t.returnCallRef()],
  [WasmOp.RefFunc, (t) => t.refFunc()],
  [WasmOp.Drop, (t) => t.drop()],
  [WasmOp.Select, (t) => t.select()],
  [WasmOp.SelectT, (t) => t.selectTyped()],
  [WasmOp.LocalGet, (t) => t.localGet()],
  [WasmOp.LocalSet, (t) => t.localSet()],
  [WasmOp.LocalTee, (t) => t.localTee()],
  [WasmOp.GlobalGet, (t) => t.globalGet()],
  [WasmOp.GlobalSet, (t) => t.globalSet()],
  [WasmOp.I32Const, (t) => t.constant(I32)],
  [WasmOp.I64Const, (t) => t.constant(I64)],
  [WasmOp.F32Const, (t) => t.constant(F32)],
  [WasmOp.F64Const, (t) => t.constant(F64)],
  [WasmOp.MemorySize, onMemory(0, true)],
  [WasmOp.MemoryGrow, onMemory(1, true)],
  [WasmOp.MemoryFill, onMemory(3, false)],
  [
    WasmOp.MemoryCopy,
    (t, op) => {
      const [target, source] = t.indices;
      t.plainOperator(op, [t.memories.place(target), t.memories.place(source)], 3, null);
    },
  ],
  [
    WasmOp.MemoryInit,
    (t, op) => {
      const [segment, memory] = t.indices;
      t.plainOperator(op, [segment, t.memories.place(memory)], 3, null);
    },
  ],
  [WasmOp.DataDrop, (t, op) => t.plainOperator(op, [t.indices[0]], 0, null)],
]);

function binary(make: Binary): Handler {
  return (t) => {
    const y = t.pop();
    t.push(make(t.ins, t.pop(), y));
  };
}

/** By id; undefined for what is not compiled yet. */
function handlers(): (Handler | undefined)[] {
  const all: (Handler | undefined)[] = Array.from({ length: OPCODE_COUNT }, () => undefined);
  const irregular = [IRREGULAR, VECTOR_HANDLERS, REFERENCE_HANDLERS, TABLE_HANDLERS];
  for (const table of [...irregular, ATOMIC_HANDLERS, WIDE_HANDLERS]) {
    for (const [op, handler] of table) all[op] = handler;
  }
  for (const [op, make] of UNARY_OPERATORS) all[op] = (t) => t.push(make(t.ins, t.pop()));
  for (const [op, make] of BINARY_OPERATORS) all[op] = binary(make);
  for (const [op, access] of LOADS) all[op] = (t) => t.load(access);
  for (const [op, access] of STORES) all[op] = (t) => t.store(access);
  for (const table of [VECTOR_OPERATORS, RELAXED_OPERATORS]) {
    for (const [op, { args, make }] of table) all[op] = (t) => t.push(make(t.ins, t.popMany(args)));
  }
  return all;
}

/** A size in pages has the type of the memory's addresses. */
function onMemory(args: number, givesSize: boolean): Handler {
  return (t, op) => {
    const [memory] = t.indices;
    const result = givesSize ? t.memories.addressType(memory) : null;
    t.plainOperator(op, [t.memories.place(memory)], args, result);
  };
}

const HANDLERS: readonly (Handler | undefined)[] = handlers();
