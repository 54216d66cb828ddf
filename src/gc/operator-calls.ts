/**
 * Wasm operators that CLIF has no opcode for (globals, tables, the size of memory, bulk memory): calls of an external
 * function in user namespace 1, whose index is the operator's id. What the operator has as immediates comes first among the
 * arguments, as constants; the backend turns the call back into the operator.
 */
import { I32List } from "../base/column.ts";
import { EpochTable } from "../base/epoch-table.ts";
import type { FunctionBuilder } from "../frontend/builder.ts";
import type { FuncRef, Inst, Value } from "../ir/entities.ts";
import { WASM_OPERATORS } from "../ir/names.ts";
import { signatureOf } from "../ir/signature.ts";
import { I32, type Type } from "../ir/types.ts";

export class OperatorCalls {
  private readonly builder: FunctionBuilder;
  /** Declared so far: the last of each operator, and before each the next of its operator, or -1. */
  private readonly last: EpochTable;
  private readonly functions: I32List;
  private readonly nexts: I32List;

  constructor(builder: FunctionBuilder) {
    this.builder = builder;
    this.last = new EpochTable();
    this.functions = new I32List();
    this.nexts = new I32List();
  }

  /** For the next function. */
  clear(): void {
    this.last.clear();
    this.functions.clear();
    this.nexts.clear();
  }

  /** Emits the operator; none of these can collect. */
  emit(
    operator: number,
    immediates: readonly number[],
    args: readonly Value[],
    results: readonly Type[],
  ): Inst {
    const { ins } = this.builder;
    const all: Value[] = [];
    for (let i = 0; i < immediates.length; i++) all.push(ins.iconst(I32, immediates[i]!));
    for (let i = 0; i < args.length; i++) all.push(args[i]!);
    return ins.call(this.functionOf(operator, all, results), all);
  }

  private functionOf(operator: number, args: readonly Value[], results: readonly Type[]): FuncRef {
    for (let i = this.last.get(operator); i >= 0; i = this.nexts.get(i)) {
      const callee = this.functions.get(i) as FuncRef;
      if (this.takes(callee, args, results)) return callee;
    }
    const { dfg } = this.builder.func;
    const params = args.map((arg) => dfg.valueType(arg));
    const signature = this.builder.importSignature(signatureOf(params, results));
    const callee = this.builder.importFunction({
      name: this.builder.userName(WASM_OPERATORS, operator),
      signature,
      colocated: false,
      patchable: false,
      noCollect: true,
    });
    this.nexts.push(this.last.get(operator));
    this.last.set(operator, this.functions.length);
    this.functions.push(callee);
    return callee;
  }

  private takes(callee: FuncRef, args: readonly Value[], results: readonly Type[]): boolean {
    const { dfg } = this.builder.func;
    const { params, returns } = dfg.signatures[dfg.extFuncs[callee]!.signature]!;
    if (params.length !== args.length || returns.length !== results.length) return false;
    for (let i = 0; i < args.length; i++) if (params[i]!.type !== dfg.valueType(args[i]!)) return false;
    for (let i = 0; i < results.length; i++) if (returns[i]!.type !== results[i]) return false;
    return true;
  }
}
