/**
 * A program that mostly writes young objects into old ones: a directory (an array of references, which soon is old and
 * large) of arrays and structs of all sizes, into which new cells are stored one by one or in ranges. Beside it the same
 * on JavaScript objects: numbers, for cells.
 */
import assert from "node:assert/strict";
import type { CollectorName } from "../../src/runtime/collectors.ts";
import { CollectedHeap, type HeapOptions, type ObjectType, ROOTS_START } from "./collected-heap.ts";
import { randomNumbers } from "./object-graph.ts";

const ENTRIES = 400;
const TEMPORARY = ROOTS_START + 4;
const LINKS: readonly number[] = [4, 12, 36, 600];

export class OldToYoung {
  readonly heap: CollectedHeap;
  private readonly random: () => number;
  private readonly cell: ObjectType;
  private readonly holder: ObjectType;
  private readonly array: ObjectType;
  /** Of each entry: what its references hold, a cell's number or 0 for null. */
  private readonly entries: (number[] | null)[];
  private cells: number;

  constructor(name: CollectorName, seed: number, options: HeapOptions = {}) {
    this.heap = new CollectedHeap(name, { roots: 2, ...options });
    this.random = randomNumbers(seed);
    this.cell = this.heap.structType(8, []);
    this.holder = this.heap.structType(608, LINKS);
    this.array = this.heap.referenceArrayType();
    this.entries = new Array<number[] | null>(ENTRIES).fill(null);
    this.cells = 0;
    this.heap.store(ROOTS_START, this.heap.allocate(this.array, ENTRIES));
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private entryAddress(entry: number): number {
    return this.heap.load(this.heap.load(ROOTS_START) + 8 + 4 * entry);
  }

  /** A new cell; its number is what it holds. */
  private newCell(): number {
    const address = this.heap.allocate(this.cell);
    this.heap.store(address + 4, ++this.cells);
    return address;
  }

  step(): void {
    const entry = this.below(ENTRIES);
    const references = this.entries[entry];
    if (references === null || references === undefined || this.random() < 0.02) this.replace(entry);
    else this.write(entry, references);
  }

  /** A new entry, a third of whose references are cells from the start. */
  private replace(entry: number): void {
    const { heap } = this;
    const isStruct = this.random() < 0.5;
    const length = isStruct ? LINKS.length : 1 + this.below(this.random() < 0.02 ? 70_000 : 300);
    heap.store(TEMPORARY, this.newCell());
    const number = this.cells;
    const made = isStruct ? heap.allocate(this.holder) : heap.allocate(this.array, length);
    const cell = heap.load(TEMPORARY);
    const references = Array.from({ length }, (_, i) => (i % 3 === 0 ? number : 0));
    references.forEach((held, i) => {
      if (held !== 0) heap.initialize(made + this.offset(isStruct, i), cell);
    });
    this.entries[entry] = references;
    heap.write(heap.load(ROOTS_START), 8 + 4 * entry, made, "references");
    heap.store(TEMPORARY, 0);
  }

  private offset(isStruct: boolean, i: number): number {
    return isStruct ? LINKS[i]! : 8 + 4 * i;
  }

  private write(entry: number, references: number[]): void {
    const { heap } = this;
    const cell = this.newCell();
    const address = this.entryAddress(entry);
    const i = this.below(references.length);
    const isStruct = heap.load(address) === this.holder.descriptor;
    if (isStruct || this.random() < 0.7) {
      references[i] = this.cells;
      heap.write(address, this.offset(isStruct, i), cell, isStruct ? "struct" : "references");
      return;
    }
    const count = 1 + this.below(Math.min(references.length - i, 400));
    if (this.random() < 0.5) {
      references.fill(this.cells, i, i + count);
      heap.fill(address + 8 + 4 * i, cell, count);
      return;
    }
    const from = this.below(references.length - count + 1);
    references.splice(i, count, ...references.slice(from, from + count));
    heap.copyElements(address + 8 + 4 * i, address + 8 + 4 * from, count);
  }

  /** Every reference of every entry leads to the cell that it should. */
  check(): void {
    const words = this.heap.view();
    for (let entry = 0; entry < ENTRIES; entry++) {
      const references = this.entries[entry];
      if (references === null || references === undefined) continue;
      const address = this.entryAddress(entry);
      const isStruct = words[address / 4] === this.holder.descriptor;
      let wrong = 0;
      for (let i = 0; i < references.length; i++) {
        const cell = words[(address + this.offset(isStruct, i)) / 4]!;
        if ((cell === 0 ? 0 : words[cell / 4 + 1]) !== references[i]) wrong++;
        if (cell !== 0 && words[cell / 4] !== this.cell.descriptor) wrong++;
      }
      assert.equal(wrong, 0, `entry ${entry}`);
    }
  }
}
