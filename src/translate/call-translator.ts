/**
 * Calls of a function under translation: direct, indirect, through references, tail calls, and calls of what is not in the input
 * (operators without a CLIF opcode, functions beside the module).
 *
 * CLIF has one kind of code pointer, so the signature of an indirect call says which table its callee indexes.
 */

import { InputError } from "../base/diagnostics.ts";
import { EpochTable } from "../base/epoch-table.ts";
import { arrayNew } from "../gc/elements.ts";
import { isTestedInPlace, type TypeTest, testKind } from "../gc/test-kinds.ts";
import { GcTrap } from "../gc/traps.ts";
import { testInPlace, testType } from "../gc/type-tests.ts";
import type { FuncRef, Inst, SigRef, Value } from "../ir/entities.ts";
import { signatureOf } from "../ir/signature.ts";
import type { Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { ExceptionTranslator } from "./exception-translator.ts";
import { checkedCallee, functionReference } from "./functions.ts";
import { unsupportedOperator } from "./messages.ts";

export class CallTranslator extends ExceptionTranslator {
  private readonly callees: EpochTable = new EpochTable();
  private readonly externals: Map<string, FuncRef> = new Map();
  /** By `table * types + type`. A direct call has those of table 0, one through a reference those of the table behind the last. */
  private readonly signatures: EpochTable = new EpochTable();
  /** The module's type that a signature stands for, equal shapes may be different types; and the table that it is called in. */
  private readonly signatureTypes: number[] = [];
  private readonly signatureTables: number[] = [];

  protected override begin(): void {
    super.begin();
    this.callees.clear();
    if (this.externals.size > 0) this.externals.clear();
    this.signatures.clear();
  }

  /** The index in the module of the type that a signature of the translated function stands for. */
  typeIndexOf(signature: SigRef): number {
    return this.signatureTypes[signature]!;
  }

  /** The table of the output that an indirect call by a signature of the translated function goes through. */
  tableOf(signature: SigRef): number {
    const table = this.signatureTables[signature]!;
    if (this.plan === null) return table;
    return table === this.referenceTable ? this.plan.functionTable : this.plan.tableIndex(table);
  }

  /** Stands for the table of functions, whose indices are the references. */
  private get referenceTable(): number {
    return this.module.tables.length;
  }

  /** What the reader holds as immediates. */
  get indices(): readonly [number, number] {
    return [this.reader.index, this.reader.index2];
  }

  /** An operator without a CLIF opcode; pushes its results. */
  operator(
    op: number,
    immediates: readonly number[],
    args: readonly Value[],
    results: readonly Type[],
  ): void {
    const inst = this.operators.emit(op, immediates, args, results);
    const { dfg } = this.builder.func;
    for (let i = 0; i < dfg.resultCount(inst); i++) this.stack.push(dfg.result(inst, i));
  }

  /** An operator on its operands, with at most one result. */
  plainOperator(op: number, immediates: readonly number[], argCount: number, result: Type | null): void {
    this.operator(op, immediates, this.popMany(argCount), result === null ? [] : [result]);
  }

  /** Refuses a table with 64-bit indices where the output's engine need not have such tables. */
  requireTable(table: number): void {
    if (this.plan === null || !this.module.tables[table]!.type.is64) return;
    throw new InputError(unsupportedOperator("a 64-bit table", this.reader.opStart));
  }

  /** A function outside of the input; it does not collect. */
  externalFunction(
    namespace: number,
    index: number,
    params: readonly Type[],
    results: readonly Type[],
  ): FuncRef {
    const key = `${namespace}:${index}`;
    const found = this.externals.get(key);
    if (found !== undefined) return found;
    const callee = this.builder.importFunction({
      name: this.builder.userName(namespace, index),
      signature: this.builder.importSignature(signatureOf(params, results)),
      colocated: false,
      patchable: false,
      noCollect: true,
    });
    this.externals.set(key, callee);
    return callee;
  }

  callExternal(callee: FuncRef, args: readonly Value[]): readonly Value[] {
    return this.builder.instResults(this.ins.call(callee, args));
  }

  call(): void {
    const type = this.module.functionTypes.get(this.reader.index);
    const callee = this.callee(this.reader.index);
    // Whoever throws may collect: for the exception, or because it calls what is not known.
    if (this.isInRegion && this.plan!.mayCollect(this.reader.index)) this.callInRegion(type, callee);
    else this.pushResults(this.ins.call(callee, this.takeArgs(type)), type);
  }

  /** Apart, as its closure costs calls that make none. */
  private callInRegion(type: number, callee: FuncRef): void {
    const args = this.popArgs(type);
    this.tryCall(this.signature(type), type, (table) => void this.ins.tryCall(callee, args, table));
  }

  private callThrough(signature: SigRef, type: number, callee: Value): void {
    if (this.isInRegion) this.callThroughInRegion(signature, type, callee);
    else this.pushResults(this.ins.callIndirect(signature, callee, this.takeArgs(type)), type);
  }

  private callThroughInRegion(signature: SigRef, type: number, callee: Value): void {
    const args = this.popArgs(type);
    this.tryCall(signature, type, (table) => void this.ins.tryCallIndirect(callee, args, table));
  }

  private pushResults(inst: Inst, type: number): void {
    const { dfg } = this.builder.func;
    for (let i = 0; i < dfg.resultCount(inst); i++) {
      this.stack.push(this.watch(dfg.result(inst, i), this.module.types.result(type, i)));
    }
  }

  /** By the type's allocator where it has one. */
  newStruct(type: number, fields: readonly Value[]): Value {
    const allocator = this.heap.plan.typeFunctions?.makerOf(type) ?? -1;
    if (allocator < 0) return this.heap.structNew(type, fields);
    return this.make(allocator, fields);
  }

  newDefaultStruct(type: number): Value {
    const allocator = this.heap.plan.typeFunctions?.defaultMakerOf(type) ?? -1;
    return allocator < 0 ? this.heap.structNewDefault(type) : this.make(allocator, []);
  }

  newDefaultArray(type: number, length: Value): Value {
    const allocator = this.heap.plan.typeFunctions?.defaultMakerOf(type) ?? -1;
    return allocator < 0 ? this.heap.arrayNewDefault(type, length) : this.make(allocator, [length]);
  }

  newArray(type: number, value: Value, length: Value): Value {
    const allocator = this.heap.plan.typeFunctions?.makerOf(type) ?? -1;
    if (allocator < 0) return arrayNew(this.heap, type, value, length);
    return this.make(allocator, [value, length]);
  }

  get topType(): wasm.ValType {
    return this.operands.top;
  }

  /** 1 when the reference passes the test, 0 otherwise. */
  testType(ref: Value, test: TypeTest): Value {
    const { types } = this.module;
    const { heap, nullable } = test;
    if (isTestedInPlace(this.heap.plan, test)) return testInPlace(this.heap, ref, heap, nullable);
    const { typeFunctions } = this.heap.plan;
    const kind = testKind(types, test);
    const func = wasm.isConcrete(heap) ? (typeFunctions?.testOf(wasm.typeIndexOf(heap), kind) ?? -1) : -1;
    if (func < 0) return testType(this.heap, ref, heap, nullable);
    return this.builder.func.dfg.firstResult(this.ins.call(this.callee(func), [ref]));
  }

  /** Traps unless the reference passes the test. */
  castType(ref: Value, test: TypeTest): void {
    const { plan } = this.heap;
    const isUntold = !test.nullable && !plan.hasZeroBytes && wasm.isNullable(test.operand);
    if (isUntold && isTestedInPlace(plan, test)) this.heap.trapIfNull(ref, GcTrap.CastFailure);
    this.heap.trapUnless(this.testType(ref, test), GcTrap.CastFailure);
  }

  private make(allocator: number, args: readonly Value[]): Value {
    const object = this.builder.func.dfg.firstResult(this.ins.call(this.callee(allocator), args));
    return this.watch(object, this.module.types.result(this.module.functionTypes.get(allocator), 0));
  }

  callIndirect(): void {
    const { signature, callee } = this.indirectCallee();
    this.callThrough(signature, this.reader.index, callee);
  }

  callRef(): void {
    const type = this.reader.index;
    const callee = this.pop();
    this.callThrough(this.referenceSignature(type), type, callee);
  }

  returnCall(): void {
    const args = this.takeArgs(this.module.functionTypes.get(this.reader.index));
    this.builder.ins.returnCall(this.callee(this.reader.index), args);
    this.becomeUnreachable();
  }

  returnCallIndirect(): void {
    const { signature, callee } = this.indirectCallee();
    this.builder.ins.returnCallIndirect(signature, callee, this.takeArgs(this.reader.index));
    this.becomeUnreachable();
  }

  returnCallRef(): void {
    const type = this.reader.index;
    const callee = this.pop();
    this.ins.returnCallIndirect(this.referenceSignature(type), callee, this.takeArgs(type));
    this.becomeUnreachable();
  }

  refFunc(): void {
    this.stack.push(functionReference(this, this.reader.index));
  }

  /** Of the indirect call that was read: what to call, and by which signature. */
  private indirectCallee(): { readonly signature: SigRef; readonly callee: Value } {
    const { index: type, index2: table } = this.reader;
    const index = this.pop();
    const callee = checkedCallee(this, table, type, index);
    if (callee !== null) return { signature: this.referenceSignature(type), callee };
    this.requireTable(table);
    return { signature: this.signature(type, table), callee: index };
  }

  private referenceSignature(type: number): SigRef {
    return this.signature(type, this.referenceTable);
  }

  private takeArgs(type: number): readonly Value[] {
    return this.takeMany(this.module.types.paramCount(type));
  }

  private popArgs(type: number): readonly Value[] {
    return this.popMany(this.module.types.paramCount(type));
  }

  private signature(type: number, table = 0): SigRef {
    const key = table * this.module.types.length + type;
    const found = this.signatures.get(key);
    if (found >= 0) return found as SigRef;
    const signature = this.builder.importSignature(this.clifSignatureOf(type));
    this.signatures.set(key, signature);
    this.signatureTypes[signature] = type;
    this.signatureTables[signature] = table;
    return signature;
  }

  protected override callee(index: number): FuncRef {
    const found = this.callees.get(index);
    if (found >= 0) return found as FuncRef;
    const callee = this.builder.importFunction({
      name: this.builder.userName(0, index),
      signature: this.signature(this.module.functionTypes.get(index)),
      colocated: index >= this.module.importedFunctionCount,
      patchable: false,
      noCollect: this.plan !== null && !this.plan.mayCollect(index),
    });
    this.callees.set(index, callee);
    return callee;
  }
}
