/**
 * The safepoint checker: proves that a function whose references were spilled around safepoints (AFTER) does what the
 * function it was made of (BEFORE) does, whenever a moving collector runs and whatever it moves.
 *
 * It shares nothing with the spiller: no liveness, no slots, no idea of why something was spilled. It knows what a
 * collector does to BEFORE and to AFTER, and follows which places of AFTER equal which values of BEFORE.
 *
 * MEANING. In BEFORE the declared values are roots: at each call that may collect, all of them are made to point at where
 * their objects are now. Other values keep their bits. In AFTER the roots are what the stack map of that call names;
 * SSA values and all other slots keep their bits. A place of AFTER is an SSA value or a cell (bytes of a slot that BEFORE
 * does not have). AFTER is right if every instruction of BEFORE gets equal operands in it, and no map names a place that
 * holds no reference. Then both runs take the same branches, make the same calls and stores, and collect at the same points.
 *
 * LATTICE. For each point of AFTER and each place a set of facts, ordered by inclusion, met by intersection; "not reached"
 * is the top, the empty set the bottom. The facts:
 *
 *     ≡ v            the place equals BEFORE's value v now (v resolved: an alias is what it stands for,
 *                    and to declare the alias is to declare that)
 *     ≡ c            it equals the constant c, which stands for every value that is this constant
 *     reference      it holds a reference that is up to date: what a declared value has, or had and would have still. One that
 *                    BEFORE has forgotten misleads no collector, it only keeps garbage
 *     fixed          it holds a constant that is a reference no collector changes: null, or one that BEFORE declared
 *
 * TRANSFER.
 *
 *     result v of BEFORE's instruction     v: { ≡ v }, and `reference` if v is declared
 *     added constant                       x: { ≡ c }, and `reference`, `fixed` where that is so
 *     added reload  x = load ss            x: the facts of ss
 *     added spill   store x, ss            ss: the facts of x; overlapping cells: none
 *     call that may collect                places that the map names: all but ≡ v of undeclared v (the bits may change)
 *                                          other places, SSA values too: all but ≡ v of declared v, and `reference`
 *                                          unless `fixed`
 *     other calls                          nothing: their maps are never read
 *     edge of BEFORE, v5 := v1             where there was ≡ v1 there is ≡ v5 as well, and `reference` if v5 is declared;
 *                                          other ≡ v5, of an earlier round, end
 *     edge of AFTER, x5 := x1              x5: the facts of x1. Arguments of a try_call are passed after the call
 *
 * The edges of BEFORE are taken when its branch is, so added blocks lie behind them, and may be shared. A branch argument is a
 * copy and no use: what is stale or wrong in it shows when something uses the parameter.
 * Each fact behind a step follows from one fact before it, so the fixed point is exact: the meet over all paths.
 *
 * What an SSA value equals is kept once, for where it is made. It still does at a use that its definition dominates, because
 * the definition of the value that it equals dominates it too and so cannot have run again; except that a safepoint
 * in between ends the movable facts, which `epochs.ts` tells by comparing two numbers. So only slots need a state at each
 * block, and these states are hash-consed (`slot-states.ts`): time is near-linear in instructions, map entries and changes
 * of slots.
 *
 *     match.ts         BEFORE's instructions in AFTER, everything added     definitions.ts   both are valid SSA
 *     cells.ts         which bytes of which slots                           events.ts        what happens to them, in order
 *     epochs.ts        freshness of SSA values                              facts.ts         sets of facts
 *     slot-states.ts   what all slots hold                                  flow.ts          the fixed point
 *     uses.ts          the verdict                                          explanation.ts   the reasons
 *
 * Where this differs from the first design: a constant counts as a reference in a mapped slot only if it is null or was
 * declared, since a collector would follow any other number; a stale branch argument is no error by itself, so that
 * a parameter may travel in its slot; maps on calls that never collect must fit their slots, but may hold anything.
 *
 * Left out: unreachable code (matched, never proved), source locations and debug tags, whether BEFORE is well typed (the
 * verifier's task), derived pointers (an undeclared value made from a reference is the program's own affair).
 */

import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { NUMBER, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { Definitions } from "./definitions.ts";
import { SafepointFlow } from "./flow.ts";
import { Match } from "./match.ts";
import type { SafepointError } from "./safepoint-error.ts";
import { Uses } from "./uses.ts";

export interface CheckOptions {
  /** How many errors to explain; 20 unless said otherwise. */
  readonly maxErrors?: number;
}

const CHECK_OPTIONS: OptionNames<CheckOptions> = { maxErrors: NUMBER };

const DEFAULT_MAX_ERRORS = 20;

/** A checker is reused from function to function and keeps its memory. */
export class SafepointChecker {
  private readonly match: Match;
  private readonly cfg: ControlFlowGraph;
  private readonly tree: DominatorTree;
  private readonly definitions: Definitions;
  private readonly flow: SafepointFlow;
  private readonly uses: Uses;

  constructor() {
    this.match = new Match();
    this.cfg = new ControlFlowGraph();
    this.tree = new DominatorTree();
    this.definitions = new Definitions();
    this.flow = new SafepointFlow();
    this.uses = new Uses(this.flow);
  }

  /**
   * What is wrong with AFTER as a rewrite of BEFORE for the values in `before.needsStackMap`; nothing when it is proved
   * right. Neither function is changed. Errors of structure come alone, as do those of definitions: nothing can be said
   * of the flow of values before they are mended.
   */
  check(before: Function, after: Function, options: CheckOptions = {}): readonly SafepointError[] {
    requireOptions(options, CHECK_OPTIONS, "checkSafepoints");
    const { match, cfg, tree } = this;
    if (!match.compute(before, after)) return [...match.errors];
    if (after.layout.entryBlock === NONE) return [];
    cfg.compute(after);
    tree.compute(after, cfg);
    const undefinedUses = this.definitions.check(match, tree);
    if (undefinedUses.length > 0) return undefinedUses;
    this.flow.compute(match, cfg, tree);
    return this.uses.check(match, options.maxErrors ?? DEFAULT_MAX_ERRORS);
  }
}

/** `SafepointChecker.check` with a checker of its own, for single functions. */
export function checkSafepoints(
  before: Function,
  after: Function,
  options: CheckOptions = {},
): readonly SafepointError[] {
  return new SafepointChecker().check(before, after, options);
}
