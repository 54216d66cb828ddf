/**
 * Constants by their type and bits, so that a constant made again is the same constant.
 *
 * An instruction that gives the same bits each time it runs cannot be updated by a collector, so a copy of a constant
 * never goes stale. Whether a collector may find it in a slot that a map names is another matter: null may always be
 * there, any other constant only when the program itself declared one with these bits.
 */

import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import type { Opcode } from "../ir/opcodes.ts";
import { ValueKind } from "../ir/values.ts";

export function isConstant(op: Opcode): boolean {
  switch (op) {
    case Op.Iconst:
    case Op.F16const:
    case Op.F32const:
    case Op.F64const:
    case Op.F128const:
    case Op.Vconst:
      return true;
    default:
      return false;
  }
}

export class Constants {
  private readonly numbers: Map<string, number>;
  private readonly references: boolean[];

  constructor() {
    this.numbers = new Map();
    this.references = [];
  }

  clear(): void {
    this.numbers.clear();
    this.references.length = 0;
  }

  /** The number of the constant that a resolved value is, or `NONE`. */
  ofValue(func: Function, value: Value): number {
    const { dfg } = func;
    if (dfg.valueKind(value) !== ValueKind.Result) return NONE;
    const inst = dfg.valueInst(value);
    if (!isConstant(dfg.opcode(inst))) return NONE;
    const key = `${dfg.valueType(value)}:${constantBits(func, inst)}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.references.length;
      this.numbers.set(key, number);
      this.references.push(dfg.opcode(inst) === Op.Iconst && isZero(func, inst));
    }
    return number;
  }

  /** Whether a collector may find the constant in a slot that a map names. */
  isReference(constant: number): boolean {
    return this.references[constant]!;
  }

  setReference(constant: number): void {
    this.references[constant] = true;
  }
}

function isZero(func: Function, inst: Inst): boolean {
  return func.dfg.immLow(inst) === 0 && func.dfg.immHigh(inst) === 0;
}

function constantBits(func: Function, inst: Inst): string {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  if (op === Op.F128const || op === Op.Vconst) return dfg.constants.bytes(dfg.constant(inst)).join();
  return `${dfg.immHigh(inst)}:${dfg.immLow(inst)}`;
}
