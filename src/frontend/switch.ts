/**
 * A switch on an integer: cases in any order, any keys of up to 128 bits, one default. Lowered to what fits the keys:
 * runs of consecutive keys to `br_table`, single keys to a comparison, more than three of these found by bisection.
 *
 * The lowering is that of `cranelift/frontend/src/switch.rs`, block numbers and instructions included. Two things of
 * it look odd until one knows: a single key 0 needs no comparison, as `brif` takes the value itself; and the test of a
 * run's lower end needs none of its upper end, as a larger index takes the table's default. Where a run starts above 2^63
 * in a 128-bit switch, upstream subtracts a wrongly extended constant; here the constant is built from two halves.
 *
 * Blocks made on the way are sealed; sealing the cases' blocks and the default's is the caller's.
 */
import type { Block, Value } from "../ir/entities.ts";
import { bitsOf, I32, I64, I128, isInt } from "../ir/types.ts";
import type { FunctionBuilder } from "./builder.ts";
import { caseOutOfRange, caseTooWide, duplicateCase, switchOnNonInteger } from "./messages.ts";

/** Consecutive keys from `first` on, and the block of each. */
interface CaseRun {
  readonly first: bigint;
  readonly blocks: Block[];
}

/** Runs to be told apart by comparisons one after another; more of them are bisected first. */
const MAX_LINEAR_RUNS = 3;
const MAX_TABLE_INDEX = 0xffff_ffffn;

export class Switch {
  private readonly cases: Map<bigint, Block>;

  constructor() {
    this.cases = new Map();
  }

  /** The block of a key, an unsigned number of up to 128 bits. Each key is set once. */
  setEntry(key: number | bigint, block: Block): void {
    const index = BigInt(key);
    if (index < 0n || index >= 1n << 128n) throw caseOutOfRange(index);
    if (this.cases.has(index)) throw duplicateCase(index);
    this.cases.set(index, block);
  }

  get entries(): ReadonlyMap<bigint, Block> {
    return this.cases;
  }

  /** Ends the current block: goes to the case of `value`, or to `otherwise`. */
  emit(builder: FunctionBuilder, value: Value, otherwise: Block): void {
    const type = builder.func.dfg.valueType(value);
    if (!isInt(type)) throw switchOnNonInteger(type);
    const runs = this.runs();
    const last = runs.at(-1);
    if (last !== undefined) {
      const max = last.first + BigInt(last.blocks.length - 1);
      if (max >= 1n << BigInt(bitsOf(type))) throw caseTooWide(max, type);
    }
    new SwitchLowering(builder, value, otherwise).lower(runs);
  }

  private runs(): CaseRun[] {
    const keys = [...this.cases.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const runs: CaseRun[] = [];
    let next = -1n;
    for (const key of keys) {
      if (key !== next) runs.push({ first: key, blocks: [] });
      runs.at(-1)!.blocks.push(this.cases.get(key)!);
      next = key + 1n;
    }
    return runs;
  }
}

class SwitchLowering {
  private readonly builder: FunctionBuilder;
  private readonly value: Value;
  private readonly otherwise: Block;

  constructor(builder: FunctionBuilder, value: Value, otherwise: Block) {
    this.builder = builder;
    this.value = value;
    this.otherwise = otherwise;
  }

  lower(runs: readonly CaseRun[]): void {
    const { builder } = this;
    if (runs.length === 0) {
      builder.ins.jump(builder.blockCall(this.otherwise));
      return;
    }
    // Ranges of `runs`, each with the block it starts in; the first one starts in the current block.
    const ranges: { start: number; end: number; block: Block | null }[] = [
      { start: 0, end: runs.length, block: null },
    ];
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
      const { start, end, block } = range;
      if (block !== null) builder.switchToBlock(block);
      if (end - start <= MAX_LINEAR_RUNS) {
        this.testOneByOne(runs, start, end);
        continue;
      }
      const middle = start + ((end - start) >> 1);
      const left = builder.createBlock();
      const right = builder.createBlock();
      const isRight = this.compare("uge", runs[middle]!.first);
      this.branch(isRight, right, left);
      builder.sealBlock(left);
      builder.sealBlock(right);
      ranges.push({ start, end: middle, block: left }, { start: middle, end, block: right });
    }
  }

  /** Tests the runs from the last to the first, so that a lower bound is enough for each. */
  private testOneByOne(runs: readonly CaseRun[], start: number, end: number): void {
    const { builder, otherwise } = this;
    for (let i = end - 1; i >= start; i--) {
      const alternate = i === start ? otherwise : builder.createBlock();
      this.testRun(runs[i]!, alternate);
      if (i === start) continue;
      builder.sealBlock(alternate);
      builder.switchToBlock(alternate);
    }
  }

  private testRun(run: CaseRun, alternate: Block): void {
    const { builder } = this;
    const only = run.blocks.length === 1 ? run.blocks[0]! : null;
    if (run.first === 0n) {
      if (only !== null) this.branch(this.value, this.otherwise, only);
      else this.table(run);
    } else if (only !== null) {
      this.branch(this.compare("eq", run.first), only, alternate);
    } else {
      const isInRun = this.compare("uge", run.first);
      const tableBlock = builder.createBlock();
      this.branch(isInRun, tableBlock, alternate);
      builder.sealBlock(tableBlock);
      builder.switchToBlock(tableBlock);
      this.table(run);
    }
  }

  private table(run: CaseRun): void {
    const { builder } = this;
    const index = this.tableIndex(run.first);
    const calls = [builder.blockCall(this.otherwise)];
    for (const block of run.blocks) calls.push(builder.blockCall(block));
    builder.ins.brTable(index, calls);
  }

  /** The value less the run's first key, as the i32 that `br_table` takes. */
  private tableIndex(first: bigint): Value {
    const { builder, value } = this;
    const type = builder.func.dfg.valueType(value);
    let index = value;
    if (first !== 0n) {
      index =
        type === I128 && first >= 1n << 63n
          ? builder.ins.isub(value, this.wideConstant(first))
          : builder.ins.iaddImmS(value, -first);
    }
    const bits = bitsOf(type);
    if (bits < 32) return builder.ins.uextend(I32, index);
    if (bits === 32) return index;
    const fits = builder.createBlock();
    const isBeyond = builder.ins.icmpImmU("ugt", index, MAX_TABLE_INDEX);
    this.branch(isBeyond, this.otherwise, fits);
    builder.sealBlock(fits);
    builder.switchToBlock(fits);
    return builder.ins.ireduce(I32, index);
  }

  private compare(condition: "eq" | "uge", key: bigint): Value {
    const { builder, value } = this;
    if (builder.func.dfg.valueType(value) === I128 && key >= 1n << 63n) {
      return builder.ins.icmp(condition, value, this.wideConstant(key));
    }
    return builder.ins.icmpImmU(condition, value, key);
  }

  private wideConstant(key: bigint): Value {
    const { ins } = this.builder;
    const low = ins.iconst(I64, BigInt.asIntN(64, key));
    const high = ins.iconst(I64, BigInt.asIntN(64, key >> 64n));
    return ins.iconcat(low, high);
  }

  private branch(condition: Value, then: Block, otherwise: Block): void {
    const { builder } = this;
    builder.ins.brif(condition, builder.blockCall(then), builder.blockCall(otherwise));
  }
}
