/**
 * Block calls: the destinations of branches with the arguments passed, and the exception tables of `try_call`.
 *
 * A block argument is a value, or on the edges of a `try_call` one of what the call gives: `ret0` its results on the
 * normal edge, `exn0` the exception's payload on a handler's. Values are stored as they are, the others negative.
 */
import { EMPTY_I32, grownCapacity, grownColumn, removeAll } from "../base/column.ts";
import type { Block, BlockCall, ExceptionTable, SigRef, Value } from "./entities.ts";
import type { ValuePool } from "./value-pool.ts";

declare const blockArgBrand: unique symbol;
/** A value, `retN` or `exnN`. A `Value` is one as it is. */
export type BlockArg = number & { readonly [blockArgBrand]: true };

export function valueArg(value: Value): BlockArg {
  return value as number as BlockArg;
}

export function retArg(index: number): BlockArg {
  return (-1 - 2 * index) as BlockArg;
}

export function exnArg(index: number): BlockArg {
  return (-2 - 2 * index) as BlockArg;
}

export function isValueArg(arg: BlockArg): boolean {
  return arg >= 0;
}

export function isRetArg(arg: BlockArg): boolean {
  return arg < 0 && (arg & 1) === 1;
}

/** The value of a value argument. */
export function argValue(arg: BlockArg): Value {
  return arg as number as Value;
}

/** N of `retN` or `exnN`. */
export function argIndex(arg: BlockArg): number {
  return (-1 - arg) >> 1;
}

/** One line of an exception table, in order: a handler for a tag, one for any exception, or a context value. */
export type ExceptionTableItem =
  | { readonly kind: "tag"; readonly tag: number; readonly call: BlockCall }
  | { readonly kind: "default"; readonly call: BlockCall }
  | { readonly kind: "context"; readonly value: Value };

const ItemKind = { Tag: 0, Default: 1, Context: 2 } as const;
const ITEM_WORDS = 3;

/** All block calls and exception tables of a function. */
export class BlockCalls {
  private readonly pool: ValuePool;
  private blocks: Int32Array;
  private argStarts: Int32Array;
  private argCounts: Int32Array;
  private count: number;
  private readonly tables: ExceptionTableRow[];

  constructor(pool: ValuePool) {
    this.pool = pool;
    this.blocks = EMPTY_I32;
    this.argStarts = EMPTY_I32;
    this.argCounts = EMPTY_I32;
    this.count = 0;
    this.tables = [];
  }

  clear(): void {
    this.count = 0;
    removeAll(this.tables);
  }

  create(block: Block, args: readonly BlockArg[]): BlockCall {
    const call = this.createEmpty(block, args.length);
    const start = this.argStarts[call]!;
    for (let i = 0; i < args.length; i++) this.pool.set(start + i, args[i]!);
    return call;
  }

  /** A block call with room for `argCount` arguments, which the caller sets one by one. */
  createEmpty(block: Block, argCount: number): BlockCall {
    const call = this.count++;
    if (call === this.blocks.length) {
      const capacity = grownCapacity(this.blocks.length, this.count);
      this.blocks = grownColumn(this.blocks, capacity);
      this.argStarts = grownColumn(this.argStarts, capacity);
      this.argCounts = grownColumn(this.argCounts, capacity);
    }
    this.blocks[call] = block;
    this.argStarts[call] = this.pool.allocateList(argCount);
    this.argCounts[call] = argCount;
    return call as BlockCall;
  }

  block(call: BlockCall): Block {
    return this.blocks[call]! as Block;
  }

  setBlock(call: BlockCall, block: Block): void {
    this.blocks[call] = block;
  }

  argCount(call: BlockCall): number {
    return this.argCounts[call]!;
  }

  arg(call: BlockCall, index: number): BlockArg {
    return this.pool.get(this.argStarts[call]! + index) as BlockArg;
  }

  setArg(call: BlockCall, index: number, arg: BlockArg): void {
    this.pool.set(this.argStarts[call]! + index, arg);
  }

