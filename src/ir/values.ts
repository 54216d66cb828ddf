/**
 * The values of a function and the parameters of its blocks.
 *
 * A value is a result, a block parameter, an alias of another value, or (numbers that text skipped) nothing. Numbers are
 * never reused, as upstream's are not: tests compare printed numbers. One row of typed-array columns each; the instructions
 * that results come from are the subclass's (`insts.ts`).
 */
import { EMPTY_I32, EMPTY_U16, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "./entities.ts";
import { INVALID, type Type } from "./types.ts";
import { ValuePool } from "./value-pool.ts";

export const ValueKind = { None: 0, Result: 1, Param: 2, Alias: 3 } as const;

const KIND_SHIFT = 29;
const INDEX_MASK = (1 << KIND_SHIFT) - 1;

export class ValueTable {
  /** Operand lists of everything in the function. */
  protected readonly pool: ValuePool;
  private valueTypes: Uint16Array;
  /** Instruction, block, or alias target, by kind. */
  private valueDefs: Int32Array;
  /** Kind and the index among results or parameters. */
  private valueInfos: Int32Array;
  private values: number;
  private paramStarts: Int32Array;
  private paramCounts: Int32Array;
  private blocks: number;

  constructor() {
    this.pool = new ValuePool();
    this.valueTypes = EMPTY_U16;
    this.valueDefs = EMPTY_I32;
    this.valueInfos = EMPTY_I32;
    this.values = 0;
    this.paramStarts = EMPTY_I32;
    this.paramCounts = EMPTY_I32;
    this.blocks = 0;
  }

  clear(): void {
    this.pool.clear();
    this.values = 0;
    this.blocks = 0;
  }

  // Values.

  get numValues(): number {
    return this.values;
  }

  isValueValid(value: Value): boolean {
    return value >= 0 && value < this.values && this.valueKind(value) !== ValueKind.None;
  }

  valueKind(value: Value): number {
    return this.valueInfos[value]! >>> KIND_SHIFT;
  }

  valueType(value: Value): Type {
    return this.valueTypes[value]! as Type;
  }

  setValueType(value: Value, type: Type): void {
    this.valueTypes[value] = type;
  }

  /** The instruction that a result comes from. */
  valueInst(value: Value): Inst {
    return this.valueDefs[value]! as Inst;
  }

  /** The block that a parameter belongs to. */
  valueBlock(value: Value): Block {
    return this.valueDefs[value]! as Block;
  }

  /** The index among the results or the parameters. */
  valueIndex(value: Value): number {
    return this.valueInfos[value]! & INDEX_MASK;
  }

  /** What an alias stands for, one step. */
  aliasTarget(value: Value): Value {
    return this.valueDefs[value]! as Value;
  }

  isAlias(value: Value): boolean {
    return this.valueInfos[value]! >>> KIND_SHIFT === ValueKind.Alias;
  }

  /** The value that is no alias at the end of the chain. A cycle (only hostile text has one) ends at `value`. */
  resolveAliases(value: Value): Value {
    let resolved: number = value;
    for (let steps = this.values; this.valueInfos[resolved]! >>> KIND_SHIFT === ValueKind.Alias; steps--) {
      if (steps === 0) return value;
      resolved = this.valueDefs[resolved]!;
    }
    return resolved as Value;
  }

  /** Makes `value` another name of `target`; it must not be a result or parameter of anything any more. */
  changeToAlias(value: Value, target: Value): void {
    const original = this.resolveAliases(target);
    this.setValue(value, this.valueTypes[original]! as Type, ValueKind.Alias, original, 0);
  }

  /** An alias exactly as text says it, to a target that may be an alias itself. */
  makeAlias(value: Value, target: Value): void {
    this.setValue(value, this.valueTypes[target]! as Type, ValueKind.Alias, target, 0);
  }

  /** Makes sure that numbers up to `value` exist, as nothing until they are defined. */
  reserveValue(value: Value): void {
    while (this.values <= value) this.newValue(INVALID, ValueKind.None, NONE, 0);
  }

  protected newValue(type: Type, kind: number, def: number, index: number): Value {
    const value = this.values++;
    if (value >= this.valueTypes.length) {
      const capacity = grownCapacity(this.valueTypes.length, this.values);
      this.valueTypes = grownColumn(this.valueTypes, capacity);
      this.valueDefs = grownColumn(this.valueDefs, capacity);
      this.valueInfos = grownColumn(this.valueInfos, capacity);
    }
    this.setValue(value as Value, type, kind, def, index);
    return value as Value;
  }

  protected setValue(value: Value, type: Type, kind: number, def: number, index: number): void {
    this.valueTypes[value] = type;
    this.valueDefs[value] = def;
    this.valueInfos[value] = (kind << KIND_SHIFT) | index;
  }

  // Blocks and their parameters.

  get numBlocks(): number {
    return this.blocks;
  }

  makeBlock(): Block {
    const block = this.blocks++;
    if (block >= this.paramStarts.length) {
      const capacity = grownCapacity(this.paramStarts.length, this.blocks);
      this.paramStarts = grownColumn(this.paramStarts, capacity);
      this.paramCounts = grownColumn(this.paramCounts, capacity);
    }
    this.paramCounts[block] = 0;
    return block as Block;
  }

  blockParamCount(block: Block): number {
    return this.paramCounts[block]!;
  }

  blockParam(block: Block, index: number): Value {
    return this.pool.get(this.paramStarts[block]! + index) as Value;
  }

  appendBlockParam(block: Block, type: Type): Value {
    const value = this.newValue(type, ValueKind.Param, block, this.paramCounts[block]!);
    this.linkParam(block, value);
    return value;
  }

  /** Makes the reserved number `value` the next parameter of the block. */
  defineBlockParam(block: Block, value: Value, type: Type): void {
    this.setValue(value, type, ValueKind.Param, block, this.paramCounts[block]!);
    this.linkParam(block, value);
  }

  private linkParam(block: Block, value: Value): void {
    const count = this.paramCounts[block]!;
    this.paramStarts[block] = this.pool.append(this.paramStarts[block]!, count, value);
    this.paramCounts[block] = count + 1;
  }

  /** Takes a parameter off its block; the value is nothing until it is made an alias. */
  removeBlockParam(value: Value): void {
    const block = this.valueBlock(value);
    const start = this.paramStarts[block]!;
    const count = this.paramCounts[block]!;
    this.pool.remove(start, count, this.valueIndex(value));
    this.paramCounts[block] = count - 1;
    for (let i = this.valueIndex(value); i < count - 1; i++) {
      this.valueInfos[this.pool.get(start + i)] = (ValueKind.Param << KIND_SHIFT) | i;
    }
    this.setValue(value, this.valueType(value), ValueKind.None, NONE, 0);
  }

  /** Takes several parameters off their block; they are nothing any more. */
  removeBlockParams(block: Block, isGone: (param: Value) => boolean): void {
    this.dropParams(block, (param) => {
      if (!isGone(param)) return false;
      this.setValue(param, this.valueType(param), ValueKind.None, NONE, 0);
      return true;
    });
  }

  /** Takes off the block all parameters that have been made aliases while they still stood in its list. */
  dropAliasedParams(block: Block): void {
    this.dropParams(block, (param) => this.isAlias(param));
  }

  private dropParams(block: Block, isGone: (param: Value) => boolean): void {
    const start = this.paramStarts[block]!;
    const count = this.paramCounts[block]!;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = this.pool.get(start + i) as Value;
      if (isGone(value)) continue;
      this.pool.set(start + kept, value);
      this.valueInfos[value] = (ValueKind.Param << KIND_SHIFT) | kept++;
    }
    this.paramCounts[block] = kept;
  }
}
