/**
 * Write barriers: what a store of a reference into an object tells the collector. A collector asks for one of
 *
 *     none     nothing
 *     cards    a byte is set for the card (512 bytes) of the struct, or of the address 8 below the element: a
 *              generational collector looks for references to its nursery there. Stores into a new object need none,
 *              for it is in the nursery, or large and looked through once as a whole
 *     counts   the runtime makes the store and counts both the new reference and the old one. In a new object
 *              there is no old one, so the store is a plain one and the new reference is counted behind it
 *
 * References in frames, cells and the host's words need no barrier: every collector looks through all of these. Nor do
 * references that are null, i31 or functions by their type, or constants, except that one may take the place of a counted
 * one.
 *
 * `base` is a struct, with any offset, or the address 8 below an element, with the offset 8.
 */
import type { FunctionBuilder } from "../frontend/builder.ts";
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { I32 } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import type { ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { isTraced, neverObject } from "./layout.ts";
import type { ModulePlan } from "./module-plan.ts";
import type { OperatorCalls } from "./operator-calls.ts";
import type { RuntimeFunction } from "./runtime-functions.ts";

export type BarrierKind = ModulePlan["barrier"];

const CARD_LOG2 = 9;

export class WriteBarriers {
  private readonly builder: FunctionBuilder;
  private readonly operators: OperatorCalls;
  private readonly plan: ModulePlan;
  private readonly callRuntime: (name: RuntimeFunction, args: readonly Value[]) => void;

  constructor(
    builder: FunctionBuilder,
    operators: OperatorCalls,
    plan: ModulePlan,
    callRuntime: (name: RuntimeFunction, args: readonly Value[]) => void,
  ) {
    this.builder = builder;
    this.operators = operators;
    this.plan = plan;
    this.callRuntime = callRuntime;
  }

  /** The barrier for storing values of the type into objects. */
  kindFor(type: ValType): BarrierKind {
    if (!isTraced(type, this.plan.types) || neverObject(type)) return "none";
    return this.plan.barrier;
  }

  private isConstant(value: Value): boolean {
    const { dfg } = this.builder.func;
    const resolved = dfg.resolveAliases(value);
    return dfg.valueKind(resolved) === ValueKind.Result && dfg.opcode(dfg.valueInst(resolved)) === Op.Iconst;
  }

  /** With barrier `counts`: the store itself. */
  storeCounted(value: Value, base: Value, offset: number): void {
    this.callRuntime("writeReference", [this.builder.ins.iaddImmS(base, offset), value]);
  }

  /** With barrier `cards`: what follows the store. */
  markCard(value: Value, base: Value): void {
    if (this.isConstant(value)) return;
    const { ins } = this.builder;
    const { cardBase } = this.plan;
    const cards = this.builder.instResults(this.operators.emit(WasmOp.GlobalGet, [cardBase], [], [I32]))[0]!;
    const card = ins.iadd(cards, ins.ushrImmS(base, CARD_LOG2));
    ins.istore8(TRUSTED_MEMFLAGS, ins.iconst(I32, 1), card, 0);
  }

  /** What follows the plain store of a value to `count` words of a new object. */
  initialized(type: ValType, value: Value, count: Value | null): void {
    if (this.kindFor(type) !== "counts" || this.isConstant(value)) return;
    this.callRuntime("increment", [value, count ?? this.builder.ins.iconst(I32, 1)]);
  }

  /** What follows plain stores of values to so many elements of a new array, from the address `start` on. */
  initializedRange(type: ValType, start: Value, count: Value): void {
    if (this.kindFor(type) === "counts") this.callRuntime("incrementRange", [start, count]);
  }

  /** With barrier `counts`: stores one value to many elements. */
  fillCounted(start: Value, value: Value, count: Value): void {
    this.callRuntime("fillReferences", [start, value, count]);
  }

  /** With barrier `counts`: copies elements. */
  copyCounted(target: Value, source: Value, count: Value): void {
    this.callRuntime("copyReferences", [target, source, count]);
  }

  /** With barrier `cards`: what follows stores to so many elements. */
  markCards(start: Value, count: Value): void {
    this.callRuntime("markCards", [start, this.builder.ins.ishlImmS(count, 2)]);
  }
}
