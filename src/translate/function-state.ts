/**
 * What every part of a function's translation works on: the module, the builder, the reader of operators, and the operand
 * stack of values.
 */
import { removeAll } from "../base/column.ts";
import { InputError } from "../base/diagnostics.ts";
import { FunctionBuilder } from "../frontend/builder.ts";
import type { FunctionBuilderContext } from "../frontend/context.ts";
import { HeapOperations } from "../gc/heap-operations.ts";
import type { ModulePlan } from "../gc/module-plan.ts";
import { OperatorCalls } from "../gc/operator-calls.ts";
import type { Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { type Signature, signatureOf } from "../ir/signature.ts";
import type { Type } from "../ir/types.ts";
import type { Module } from "../wasm/module.ts";
import { OperandTypes } from "../wasm/operand-types.ts";
import { OperatorReader } from "../wasm/operators.ts";
import type { TypeTable, ValType } from "../wasm/types.ts";
import { NO_VALUES } from "./control.ts";
import { Memories } from "./memories.ts";
import { unsupportedOperator } from "./messages.ts";
import { clifType } from "./value-types.ts";

/** The CLIF signature of a function type of the module. */
export function clifSignature(
  types: TypeTable,
  type: number,
  offset: number,
  references: TypeTable | null,
): Signature {
  const toClif = (value: ValType): Type => clifType(value, offset, references);
  // The one convention with tail calls.
  return signatureOf(paramsOf(types, type).map(toClif), resultsOf(types, type).map(toClif), "tail");
}

export function paramsOf(types: TypeTable, type: number): ValType[] {
  const params = new Array<ValType>(types.paramCount(type));
  for (let i = 0; i < params.length; i++) params[i] = types.param(type, i);
  return params;
}

export function resultsOf(types: TypeTable, type: number): ValType[] {
  const results = new Array<ValType>(types.resultCount(type));
  for (let i = 0; i < results.length; i++) results[i] = types.result(type, i);
  return results;
}

export class FunctionState {
  readonly module: Module;
  readonly reader: OperatorReader;
  protected readonly builder: FunctionBuilder;
  protected readonly operators: OperatorCalls;
  readonly memories: Memories;
  /** The module's types when references are compiled, else null. */
  protected readonly references: TypeTable | null;
  protected readonly stack: Value[];
  private readonly taken: Value[];
  /** What is known of the operand on top beyond its value. */
  protected readonly operands: OperandTypes;
  protected readonly heapOperations: HeapOperations | null;
  /** Where the module's parts live in the output; null where each stays what it is. */
  readonly plan: ModulePlan | null;
  /** CLIF's signatures of the module's types, as far as they were needed. */
  private readonly signatureCache: Signature[];

  /** For one function after the other, each of which goes into the empty `func`. Without a plan of the heap, whatever needs references is refused. */
  constructor(
    module: Module,
    featureMask: number,
    func: Function,
    context: FunctionBuilderContext,
    plan: ModulePlan | null = null,
  ) {
    this.module = module;
    this.reader = new OperatorReader(module.bytes, 0, 0, featureMask);
    this.reader.typeLimit = module.types.length;
    this.builder = new FunctionBuilder(func, context);
    this.operators = new OperatorCalls(this.builder);
    this.memories = new Memories(module, this.builder, plan);
    this.references = plan === null ? null : module.types;
    this.stack = [];
    this.taken = [];
    this.operands = new OperandTypes(module);
    this.plan = plan;
    this.signatureCache = new Array<Signature>(module.types.length);
    this.heapOperations = plan === null ? null : new HeapOperations(this.builder, this.operators, plan);
  }

  /** Forgets the function before. */
  protected begin(): void {
    removeAll(this.stack);
    this.builder.reopen();
    this.operators.clear();
    this.memories.clear();
    this.heapOperations?.clear();
  }

  protected clifSignatureOf(type: number): Signature {
    this.signatureCache[type] ??= clifSignature(
      this.module.types,
      type,
      this.reader.opStart,
      this.references,
    );
    return this.signatureCache[type];
  }

  protected typeOf(type: ValType): Type {
    return clifType(type, this.reader.opStart, this.references);
  }

  /** Declares a value that may be an object. */
  protected watch(value: Value, type: ValType): Value {
    return this.heapOperations === null ? value : this.heapOperations.declareReference(value, type);
  }

  /** The operations on the heap; refuses the operator at hand where there is none. */
  get heap(): HeapOperations {
    if (this.heapOperations !== null) return this.heapOperations;
    throw new InputError(unsupportedOperator("an operator on references", this.reader.opStart));
  }

  /** Builds at the end of the current block. */
  get ins(): InstBuilder {
    return this.builder.ins;
  }

  // The stack.

  push(value: Value): void {
    this.stack.push(value);
  }

  pop(): Value {
    return this.stack.pop()!;
  }

  popMany(count: number): readonly Value[] {
    const values = this.peekMany(count);
    for (let i = 0; i < count; i++) this.stack.pop();
    return values;
  }

  /** As `popMany`, in a list that holds them until the next are taken: most are built into an instruction at once. */
  takeMany(count: number): readonly Value[] {
    const { stack, taken } = this;
    removeAll(taken);
    const start = stack.length - count;
    for (let i = start; i < stack.length; i++) taken.push(stack[i]!);
    this.dropTo(start);
    return taken;
  }

  protected peekMany(count: number): readonly Value[] {
    // As most blocks and many functions take.
    if (count === 0) return NO_VALUES;
    // Not pushed one by one: the first one to come makes room for seventeen.
    const values = new Array<Value>(count);
    const { stack } = this;
    const start = stack.length - count;
    for (let i = 0; i < count; i++) values[i] = stack[start + i]!;
    return values;
  }

  /** Takes off all operands but the lowest `height`. */
  protected dropTo(height: number): void {
    // See `removeAll`.
    while (this.stack.length > height) this.stack.pop();
  }
}
