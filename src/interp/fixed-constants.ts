/**
 * The constants that no collector moves: those that are declared, or that a branch passes to a declared parameter, and those
 * that a spilled function stores into its slots (`oracle.ts` says why). Null that a branch passes to any parameter too: it may
 * come to a declared one from there, and is null still.
 */
import { argValue, isValueArg } from "../ir/block-calls.ts";
import type { DataFlowGraph } from "../ir/dfg.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { bitsOf } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import type { Environment } from "./environment.ts";
import { wordsOf } from "./type-sizes.ts";

/** The widest type there is, in words. */
const MAX_WORDS = 1024;

export class FixedConstants {
  /** The constant that was looked at last, as its cell would hold it. */
  private readonly words: Int32Array;

  constructor() {
    this.words = new Int32Array(MAX_WORDS);
  }

  fixDeclared(func: Function, values: readonly Value[], environment: Environment): void {
    const { dfg, layout } = func;
    const declared = new Set(values);
    if (declared.size === 0) return;
    for (const value of declared) this.fix(dfg, value, environment);
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block as Block)) {
      const inst = layout.lastInst(block as Block);
      if (inst === NONE) continue;
      const count = dfg.destinationCount(inst);
      for (let i = 0; i < count; i++) {
        const call = dfg.destination(inst, i);
        const target = dfg.blockCalls.block(call);
        const args = Math.min(dfg.blockCalls.argCount(call), dfg.blockParamCount(target));
        for (let j = 0; j < args; j++) {
          const arg = dfg.blockCalls.arg(call, j);
          if (!isValueArg(arg)) continue;
          const onlyNull = !declared.has(dfg.blockParam(target, j));
          this.fix(dfg, dfg.resolveAliases(argValue(arg)), environment, onlyNull);
        }
      }
    }
  }

  fixStored(func: Function, firstSpillSlot: number, environment: Environment): void {
    const { dfg, layout } = func;
    if (func.stackSlots.length === firstSpillSlot) return;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block as Block)) {
      for (let inst = layout.firstInst(block as Block); inst !== NONE; inst = layout.nextInst(inst as Inst)) {
        if (dfg.opcode(inst) !== Op.Store) continue;
        const address = dfg.resolveAliases(dfg.arg(inst, 1));
        if (dfg.valueKind(address) !== ValueKind.Result) continue;
        const def = dfg.valueInst(address);
        if (dfg.opcode(def) !== Op.StackAddr || dfg.stackSlot(def) < firstSpillSlot) continue;
        this.fix(dfg, dfg.resolveAliases(dfg.arg(inst, 0)), environment);
      }
    }
  }

  /** Fixes the value if it is a constant, or one extended to 128 bits; with `onlyNull`, only if all its bits are zero. */
  private fix(dfg: DataFlowGraph, value: Value, environment: Environment, onlyNull = false): void {
    if (dfg.valueKind(value) !== ValueKind.Result) return;
    const { words } = this;
    const inst = dfg.valueInst(value);
    switch (dfg.opcode(inst)) {
      case Op.Iconst:
      case Op.F16const:
      case Op.F32const:
      case Op.F64const:
        this.scalar(dfg, inst);
        break;
      case Op.F128const:
      case Op.Vconst: {
        const bytes = dfg.constants.bytes(dfg.constant(inst));
        words.fill(0);
        new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
        break;
      }
      case Op.Uextend:
      case Op.Sextend: {
        const source = dfg.resolveAliases(dfg.arg(inst, 0));
        if (dfg.valueKind(source) !== ValueKind.Result) return;
        if (dfg.opcode(dfg.valueInst(source)) !== Op.Iconst) return;
        this.scalar(dfg, dfg.valueInst(source));
        words.fill(dfg.opcode(inst) === Op.Sextend && words[1]! < 0 ? -1 : 0, 2, 4);
        break;
      }
      default:
        return;
    }
    const type = dfg.valueType(value);
    if (onlyNull && words.subarray(0, wordsOf(type)).some((word) => word !== 0)) return;
    environment.fix(words, 0, type);
  }

  private scalar(dfg: DataFlowGraph, inst: Inst): void {
    const bits = Math.min(32, bitsOf(dfg.valueType(dfg.result(inst, 0))));
    this.words[0] = (dfg.immLow(inst) << (32 - bits)) >> (32 - bits);
    this.words[1] = dfg.immHigh(inst);
  }
}
