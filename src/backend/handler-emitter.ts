/**
 * Calls with a handler, each way that a target has of unwinding: the legacy `try`, `try_table`, or a check of the exception cell behind the
 * call. A call has one handler, for all exceptions and without payload (`gc/exceptions.ts`).
 */
import { InputError } from "../base/diagnostics.ts";
import { isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../ir/entities.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { unsupportedInst } from "./messages.ts";
import { EMPTY_BLOCK, ScopeEmitter } from "./scope-emitter.ts";

/** The clause of a `try_table` that catches a tag. */
const CATCH = 0;

export abstract class HandlerEmitter extends ScopeEmitter {
  /** Both ways out take their values in locals. What is caught is in its cell. */
  protected emitTryCall(block: Block, inst: Inst): void {
    const { dfg } = this.func;
    const { exceptionTag, exceptionForm } = this.indices!;
    const handler = exceptionTag < 0 ? NONE : this.onlyHandler(inst);
    if (handler === NONE) throw new InputError(unsupportedInst("try_call"));
    const normal = dfg.blockCalls.normalReturn(dfg.exceptionTable(inst));
    if (exceptionForm === "legacy") this.emitLegacyTry(block, inst, normal, handler as BlockCall);
    else if (exceptionForm === "exnref") this.emitTryTable(block, inst, normal, handler as BlockCall);
    else this.emitCheckedCall(block, inst, normal, handler as BlockCall);
  }

  /**
   *     try
   *       values for the normal edge, arguments, call; into locals; br to the normal block
   *     catch $exception
   *       values for the handler's edge, into locals; br to the handler
   *     end
   */
  private emitLegacyTry(block: Block, inst: Inst, normal: BlockCall, handler: BlockCall): void {
    this.op(WasmOp.Try);
    this.out.byte(EMPTY_BLOCK);
    this.pushValues(normal);
    this.emitCall(inst, false);
    this.popResultArgs(normal, this.resultCountOf(inst));
    this.popValues();
    if (!this.fallsThrough(block, normal)) this.opIndex(WasmOp.Br, this.depthOf(block, normal) + 1);
    this.opIndex(WasmOp.Catch, this.indices!.exceptionTag);
    this.emitMoves(handler);
    this.opIndex(WasmOp.Br, this.depthOf(block, handler) + 1);
    this.op(WasmOp.End);
  }

  /**
   *     block $next                  if the normal block's code comes next
   *       block $caught
   *         try_table (catch $exception $caught)
   *           values for the normal edge, arguments, call; into locals; br to the normal block, or $next
   *         end
   *       end
   *       as in the legacy form
   *     end
   */
  private emitTryTable(block: Block, inst: Inst, normal: BlockCall, handler: BlockCall): void {
    const fallsThrough = this.fallsThrough(block, normal);
    const outer = fallsThrough ? 1 : 0;
    for (let i = 0; i <= outer; i++) {
      this.op(WasmOp.Block);
      this.out.byte(EMPTY_BLOCK);
    }
    this.op(WasmOp.TryTable);
    this.out.byte(EMPTY_BLOCK);
    this.out.u32(1);
    this.out.byte(CATCH);
    this.out.u32(this.indices!.exceptionTag);
    this.out.u32(0);
    this.pushValues(normal);
    this.emitCall(inst, false);
    this.popResultArgs(normal, this.resultCountOf(inst));
    this.popValues();
    this.opIndex(WasmOp.Br, 2 + (fallsThrough ? 0 : this.depthOf(block, normal)));
    this.op(WasmOp.End);
    this.op(WasmOp.End);
    this.emitMoves(handler);
    this.opIndex(WasmOp.Br, this.depthOf(block, handler) + outer);
    if (fallsThrough) this.op(WasmOp.End);
  }

  /**
   * The check comes before the results go into locals, as the handler may need what these hold.
   *
   *     values for the normal edge, arguments, call
   *     if an exception is in flight: values for the handler's edge, into locals; br to the handler
   *     into locals; br to the normal block
   */
  private emitCheckedCall(block: Block, inst: Inst, normal: BlockCall, handler: BlockCall): void {
    this.pushValues(normal);
    this.emitCall(inst, false);
    this.pushThrown();
    this.op(WasmOp.If);
    this.out.byte(EMPTY_BLOCK);
    this.emitMoves(handler);
    this.opIndex(WasmOp.Br, this.depthOf(block, handler) + 1);
    this.op(WasmOp.End);
    this.popResultArgs(normal, this.resultCountOf(inst));
    this.listMoves(normal);
    this.popValues();
    if (!this.fallsThrough(block, normal)) this.opIndex(WasmOp.Br, this.depthOf(block, normal));
  }

  private resultCountOf(inst: Inst): number {
    const { dfg } = this.func;
    return dfg.signatures[dfg.callSignature(inst)]!.returns.length;
  }

  /** The handler of a call that has one, for all exceptions and without payload; `NONE` for any other. */
  private onlyHandler(inst: Inst): BlockCall | typeof NONE {
    const { blockCalls } = this.func.dfg;
    const table = this.func.dfg.exceptionTable(inst);
    if (blockCalls.itemCount(table) !== 1) return NONE;
    const item = blockCalls.item(table, 0);
    if (item.kind !== "default") return NONE;
    for (let i = 0; i < blockCalls.argCount(item.call); i++) {
      if (!isValueArg(blockCalls.arg(item.call, i))) return NONE;
    }
    return item.call;
  }
}
