/** A short way to write functions through the builder, for tests. */
import { type FinalizeOptions, FunctionBuilder } from "../../src/frontend/builder.ts";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import type { ExceptionTableItem } from "../../src/ir/block-calls.ts";
import { type Block, type FuncRef, NONE, type Value } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { signatureOf } from "../../src/ir/signature.ts";
import { I32, type Type } from "../../src/ir/types.ts";
import { functionText } from "../../src/text/index.ts";

/** A function `%sample` under construction; blocks are switched to by `at`, and all sealed at the end. */
export class Sketch {
  readonly func: Function;
  readonly builder: FunctionBuilder;

  constructor(
    params: readonly Type[] = [],
    returns: readonly Type[] = [],
    context: FunctionBuilderContext = new FunctionBuilderContext(),
    func: Function = new Function(),
  ) {
    func.name = { kind: "testcase", name: "sample" };
    func.signature = signatureOf(params, returns, "system_v");
    this.func = func;
    this.builder = new FunctionBuilder(func, context);
  }

  /** `count` blocks, the first one current and with the function's parameters. */
  blocks(count: number): Block[] {
    const blocks = Array.from({ length: count }, () => this.builder.createBlock());
    this.builder.appendBlockParamsForFunctionParams(blocks[0]!);
    this.builder.switchToBlock(blocks[0]!);
    return blocks;
  }

  at(block: Block): void {
    this.builder.switchToBlock(block);
  }

  params(block: Block): Value[] {
    const { dfg } = this.func;
    return Array.from({ length: dfg.blockParamCount(block) }, (_, i) => dfg.blockParam(block, i));
  }

  /** An external function `u0:N`, each with a signature of its own. */
  callee(params: readonly Type[], returns: readonly Type[] = []): FuncRef {
    const { builder } = this;
    return builder.importFunction({
      name: { kind: "user", ref: builder.declareImportedUserFunction(0, this.func.dfg.extFuncs.length) },
      signature: builder.importSignature(signatureOf(params, returns, "system_v")),
      colocated: true,
      patchable: false,
      noCollect: false,
    });
  }

  int(value: number): Value {
    return this.builder.ins.iconst(I32, value);
  }

  declare(...values: Value[]): void {
    for (const value of values) this.builder.declareValueNeedsStackMap(value);
  }

  call(callee: FuncRef, ...args: Value[]): Value {
    const inst = this.builder.ins.call(callee, args);
    return this.func.dfg.resultCount(inst) > 0 ? this.func.dfg.firstResult(inst) : (NONE as Value);
  }

  tryCall(
    callee: FuncRef,
    args: readonly Value[],
    normal: Block,
    items: readonly ExceptionTableItem[],
  ): void {
    const { dfg } = this.func;
    const signature = dfg.extFuncs[callee]!.signature;
    const table = dfg.blockCalls.createTable(signature, this.builder.blockCall(normal), items);
    this.builder.ins.tryCall(callee, args, table);
  }

  jump(block: Block, ...args: Value[]): void {
    this.builder.ins.jump(this.builder.blockCall(block, args));
  }

  brif(condition: Value, then: Block, otherwise: Block): void {
    const thenCall = this.builder.blockCall(then);
    this.builder.ins.brif(condition, thenCall, this.builder.blockCall(otherwise));
  }

  ret(...values: Value[]): void {
    this.builder.ins.return_(values);
  }

  /** Seals what is not sealed, finalizes and prints. */
  text(options: FinalizeOptions = {}): string {
    this.builder.sealAllBlocks();
    this.builder.finalize({ policy: "cranelift", ...options });
    return functionText(this.func);
  }
}
