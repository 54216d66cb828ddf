/**
 * The safepoint spiller: gives every reference that is live across a call that may collect a stack slot, spills and
 * reloads it, and writes the stack map.
 *
 *     references   the declared values, numbered            references.ts
 *     edges        off the edges of try_call                split-edges.ts
 *     blocks       the reachable ones, in post-order        flow.ts
 *     liveness     and who is live across a safepoint       liveness.ts
 *     webs         which of those can share one             webs.ts
 *     slots        which slot each of those lives in        slots.ts
 *     rewriting    spills, reloads, stack maps              rewrite.ts
 *
 * The parts that decide are replaceable: a policy (`policies.ts`) chooses among their rules, and another slot assignment
 * can be put in whole, so that a test can plant a wrong one and see it caught.
 *
 * A spiller is reused from function to function and keeps its memory. What it did to the last function can be asked of it
 * until the next.
 */
import { type OptionNames, requireOptions } from "../../base/wrong-option.ts";
import { type Block, NONE, type StackSlot, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isSafepoint } from "../../ir/opcodes.ts";
import { ReachableBlocks } from "./flow.ts";
import { LiveSet } from "./live-set.ts";
import { Liveness } from "./liveness.ts";
import { PassedOn } from "./passed-on.ts";
import { type Policy, type PolicyName, policyNamed } from "./policies.ts";
import { References } from "./references.ts";
import { Rewriter, type SlotRegion } from "./rewrite.ts";
import { BackwardSlots, type SlotAssignment } from "./slots.ts";
import { EdgeSplitter } from "./split-edges.ts";
import { Webs } from "./webs.ts";

export interface SpillOptions {
  /** `spillway` unless said otherwise. */
  readonly policy?: PolicyName;
  /** The alias region of a slot's spills and reloads; none unless given. */
  readonly slotRegion?: SlotRegion;
}

const SPILL_OPTIONS: OptionNames<SpillOptions> = { policy: true, slotRegion: true };

/** What the spiller added to a function. */
export interface SpillCounts {
  readonly slots: number;
  readonly spills: number;
  readonly reloads: number;
  /** Safepoints in reachable blocks. */
  readonly safepoints: number;
  /** Those among them with a map. */
  readonly mapped: number;
  /** Entries of all maps, those present before left out. */
  readonly mapEntries: number;
  /** Edges of `try_call` that got a block of their own. */
  readonly splitEdges: number;
}

/** Without one parameter that is only passed on another may not pay either. Mostly all do, or what is left at once. */
const MOST_ROUNDS = 8;

const NOTHING: SpillCounts = {
  slots: 0,
  spills: 0,
  reloads: 0,
  safepoints: 0,
  mapped: 0,
  mapEntries: 0,
  splitEdges: 0,
};

export class SafepointSpiller {
  private readonly references: References;
  private readonly blocks: ReachableBlocks;
  private readonly liveness: Liveness;
  private readonly passedOn: PassedOn;
  private readonly webs: Webs;
  private readonly slots: SlotAssignment;
  private readonly rewriter: Rewriter;
  private readonly edges: EdgeSplitter;
  private readonly liveSet: LiveSet;

  constructor(slots: SlotAssignment = new BackwardSlots()) {
    this.references = new References();
    this.blocks = new ReachableBlocks();
    this.liveness = new Liveness();
    this.passedOn = new PassedOn();
    this.webs = new Webs();
    this.slots = slots;
    this.rewriter = new Rewriter();
    this.edges = new EdgeSplitter();
    this.liveSet = new LiveSet();
  }

  /**
   * Rewrites `func` in place for the values in `func.needsStackMap`; without any, nothing is done. The function must be
   * valid. Throws `InputError` for a declared value that is not there or too large for a slot.
   */
  run(func: Function, options: SpillOptions = {}): SpillCounts {
    requireOptions(options, SPILL_OPTIONS, "SafepointSpiller.run");
    const policy = policyNamed(options.policy ?? "spillway");
    this.references.compute(func, policy);
    if (this.references.count > 0 && !hasSafepoints(func, policy)) this.references.clear(func);
    if (this.references.count === 0) {
      this.blocks.clear();
      return NOTHING;
    }
    const splitEdges = policy.edgesAfterTryCall ? this.splitEdges(func, policy) : 0;
    this.blocks.compute(func);
    this.liveness.compute(func, this.references, this.blocks, policy);
    this.chooseSlotted(func, policy);
    const slotsBefore = func.stackSlots.length;
    this.slots.begin(func, this.references, this.webs, this.blocks.count);
    this.rewriter.run(func, {
      references: this.references,
      blocks: this.blocks,
      liveness: this.liveness,
      webs: this.webs,
      slots: this.slots,
      policy,
      slotRegion: options.slotRegion ?? null,
    });
    const { spills, reloads, mapped, mapEntries } = this.rewriter.counts;
    return {
      spills,
      reloads,
      mapped,
      mapEntries,
      slots: func.stackSlots.length - slotsBefore,
      safepoints: this.liveness.safepointCount,
      splitEdges,
    };
  }

  /** Leaves the references that get slots, and finds out which of them can share one. */
  private chooseSlotted(func: Function, policy: Policy): void {
    const { references, blocks, liveness, passedOn, webs } = this;
    webs.clear();
    if (policy.sharesSlots) passedOn.addTo(liveness.liveAcross, func, references, blocks);
    references.restrict(func, liveness.liveAcross);
    if (!policy.sharesSlots) return;
    webs.compute(func, references, blocks, liveness);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (!passedOn.takeBack(liveness.liveAcross, func, references, blocks, webs)) break;
      references.restrict(func, liveness.liveAcross);
      webs.findCarried();
    }
    webs.findBlocks();
  }

  private splitEdges(func: Function, policy: Policy): number {
    if (!this.edges.hasCandidates(func, this.references)) return 0;
    this.blocks.compute(func);
    this.liveness.compute(func, this.references, this.blocks, policy);
    const split = this.edges.run(func, this.references, this.liveness.liveAcross);
    if (split > 0) this.references.compute(func, policy);
    return split;
  }

  // About the last function, for people who want to see how it came out.

  /** The references that live across a safepoint, in value order, each with its slot. */
  spilledValues(): { readonly value: Value; readonly slot: StackSlot }[] {
    const spilled: { value: Value; slot: StackSlot }[] = [];
    for (let rank = 0; rank < this.references.count; rank++) {
      const slot = this.references.isTracked(rank) ? this.slots.slotOf(rank) : NONE;
      if (slot !== NONE) spilled.push({ value: this.references.value(rank), slot: slot as StackSlot });
    }
    return spilled;
  }

  /** The references live into a block, as far as they live across some safepoint, in value order. */
  liveIn(block: Block): Value[] {
    const number = this.blocks.count === 0 ? -1 : this.blocks.numberOf(block);
    if (number < 0) return [];
    const { liveSet } = this;
    liveSet.reset(this.references.count);
    this.liveness.addLiveIn(number, liveSet);
    const values: Value[] = [];
    const groups = liveSet.groupCount();
    for (let i = 0; i < groups; i++) {
      for (let bits = liveSet.wordAt(i); bits !== 0; bits &= bits - 1) {
        values.push(this.references.value(liveSet.baseAt(i) + (31 - Math.clz32(bits & -bits))));
      }
    }
    return values;
  }
}

/** Without any there is nothing to spill, and many functions have none. */
function hasSafepoints(func: Function, policy: Policy): boolean {
  const { dfg, layout } = func;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (isSafepoint(dfg.opcode(inst)) && (!policy.heedsNoCollect || func.mayCollect(inst))) return true;
    }
  }
  return false;
}
