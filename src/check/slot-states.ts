/**
 * What all slots hold at one point: hash-consed maps from cell to fact set. A cell that is not in the map holds nothing
 * that is known. States are shared between blocks, so that a function in which few slots change costs little more than
 * its instructions, however many slots it has.
 */
import { CELL_WORD_LOG2, type CellSet, type Cells } from "./cells.ts";
import type { EdgeRenaming } from "./edge-renaming.ts";
import type { FactSet, FactSets } from "./facts.ts";
import { EMPTY, PatriciaMaps } from "./patricia.ts";

export type SlotState = number;

const CACHE_SIZE = 1 << 14;

export class SlotStates extends PatriciaMaps {
  private readonly facts: FactSets;
  private readonly cells: Cells;
  /** Direct-mapped caches of `afterSafepoint` and `countReferences`: state, set of cells, result. */
  private readonly cache: Int32Array;
  private readonly countCache: Int32Array;

  constructor(facts: FactSets, cells: Cells) {
    super();
    this.facts = facts;
    this.cells = cells;
    this.cache = new Int32Array(CACHE_SIZE * 3);
    this.countCache = new Int32Array(CACHE_SIZE * 3);
  }

  override clear(): void {
    // A small function leaves little in the cache, but where is not known.
    if (this.nodeLimit > 1) {
      this.cache.fill(0);
      this.countCache.fill(0);
    }
    super.clear();
  }

  /** The state in which the cell holds that, in place of what it held. */
  store(state: SlotState, cell: number, set: FactSet): SlotState {
    return set === EMPTY ? this.without(state, cell) : this.with(state, cell, set);
  }

  /** The state after a call that may collect and whose map names those cells. */
  afterSafepoint(state: SlotState, mapped: CellSet): SlotState {
    if (state === EMPTY) return EMPTY;
    if (this.isLeaf(state)) {
      const set = this.payloadOf(state);
      const after = this.cells.sets.has(mapped, this.keyOf(state))
        ? this.facts.mapped(set)
        : this.facts.unmapped(set);
      return after === set ? state : this.store(EMPTY, this.keyOf(state), after);
    }
    const at = cachePlace(state, mapped);
    const { cache } = this;
    if (cache[at] === state && cache[at + 1] === mapped) return cache[at + 2]!;
    const bit = this.bitOf(state);
    const key = this.keyOf(state);
    const left = this.afterSafepoint(this.leftOf(state), this.partOf(mapped, key, bit));
    const right = this.afterSafepoint(this.rightOf(state), this.partOf(mapped, key | bit, bit));
    const same = left === this.leftOf(state) && right === this.rightOf(state);
    const result = same ? state : this.branch(key, bit, left, right);
    cache[at] = state;
    cache[at + 1] = mapped;
    cache[at + 2] = result;
    return result;
  }

  /** How many of those cells hold a reference of the type that stack maps give the cell. */
  countReferences(state: SlotState, mapped: CellSet): number {
    if (state === EMPTY || mapped === EMPTY) return 0;
    if (this.isLeaf(state)) {
      const cell = this.keyOf(state);
      const isWanted = this.cells.sets.has(mapped, cell);
      return isWanted && this.facts.isReference(this.payloadOf(state), this.cells.mapType(cell)) ? 1 : 0;
    }
    const at = cachePlace(state, mapped);
    const { countCache } = this;
    if (countCache[at] === state && countCache[at + 1] === mapped) return countCache[at + 2]!;
    const bit = this.bitOf(state);
    const key = this.keyOf(state);
    const left = this.countReferences(this.leftOf(state), this.partOf(mapped, key, bit));
    const count = left + this.countReferences(this.rightOf(state), this.partOf(mapped, key | bit, bit));
    countCache[at] = state;
    countCache[at + 1] = mapped;
    countCache[at + 2] = count;
    return count;
  }

  /** The part of a set of cells that can matter to cells which agree with `key` down to `bit`; smaller parts share more. */
  private partOf(mapped: CellSet, key: number, bit: number): CellSet {
    if (bit >>> CELL_WORD_LOG2 === 0) return mapped;
    return this.cells.sets.part(mapped, key >>> CELL_WORD_LOG2, bit >>> CELL_WORD_LOG2);
  }

  /** The state after BEFORE's parameters have taken the arguments of an edge. */
  rename(state: SlotState, edge: EdgeRenaming): SlotState {
    if ((this.summary(state) & edge.summary) === 0) return state;
    if (this.isLeaf(state)) {
      const set = this.payloadOf(state);
      const renamed = edge.apply(set);
      return renamed === set ? state : this.store(EMPTY, this.keyOf(state), renamed);
    }
    const left = this.rename(this.leftOf(state), edge);
    const right = this.rename(this.rightOf(state), edge);
    const same = left === this.leftOf(state) && right === this.rightOf(state);
    return same ? state : this.branch(this.keyOf(state), this.bitOf(state), left, right);
  }

  protected override leafSummary(_cell: number, set: FactSet): number {
    return this.facts.summary(set);
  }

  protected override meetPayloads(set: FactSet, other: FactSet): FactSet {
    return this.facts.meet(set, other);
  }
}

function cachePlace(state: SlotState, mapped: CellSet): number {
  return (((Math.imul(state, 0x9e3779b1) ^ Math.imul(mapped, 0x85ebca6b)) >>> 8) % CACHE_SIZE) * 3;
}
