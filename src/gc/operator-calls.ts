/**
 * Wasm operators that CLIF has no opcode for (globals, tables, the size of memory, bulk memory): calls of an external
 * function in user namespace 1, whose index is the operator's id. What the operator has as immediates comes first among the
 * arguments, as constants; the backend turns the call back into the operator.
 */
import type { FunctionBuilder } from "../frontend/builder.ts";
import type { FuncRef, Inst, Value } from "../ir/entities.ts";
import { WASM_OPERATORS } from "../ir/names.ts";
import { signatureOf } from "../ir/signature.ts";
import { I32, type Type } from "../ir/types.ts";

export class OperatorCalls {
  private readonly builder: FunctionBuilder;
  /** Declared so far, by operator and types. */
  private readonly functions: Map<string, FuncRef>;

  constructor(builder: FunctionBuilder) {
    this.builder = builder;
    this.functions = new Map();
  }

  /** Emits the operator; none of these can collect. */
  emit(
    operator: number,
    immediates: readonly number[],
    args: readonly Value[],
    results: readonly Type[],
  ): Inst {
    const { ins, func } = this.builder;
    const all = [...immediates.map((immediate) => ins.iconst(I32, immediate)), ...args];
    const params = all.map((arg) => func.dfg.valueType(arg));
    return ins.call(this.functionOf(operator, params, results), all);
  }

  private functionOf(operator: number, params: readonly Type[], results: readonly Type[]): FuncRef {
    const key = `${operator}:${params.join()}:${results.join()}`;
    const found = this.functions.get(key);
    if (found !== undefined) return found;
    const signature = this.builder.importSignature(signatureOf(params, results));
    const callee = this.builder.importFunction({
      name: { kind: "user", ref: this.builder.declareImportedUserFunction(WASM_OPERATORS, operator) },
      signature,
      colocated: false,
      patchable: false,
      noCollect: true,
    });
    this.functions.set(key, callee);
    return callee;
  }
}
