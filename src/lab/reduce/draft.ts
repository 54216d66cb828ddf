/**
 * A function under edit: a copy of the subject's, with the edits that passes are made of. `finish` copies it once more,
 * leaving out what the edits made useless.
 */
import { FuncCursor } from "../../ir/cursor.ts";
import { type Block, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { abiParam } from "../../ir/signature.ts";
import { userTrap } from "../../ir/trap-codes.ts";
import { F32, F64, I128, INVALID, isInt, type Type } from "../../ir/types.ts";
import { copyFunction } from "./copy-function.ts";
import { blocksOf, instsOf } from "./walk.ts";

const NOTHING_REPLACED: ReadonlyMap<Value, Value> = new Map();

export class Draft {
  readonly func: Function;
  private readonly replaced: Map<Value, Value>;
  private readonly dropUnreachable: boolean;

  /** `source` is left alone. Its entities keep their numbers here if it is dense, as every copy is. */
  constructor(source: Function, dropUnreachable: boolean) {
    const copy = copyFunction(source, { replaced: NOTHING_REPLACED, dropUnreachable: false });
    if (copy === null) throw new Error("a function that was read uses what it does not define");
    this.func = copy;
    this.replaced = new Map();
    this.dropUnreachable = dropUnreachable;
  }

  /** The edited function, or `null` if it uses what is gone. */
  finish(): Function | null {
    return copyFunction(this.func, { replaced: this.replaced, dropUnreachable: this.dropUnreachable });
  }

  /** Takes the instruction out; its results must not be used, or be replaced. */
  remove(inst: Inst): void {
    if (this.func.layout.blockOf(inst) !== NONE) this.func.layout.removeInst(inst);
  }

  /** What stands for the value by now. */
  resolve(value: Value): Value {
    let resolved = value;
    for (let next = this.replaced.get(resolved); next !== undefined; next = this.replaced.get(resolved)) {
      resolved = next;
    }
    return resolved;
  }

  /** Every use of `value` becomes one of `by`. */
  replace(value: Value, by: Value): void {
    const target = this.resolve(by);
    if (target !== value) this.replaced.set(value, target);
  }

  /** The value is not declared any more. */
  undeclare(value: Value): void {
    const { needsStackMap } = this.func;
    const at = needsStackMap.indexOf(value);
    if (at >= 0) needsStackMap.splice(at, 1);
  }

  isReplaced(value: Value): boolean {
    return this.replaced.has(value);
  }

  // Values from nothing.

  /** A parameter of the function of that type: the first there is, or a new one. */
  parameter(type: Type, fresh: boolean): Value | null {
    const { func } = this;
    const { dfg } = func;
    const entry = func.layout.entryBlock;
    if (entry === NONE) return null;
    if (fresh) {
      func.signature = { ...func.signature, params: [...func.signature.params, abiParam(type)] };
      return dfg.appendBlockParam(entry, type);
    }
    for (let i = 0; i < dfg.blockParamCount(entry); i++) {
      const param = dfg.blockParam(entry, i);
      if (dfg.valueType(param) === type && !this.isReplaced(param)) return param;
    }
    return null;
  }

  /** A constant 0 before the instruction, or `null` for types that have none. */
  zero(type: Type, before: Inst): Value | null {
    const cursor = new FuncCursor(this.func).beforeInst(before);
    if (isInt(type) && type !== I128) return cursor.iconst(type, 0);
    if (type === F32) return cursor.f32const(0);
    return type === F64 ? cursor.f64const(0n) : null;
  }

  // Control flow.

  /** Ends the block at `inst` with a trap. */
  trapAt(inst: Inst): void {
    const block = this.func.layout.blockOf(inst) as Block;
    const insts = instsOf(this.func, block);
    for (const later of insts.slice(insts.indexOf(inst))) this.remove(later);
    new FuncCursor(this.func).atEnd(block).trap(userTrap(1));
  }

  /** Takes block parameter `index` off, with what every branch passes to it; the parameter must be replaced. */
  dropBlockParam(block: Block, index: number): void {
    const { dfg } = this.func;
    dfg.removeBlockParam(dfg.blockParam(block, index));
    for (const other of blocksOf(this.func)) {
      for (const inst of instsOf(this.func, other)) {
        for (let i = 0; i < dfg.destinationCount(inst); i++) {
          const call = dfg.destination(inst, i);
          if (dfg.blockCalls.block(call) === block && index < dfg.blockCalls.argCount(call)) {
            dfg.blockCalls.removeArg(call, index);
          }
        }
      }
    }
  }

  /** The instruction again with other values, in its place; it must have no results or tables. */
  withArgs(inst: Inst, args: readonly Value[]): Inst {
    const { dfg, layout } = this.func;
    const copy = dfg.newInst(dfg.opcode(inst), dfg.imm8(inst), dfg.immLow(inst), dfg.immHigh(inst));
    for (const arg of args) dfg.addArg(arg);
    layout.insertInstBefore(copy, inst);
    layout.removeInst(inst);
    return copy;
  }

  isReturn(inst: Inst): boolean {
    return this.func.dfg.opcode(inst) === Op.Return;
  }
}

/** Whether values of the type exist at all. */
export function isValueType(type: Type): boolean {
  return type !== INVALID;
}
