/**
 * Moves of a branch's arguments into the parameters of its target: pushed first and popped into the parameters' locals after, so
 * parallel moves need no order. A move of a local to itself is left out.
 */
import { I32List } from "../base/column.ts";
import { argIndex, argValue, type BlockArg, isRetArg, isValueArg } from "../ir/block-calls.ts";
import { type BlockCall, NONE, type Value } from "../ir/entities.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { CallEmitter } from "./call-emitter.ts";
import { Place } from "./trees.ts";

export abstract class MoveEmitter extends CallEmitter {
  /** The parameters that wait for what was pushed. */
  private readonly moves: I32List;

  constructor() {
    super();
    this.moves = new I32List();
  }

  protected needsMoves(call: BlockCall): boolean {
    const { dfg } = this.func;
    const target = dfg.blockCalls.block(call);
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
      if (this.needsMove(dfg.blockCalls.arg(call, i), dfg.blockParam(target, i))) return true;
    }
    return false;
  }

  /** The one parameter that is moved to, and read; `NONE` if there are none or several. */
  protected onlyMove(call: BlockCall): Value | typeof NONE {
    const { dfg } = this.func;
    const target = dfg.blockCalls.block(call);
    let only: Value | typeof NONE = NONE;
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
      const param = dfg.blockParam(target, i);
      if (!this.needsMove(dfg.blockCalls.arg(call, i), param)) continue;
      if (only !== NONE || !this.trees.isUsed(param)) return NONE;
      only = param;
    }
    return only;
  }

  private needsMove(arg: BlockArg, param: Value): boolean {
    // What a call gives is popped behind it.
    if (!isValueArg(arg)) return false;
    if (!this.trees.isUsed(param)) return this.isInlined(arg);
    const value = this.func.dfg.resolveAliases(argValue(arg));
    return (
      this.trees.placeOf(value) !== Place.Local || this.locals.localOf(value) !== this.locals.localOf(param)
    );
  }

  /** An inlined argument is evaluated even if nobody reads the parameter: it may trap or store. */
  private isInlined(arg: BlockArg): boolean {
    return this.trees.placeOf(this.func.dfg.resolveAliases(argValue(arg))) === Place.Inline;
  }

  protected emitMoves(call: BlockCall): void {
    this.pushValues(call);
    this.popValues();
  }

  /** Pushes the values that are passed and have to move. */
  protected pushValues(call: BlockCall): void {
    const { dfg } = this.func;
    const target = dfg.blockCalls.block(call);
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
      const arg = dfg.blockCalls.arg(call, i);
      if (!this.needsMove(arg, dfg.blockParam(target, i))) continue;
      this.push(dfg.resolveAliases(argValue(arg)));
    }
    this.listMoves(call);
  }

  /** Notes the parameters that `pushValues` pushed values for. */
  protected listMoves(call: BlockCall): void {
    const { dfg } = this.func;
    const target = dfg.blockCalls.block(call);
    this.moves.clear();
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
      const param = dfg.blockParam(target, i);
      if (this.needsMove(dfg.blockCalls.arg(call, i), param)) this.moves.push(param);
    }
  }

  /** Pops what `pushValues` pushed for the moves noted last. */
  protected popValues(): void {
    const { moves } = this;
    for (let i = moves.length - 1; i >= 0; i--) {
      const param = moves.get(i) as Value;
      if (this.trees.isUsed(param)) this.localSet(this.locals.localOf(param));
      else this.op(WasmOp.Drop);
    }
  }

  /** Pops what a call gave, as far as it is passed on. */
  protected popResultArgs(call: BlockCall, count: number): void {
    const { dfg } = this.func;
    const target = dfg.blockCalls.block(call);
    for (let result = count - 1; result >= 0; result--) {
      let local: number = NONE;
      for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
        const arg = dfg.blockCalls.arg(call, i);
        const param = dfg.blockParam(target, i);
        if (!isRetArg(arg) || argIndex(arg) !== result || !this.trees.isUsed(param)) continue;
        if (local !== NONE) this.localTee(local);
        local = this.locals.localOf(param);
      }
      if (local === NONE) this.op(WasmOp.Drop);
      else this.localSet(local);
    }
  }
}