  appendArg(call: BlockCall, arg: BlockArg): void {
    const count = this.argCounts[call]!;
    this.argStarts[call] = this.pool.append(this.argStarts[call]!, count, arg);
    this.argCounts[call] = count + 1;
  }

  /** Takes several arguments out, by their index. */
  removeArgs(call: BlockCall, isGone: (index: number) => boolean): void {
    const start = this.argStarts[call]!;
    const count = this.argCounts[call]!;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (!isGone(i)) this.pool.set(start + kept++, this.pool.get(start + i));
    }
    this.argCounts[call] = kept;
  }

  removeArg(call: BlockCall, index: number): void {
    this.pool.remove(this.argStarts[call]!, this.argCounts[call]!, index);
    this.argCounts[call]!--;
  }

  // Exception tables. Branch destinations are the handlers in order, then the normal return.

  createTable(
    signature: SigRef,
    normalReturn: BlockCall,
    items: readonly ExceptionTableItem[],
  ): ExceptionTable {
    const calls = items.filter((item) => item.kind !== "context").map((item) => item.call);
    const row: ExceptionTableRow = {
      signature,
      callStart: this.pool.allocate(calls.length + 1),
      callCount: calls.length + 1,
      itemStart: this.pool.allocate(items.length * ITEM_WORDS),
      itemCount: items.length,
    };
    calls.push(normalReturn);
    for (let i = 0; i < calls.length; i++) this.pool.set(row.callStart + i, calls[i]!);
    for (let i = 0; i < items.length; i++) this.writeItem(row.itemStart + i * ITEM_WORDS, items[i]!);
    this.tables.push(row);
    return (this.tables.length - 1) as ExceptionTable;
  }

  private writeItem(at: number, item: ExceptionTableItem): void {
    const kind =
      item.kind === "tag" ? ItemKind.Tag : item.kind === "default" ? ItemKind.Default : ItemKind.Context;
    this.pool.set(at, kind);
    this.pool.set(at + 1, item.kind === "context" ? item.value : item.call);
    this.pool.set(at + 2, item.kind === "tag" ? item.tag | 0 : 0);
  }

  get tableCount(): number {
    return this.tables.length;
  }

  tableSignature(table: ExceptionTable): SigRef {
    return this.tables[table]!.signature;
  }

  setTableSignature(table: ExceptionTable, signature: SigRef): void {
    this.tables[table]!.signature = signature;
  }

  /** Handlers and the normal return. */
  tableCallCount(table: ExceptionTable): number {
    return this.tables[table]!.callCount;
  }

  /** The handlers in order; the last one is the normal return. */
  tableCall(table: ExceptionTable, index: number): BlockCall {
    return this.pool.get(this.tables[table]!.callStart + index) as BlockCall;
  }

  normalReturn(table: ExceptionTable): BlockCall {
    return this.tableCall(table, this.tables[table]!.callCount - 1);
  }

  itemCount(table: ExceptionTable): number {
    return this.tables[table]!.itemCount;
  }

  item(table: ExceptionTable, index: number): ExceptionTableItem {
    const at = this.tables[table]!.itemStart + index * ITEM_WORDS;
    const payload = this.pool.get(at + 1);
    switch (this.pool.get(at)) {
      case ItemKind.Tag:
        return { kind: "tag", tag: this.pool.get(at + 2) >>> 0, call: payload as BlockCall };
      case ItemKind.Default:
        return { kind: "default", call: payload as BlockCall };
      default:
        return { kind: "context", value: payload as Value };
    }
  }

  /** The value of a context item, or -1 for a handler. */
  contextValue(table: ExceptionTable, index: number): number {
    const at = this.tables[table]!.itemStart + index * ITEM_WORDS;
    return this.pool.get(at) === ItemKind.Context ? this.pool.get(at + 1) : -1;
  }

  setContextValue(table: ExceptionTable, index: number, value: Value): void {
    this.pool.set(this.tables[table]!.itemStart + index * ITEM_WORDS + 1, value);
  }
}

interface ExceptionTableRow {
  signature: SigRef;
  readonly callStart: number;
  readonly callCount: number;
  readonly itemStart: number;
  readonly itemCount: number;
}
