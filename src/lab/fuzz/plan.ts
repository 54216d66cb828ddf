/**
 * The plan of a random function's control flow: which blocks there are and where each goes, drawn before anything is
 * built, so that a block can be sealed when its last predecessor is filled, and so that it is known which blocks'
 * values every block may use.
 *
 * Block 0 is the entry, to which nothing goes. Destinations are drawn in one of a few styles; in all of them blocks that
 * nothing reaches may be left.
 *
 *     forward       diamonds and fans: destinations a little further on
 *     loops         the next block, or a block back
 *     nest          loops in loops, each closed by a branch to its own header
 *     random        any block: irreducible more often than not
 *     switch        tables with many arms that meet again
 *     straight      one block, or a few after one another
 */
import type { Random } from "./random.ts";

export type ExitKind = "jump" | "brif" | "br_table" | "try_call" | "return" | "return_call" | "trap";

export interface BlockPlan {
  readonly exit: ExitKind;
  /** Numbers of the destinations: `brif` then and else, `br_table` default first, `try_call` the normal return last. */
  readonly targets: readonly number[];
}

const STYLES = ["forward", "loops", "nest", "random", "switch", "straight"] as const;
type Style = (typeof STYLES)[number];

export interface FlowPlan {
  readonly style: Style;
  readonly blocks: readonly BlockPlan[];
  /** The block's one predecessor where it has one, else 0; the entry has -1. Its values may be used. */
  readonly parents: readonly number[];
  /** How many blocks go to the block. */
  readonly predecessorCounts: readonly number[];
}

export interface PlanOptions {
  readonly blockCount: number;
  /** Whether functions may end in a tail call. */
  readonly tailCalls: boolean;
  /** How many of a hundred branches are `try_call`s. */
  readonly tryCallPercent: number;
}

export function planFlow(random: Random, options: PlanOptions): FlowPlan {
  const style = options.blockCount <= 2 ? "straight" : random.pick(STYLES);
  const planner = new Planner(random, style, options);
  const blocks: BlockPlan[] = [];
  for (let block = 0; block < options.blockCount; block++) blocks.push(planner.plan(block));
  return { style, blocks, ...predecessors(blocks) };
}

class Planner {
  private readonly random: Random;
  private readonly style: Style;
  private readonly count: number;
  private readonly options: PlanOptions;
  /** Headers of the loops that are open, innermost last. */
  private readonly open: number[];

  constructor(random: Random, style: Style, options: PlanOptions) {
    this.random = random;
    this.style = style;
    this.count = options.blockCount;
    this.options = options;
    this.open = [];
  }

  plan(block: number): BlockPlan {
    const { random } = this;
    const isLast = block === this.count - 1;
    if (this.style === "nest") return this.planNest(block, isLast);
    if (isLast || random.chance(this.style === "straight" ? 5 : 8)) return this.ending();
    if (this.count === 1) return this.ending();
    if (random.chance(this.options.tryCallPercent)) return this.tryCall(block);
    if (this.style === "switch" && random.chance(60)) return this.table(block, random.between(2, 12));
    const exit = random.pick(["jump", "brif", "brif", "br_table"] as const);
    switch (exit) {
      case "jump":
        return { exit, targets: [this.target(block)] };
      case "brif":
        return { exit, targets: [this.target(block), this.target(block)] };
      case "br_table":
        return this.table(block, random.between(1, 5));
    }
  }

  /** Opens loops, closes them with a branch to their header, and leaves the last ones open to run off. */
  private planNest(block: number, isLast: boolean): BlockPlan {
    const { random, open } = this;
    if (isLast) return this.ending();
    const next = block + 1;
    if (block > 0 && random.chance(45)) open.push(block);
    const header = open.at(-1);
    if (header !== undefined && random.chance(50)) {
      open.pop();
      const targets = random.chance(50) ? [header, next] : [next, header];
      return { exit: random.chance(80) ? "brif" : "br_table", targets };
    }
    if (random.chance(this.options.tryCallPercent)) return this.tryCall(block);
    // Leaving a loop from its middle, or a diamond.
    if (random.chance(30)) return { exit: "brif", targets: [next, Math.min(block + 2, this.count - 1)] };
    return { exit: "jump", targets: [next] };
  }

  private ending(): BlockPlan {
    const { random } = this;
    const draw = random.below(100);
    if (draw < 20 && this.options.tailCalls) return { exit: "return_call", targets: [] };
    return { exit: draw > 92 ? "trap" : "return", targets: [] };
  }

  private table(block: number, arms: number): BlockPlan {
    const targets = Array.from({ length: arms + 1 }, () => this.target(block));
    // The same arm several times over.
    if (this.random.chance(40)) targets[this.random.below(arms + 1)] = targets[0]!;
    return { exit: "br_table", targets };
  }

  private tryCall(block: number): BlockPlan {
    const handlers = this.random.below(4);
    const targets = Array.from({ length: handlers + 1 }, () => this.target(block));
    return { exit: "try_call", targets };
  }

  private target(block: number): number {
    const { random, count } = this;
    const forward = (reach: number): number => Math.min(block + 1 + random.below(reach), count - 1);
    switch (this.style) {
      case "forward":
      case "switch":
        return random.chance(95) ? forward(4) : this.any();
      case "loops":
        return random.chance(70) || block < 1 ? forward(2) : random.between(1, block);
      case "straight":
        return random.chance(90) ? forward(1) : this.any();
      default:
        return random.chance(40) ? forward(2) : this.any();
    }
  }

  private any(): number {
    return 1 + this.random.below(this.count - 1);
  }
}

function predecessors(blocks: readonly BlockPlan[]): Pick<FlowPlan, "parents" | "predecessorCounts"> {
  const parents: number[] = blocks.map((_, block) => (block === 0 ? -1 : 0));
  const predecessorCounts: number[] = blocks.map(() => 0);
  for (const [block, { targets }] of blocks.entries()) {
    for (const target of new Set(targets)) {
      parents[target] = predecessorCounts[target]! === 0 ? block : 0;
      predecessorCounts[target]!++;
    }
  }
  return { parents, predecessorCounts };
}
