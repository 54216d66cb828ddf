/**
 * A decoded function: flat words that handlers run over, made by `decode.ts` and reused from function to function.
 *
 *     code    STRIDE words an instruction (`record.ts`), blocks in layout order
 *     extra   lists of any length that records point into:
 *               transfer list   count, (cell, cells) …                  arguments, results, returned values
 *               edge            target pc, block or -1, how, count, (to word, from word, words) …
 *               call            see `CallField`
 *               handlers        normal edge, count, (tag or -1 for any, edge) …
 *               branch table    count, default edge, edges …
 *               stack map       entries, hash of the rest, distinct ones, (cell, slot, type) …
 *
 * An edge's `from word` is a word of the frame, or `-1 - word` of `transfer`.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import type { Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { STRIDE } from "./record.ts";

export const EdgeField = { Target: 0, Block: 1, How: 2, Count: 3, Moves: 4 } as const;
export const EDGE_MOVE_WORDS = 3;
/** Moves that must read all sources first. */
export const PARALLEL = 1;

export const CallField = {
  /** Index of the function reference, or -1 for an indirect call and `stack_switch`. */
  Callee: 0,
  /** Transfer lists. */
  Args: 1,
  Results: 2,
  /** Handlers, or -1. */
  Handlers: 3,
  /** 1 when the call is a tail call. */
  Tail: 4,
  /** 1 when it may collect. */
  Collects: 5,
  /** Stack map, or -1. */
  Map: 6,
  /** Signature, or -1. */
  Signature: 7,
  Size: 8,
} as const;

/**
 * A stack map: how many entries it has, a hash of those that name no spill slot as a whole (the program's own slots, and
 * nonsense), then the distinct ones of spill slots.
 */
export const MapField = { Entries: 0, RestHash: 1, Distinct: 2, Items: 3 } as const;
export const MAP_ITEM_WORDS = 3;

/** A value that the collector moves in an un-spilled program. */
export interface DeclaredCell {
  readonly value: Value;
  readonly q: number;
  readonly type: number;
}

export class Program {
  /** What was decoded; its tables stay in use. */
  func: Function | null;
  code: Int32Array;
  codeLength: number;
  extra: Int32Array;
  extraLength: number;
  entryPc: number;
  entryBlock: number;
  /** Transfer list of the entry's parameters. */
  paramsAt: number;
  frameCells: number;
  /** Bytes that a frame takes of the program's stack, its slots among them. */
  stackBytes: number;
  /** Cell of each value, of aliases that of their target. */
  valueCells: Int32Array;
  /** Instruction of each record. */
  insts: Int32Array;
  readonly declared: DeclaredCell[];
  /** First cell of the spill slots, which are cells and not memory. */
  slotCells: number[];
  firstSpillSlot: number;

  constructor() {
    this.func = null;
    this.code = new Int32Array(0);
    this.codeLength = 0;
    this.extra = new Int32Array(64);
    this.extraLength = 0;
    this.entryPc = 0;
    this.entryBlock = 0;
    this.paramsAt = 0;
    this.frameCells = 0;
    this.stackBytes = 0;
    this.valueCells = new Int32Array(0);
    this.insts = new Int32Array(0);
    this.declared = [];
    this.slotCells = [];
    this.firstSpillSlot = 0;
  }

  clear(func: Function): void {
    this.func = func;
    this.codeLength = 0;
    this.extraLength = 0;
    this.declared.length = 0;
    this.slotCells.length = 0;
  }

  /** Appends to `extra`; gives the place. */
  push(word: number): number {
    const at = this.extraLength;
    if (at === this.extra.length) this.extra = grownColumn(this.extra, grownCapacity(at, at + 1));
    this.extra[at] = word;
    this.extraLength = at + 1;
    return at;
  }

  /** The instruction whose record is at `at`. */
  instAt(at: number): Inst {
    return this.insts[at / STRIDE]! as Inst;
  }
}
