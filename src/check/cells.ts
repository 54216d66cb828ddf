/**
 * The cells: the parts of AFTER's new slots that spills, reloads and stack maps name, each a slot, an offset and a size.
 * Most slots are one cell. Cells of one slot may overlap where a rewrite packs several values into a slot; a store into
 * one then ends what was known of the others.
 *
 * Stack maps become sets of cells, one a distinct map, for `SlotStates`.
 */
import { grownCapacity, grownColumn, I32List } from "../base/column.ts";
import { type Inst, NONE, type StackMap, type StackSlot } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { bytesOf, INVALID, type Type } from "../ir/types.ts";
import { EMPTY, PatriciaMaps } from "./patricia.ts";

export type Cell = number;

/** No type has this number. */
const MIXED = 0xfff;

/** A set of cells: a node number. */
export type CellSet = number;

/** log2 of the cells in one word of a set. */
export const CELL_WORD_LOG2 = 5;

/** Hash-consed sets of cells, as maps from `cell >> 5` to a word of bits: a set of 200 cells is a few nodes. */
export class CellSets extends PatriciaMaps {
  has(set: CellSet, cell: Cell): boolean {
    return ((this.get(set, cell >>> CELL_WORD_LOG2) >>> (cell & 31)) & 1) === 1;
  }

  protected override leafSummary(): number {
    return 0;
  }

  protected override meetPayloads(a: number): number {
    return a;
  }
}

export class Cells {
  readonly sets: CellSets;
  private slots: Int32Array;
  private offsets: Float64Array;
  private sizes: Int32Array;
  /** The type that stack maps give the cell; `INVALID` before one does, `MIXED` where they differ. */
  private mapTypes: Int32Array;
  private count: number;
  /** By slot: its first cell, and by cell the next of its slot. */
  private slotHeads: Int32Array;
  private slotNexts: Int32Array;
  /** For slots that have many cells. */
  private readonly byPlace: Map<string, Cell>;
  /** Cells that overlap, by cell. */
  private readonly overlaps: Map<Cell, Cell[]>;
  /** By stack map of AFTER: its set of cells, or -1. */
  private mapSets: Int32Array;
  /** Words of the set under construction, all 0 between sets, and which of them are not. */
  private words: Int32Array;
  private readonly wordList: I32List;

  constructor() {
    this.sets = new CellSets();
    this.slots = new Int32Array(16);
    this.offsets = new Float64Array(16);
    this.sizes = new Int32Array(16);
    this.mapTypes = new Int32Array(16);
    this.count = 0;
    this.slotHeads = new Int32Array(0);
    this.slotNexts = new Int32Array(16);
    this.byPlace = new Map();
    this.overlaps = new Map();
    this.mapSets = new Int32Array(0);
    this.words = new Int32Array(16);
    this.wordList = new I32List();
  }

  begin(after: Function): void {
    this.sets.clear();
    this.count = 0;
    this.byPlace.clear();
    this.overlaps.clear();
    const slots = after.stackSlots.length;
    if (this.slotHeads.length < slots) this.slotHeads = new Int32Array(slots);
    this.slotHeads.fill(NONE, 0, slots);
    const maps = after.dfg.stackMaps.length;
    if (this.mapSets.length < maps) this.mapSets = new Int32Array(grownCapacity(this.mapSets.length, maps));
    this.mapSets.fill(NONE, 0, maps);
  }

  get length(): number {
    return this.count;
  }

  slot(cell: Cell): StackSlot {
    return this.slots[cell]! as StackSlot;
  }

  /** The one type that all stack maps give the cell, or no type at all. */
  mapType(cell: Cell): Type {
    return this.mapTypes[cell]! as Type;
  }

  /** The cell's name in messages: `ss0`, or with where in the slot it lies. */
  name(cell: Cell): string {
    return this.offsets[cell] === 0 ? `ss${this.slots[cell]}` : `ss${this.slots[cell]}+${this.offsets[cell]}`;
  }

  /** Other cells that share bytes with this one. */
  overlapping(cell: Cell): readonly Cell[] {
    return this.overlaps.get(cell) ?? NO_CELLS;
  }

