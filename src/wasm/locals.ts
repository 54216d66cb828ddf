/**
 * The locals of the body being validated: their types, and which of them surely have a value.
 *
 * Locals beyond the first `FLAT_LOCALS` are looked up in their run, and whether a local is initialised is a
 * mark of the body's number, so that opening a body costs what its bytes cost however many locals it claims.
 * A local whose type has a default is always initialised; another is from its first `local.set` to the end of
 * the block, for which the initialisations are kept on a stack.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { MAX_LOCALS } from "./limits.ts";
import { isDefaultable, type ValType } from "./types.ts";

const FLAT_LOCALS = 128;

export class Locals {
  private readonly flat: Int32Array;
  private runEnds: Uint32Array;
  private runTypes: Int32Array;
  private runCount: number;
  /** How many locals there are, parameters included. */
  count: number;
  private paramCount: number;
  /** By local: the number of the body in which it was last initialised. */
  private readonly marks: Uint32Array;
  private bodyNumber: number;
  private inits: Uint32Array;
  /** How many locals were initialised so far and still are. */
  initCount: number;

  constructor() {
    this.flat = new Int32Array(FLAT_LOCALS);
    this.runEnds = new Uint32Array(64);
    this.runTypes = new Int32Array(64);
    this.runCount = 0;
    this.count = 0;
    this.paramCount = 0;
    this.marks = new Uint32Array(MAX_LOCALS);
    this.bodyNumber = 0;
    this.inits = new Uint32Array(64);
    this.initCount = 0;
  }

  /** Begins a body, with no locals. */
  begin(): void {
    this.runCount = 0;
    this.count = 0;
    this.paramCount = 0;
    this.initCount = 0;
    this.bodyNumber++;
  }

  /** What was added so far are parameters. */
  endParams(): void {
    this.paramCount = this.count;
  }

  /** Adds `count` locals of one type. */
  add(count: number, type: ValType): void {
    const run = this.runCount++;
    if (run === this.runEnds.length) {
      this.runEnds = grownColumn(this.runEnds, grownCapacity(run, run + 1));
      this.runTypes = grownColumn(this.runTypes, grownCapacity(run, run + 1));
    }
    const first = this.count;
    this.count += count;
    this.runEnds[run] = this.count;
    this.runTypes[run] = type;
    const flatEnd = Math.min(this.count, FLAT_LOCALS);
    for (let i = first; i < flatEnd; i++) this.flat[i] = type;
  }

  /** The type of a local, which must be there. */
  type(local: number): ValType {
    if (local < FLAT_LOCALS) return this.flat[local]!;
    let low = 0;
    let high = this.runCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.runEnds[middle]! > local) high = middle;
      else low = middle + 1;
    }
    return this.runTypes[low]!;
  }

  /** Whether a local of this type surely has a value here. */
  isInitialized(local: number, type: ValType): boolean {
    return isDefaultable(type) || local < this.paramCount || this.marks[local] === this.bodyNumber;
  }

  /** From here to the end of the block the local has a value. */
  initialize(local: number, type: ValType): void {
    if (this.isInitialized(local, type)) return;
    this.marks[local] = this.bodyNumber;
    if (this.initCount === this.inits.length) {
      this.inits = grownColumn(this.inits, grownCapacity(this.initCount, this.initCount + 1));
    }
    this.inits[this.initCount++] = local;
  }

  /** Forgets all but the first `count` initialisations. */
  resetInits(count: number): void {
    while (this.initCount > count) this.marks[this.inits[--this.initCount]!] = 0;
  }
}
