/**
 * What all slots hold at one point: hash-consed maps from cell to fact set. A cell that is not in the map holds nothing
 * that is known. States are shared between blocks, so that a function in which few slots change costs little more than
 * its instructions, however many slots it has.
 */
import type { CellSet, CellSets } from "./cells.ts";
import type { EdgeRenaming } from "./edge-renaming.ts";
import type { FactSet, FactSets } from "./facts.ts";
import { EMPTY, PatriciaMaps } from "./patricia.ts";

export type SlotState = number;

const CACHE_SIZE = 1 << 14;

export class SlotStates extends PatriciaMaps {
  private readonly facts: FactSets;
  private readonly sets: CellSets;
  /** Direct-mapped cache of `afterSafepoint`: state, set of cells, result. */
  private readonly cache: Int32Array;

  constructor(facts: FactSets, sets: CellSets) {
    super();
    this.facts = facts;
    this.sets = sets;
    this.cache = new Int32Array(CACHE_SIZE * 3);
  }

  override clear(): void {
    // A small function leaves little in the cache, but where is not known.
    if (this.nodeLimit > 1) this.cache.fill(0);
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
      const named = this.sets.get(mapped, this.keyOf(state)) !== 0;
      const after = named ? this.facts.mapped(set) : this.facts.unmapped(set);
      return after === set ? state : this.store(EMPTY, this.keyOf(state), after);
    }
    const at = (((Math.imul(state, 0x9e3779b1) ^ Math.imul(mapped, 0x85ebca6b)) >>> 8) % CACHE_SIZE) * 3;
    const { cache } = this;
    if (cache[at] === state && cache[at + 1] === mapped) return cache[at + 2]!;
    const bit = this.bitOf(state);
    const key = this.keyOf(state);
    const left = this.afterSafepoint(this.leftOf(state), this.sets.part(mapped, key, bit));
    const right = this.afterSafepoint(this.rightOf(state), this.sets.part(mapped, key | bit, bit));
    const result = this.branch(key, bit, left, right);
    cache[at] = state;
    cache[at + 1] = mapped;
    cache[at + 2] = result;
    return result;
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
    return this.branch(this.keyOf(state), this.bitOf(state), left, this.rename(this.rightOf(state), edge));
  }

  protected override leafSummary(_cell: number, set: FactSet): number {
    return this.facts.summary(set);
  }

  protected override meetPayloads(set: FactSet, other: FactSet): FactSet {
    return this.facts.meet(set, other);
  }
}