  /** The cell at that place, made when it is new. */
  at(slot: StackSlot, offsetBytes: number, sizeBytes: number): Cell {
    const first = this.slotHeads[slot]!;
    if (first !== NONE && this.offsets[first] === offsetBytes && this.sizes[first] === sizeBytes)
      return first;
    const key = `${slot}:${offsetBytes}:${sizeBytes}`;
    const known = this.byPlace.get(key);
    if (known !== undefined) return known;
    const cell = this.add(slot, offsetBytes, sizeBytes);
    this.byPlace.set(key, cell);
    return cell;
  }

  private add(slot: StackSlot, offsetBytes: number, sizeBytes: number): Cell {
    const cell = this.count++;
    if (cell === this.slots.length) {
      const capacity = grownCapacity(this.slots.length, this.count);
      this.slots = grownColumn(this.slots, capacity);
      this.offsets = grownColumn(this.offsets, capacity);
      this.sizes = grownColumn(this.sizes, capacity);
      this.slotNexts = grownColumn(this.slotNexts, capacity);
      this.mapTypes = grownColumn(this.mapTypes, capacity);
    }
    this.slots[cell] = slot;
    this.offsets[cell] = offsetBytes;
    this.sizes[cell] = sizeBytes;
    this.mapTypes[cell] = INVALID;
    for (let other = this.slotHeads[slot]!; other !== NONE; other = this.slotNexts[other]!) {
      if (this.offsets[other]! >= offsetBytes + sizeBytes) continue;
      if (this.offsets[other]! + this.sizes[other]! <= offsetBytes) continue;
      this.addOverlap(cell, other);
      this.addOverlap(other, cell);
    }
    // Behind the first, which stays the one that is found at once.
    const first = this.slotHeads[slot]!;
    if (first === NONE) {
      this.slotHeads[slot] = cell;
      this.slotNexts[cell] = NONE;
    } else {
      this.slotNexts[cell] = this.slotNexts[first]!;
      this.slotNexts[first] = cell;
    }
    return cell;
  }

  private addOverlap(cell: Cell, other: Cell): void {
    const list = this.overlaps.get(cell);
    if (list === undefined) this.overlaps.set(cell, [other]);
    else list.push(other);
  }

  /** The cell that an added load or store reaches; `address` is its added `stack_addr`. */
  ofAccess(after: Function, address: Inst, offsetBytes: number, type: Type): Cell {
    const { dfg } = after;
    return this.at(dfg.stackSlot(address), dfg.offset(address) + offsetBytes, bytesOf(type));
  }

  /** The cells that a stack map of AFTER names, slots below `firstSlot` (the program's own) left out. */
  ofMap(after: Function, map: StackMap | typeof NONE, firstSlot: number): CellSet {
    if (map === NONE) return EMPTY;
    const known = this.mapSets[map]!;
    if (known !== NONE) return known;
    const { stackMaps } = after.dfg;
    for (let i = 0; i < stackMaps.entryCount(map); i++) {
      const slot = stackMaps.entrySlot(map, i);
      if (slot < firstSlot || slot >= after.stackSlots.length) continue;
      const type = stackMaps.entryType(map, i);
      const cell = this.at(slot, stackMaps.entryOffset(map, i), bytesOf(type));
      if (this.mapTypes[cell] === INVALID) this.mapTypes[cell] = type;
      else if (this.mapTypes[cell] !== type) this.mapTypes[cell] = MIXED;
      this.addBit(cell);
    }
    const set = this.finishSet();
    this.mapSets[map] = set;
    return set;
  }

  private addBit(cell: Cell): void {
    const group = cell >>> CELL_WORD_LOG2;
    if (group >= this.words.length)
      this.words = grownColumn(this.words, grownCapacity(this.words.length, group + 1));
    if (this.words[group] === 0) this.wordList.push(group);
    this.words[group]! |= 1 << (cell & 31);
  }

  private finishSet(): CellSet {
    let set: CellSet = EMPTY;
    for (let i = 0; i < this.wordList.length; i++) {
      const group = this.wordList.get(i);
      set = this.sets.with(set, group, this.words[group]!);
      this.words[group] = 0;
    }
    this.wordList.clear();
    return set;
  }
}

const NO_CELLS: readonly Cell[] = [];
