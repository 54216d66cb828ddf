/**
 * The queue of claims that `explanation.ts` follows, and how the chain of claims behind a reason becomes notes and a path.
 */
import type { Block, Inst, StackSlot, Value } from "../ir/entities.ts";
import { NONE } from "../ir/entities.ts";
import type { SafepointErrorCode } from "./safepoint-error.ts";

/** Something that should hold and does not, and the claim that rests on it. */
interface ClaimBase {
  /** What should be there, as it is called at that place; `NONE` where any reference would do. */
  readonly element: number;
  readonly block: Block;
  readonly parent: Claim | null;
  /** How the claim above comes to rest on this one; may be empty. */
  readonly note: string;
}

/** What a value equals at an instruction, in that epoch. */
export interface ValueClaim extends ClaimBase {
  readonly kind: "value";
  readonly value: Value;
  readonly inst: Inst;
  readonly epoch: number;
}

/** What a cell holds before an instruction, or at the end of the block. */
export interface CellClaim extends ClaimBase {
  readonly kind: "cell";
  readonly cell: number;
  readonly inst: Inst | typeof NONE;
}

export type Claim = ValueClaim | CellClaim;

export interface Reason {
  readonly code: SafepointErrorCode;
  readonly message: string;
  readonly slot: StackSlot | null;
  readonly notes: readonly string[];
}

const MAX_PATH = 12;
const MAX_NOTES = 8;

export class Story {
  private readonly queue: Claim[];
  private readonly seen: Set<string>;
  private at: number;
  /** What is said if no claim leads to a better reason: the first of those kept, a safepoint before anything else. */
  private kept: Reason | null;

  constructor() {
    this.queue = [];
    this.seen = new Set();
    this.at = 0;
    this.kept = null;
  }

  start(claim: Claim): void {
    this.queue.length = 0;
    this.seen.clear();
    this.at = 0;
    this.kept = null;
    this.add(claim);
  }

  /** Adds a claim unless it has been looked at; whether it was added. */
  add(claim: Claim): boolean {
    const place = claim.kind === "value" ? `v${claim.value}` : `${claim.cell}:${claim.block}:${claim.inst}`;
    const key = `${place}:${claim.element}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    this.queue.push(claim);
    return true;
  }

  next(): Claim | null {
    return this.queue[this.at++] ?? null;
  }

  keep(reason: Reason): void {
    const isBetter = reason.code === "stale-use" && this.kept?.code !== "stale-use";
    if (this.kept === null || isBetter) this.kept = reason;
  }

  fallback(): Reason {
    return (
      this.kept ?? { code: "wrong-use", message: "something else stands in its place", slot: null, notes: [] }
    );
  }

  /** A reason with the notes of all claims that lead to it. */
  reason(
    claim: Claim,
    code: SafepointErrorCode,
    message: string,
    slot: StackSlot | null = null,
    path: readonly Block[] = this.path(claim),
  ): Reason {
    const notes: string[] = [];
    for (let at: Claim | null = claim; at !== null; at = at.parent)
      if (at.note !== "") notes.unshift(at.note);
    if (notes.length > MAX_NOTES) notes.splice(MAX_NOTES / 2, notes.length - MAX_NOTES, "…");
    if (path.length > 1) notes.push(`path: ${pathText(path)}`);
    return { code, message, slot, notes };
  }

  /** The blocks from the claim to where it matters: to the reload, or the map. */
  path(claim: Claim): Block[] {
    const path = [claim.block];
    let at: Claim = claim;
    while (at.kind === "cell" && at.inst === NONE && at.parent !== null) {
      at = at.parent;
      path.push(at.block);
    }
    return path;
  }
}

function pathText(path: readonly Block[]): string {
  const names = path.map((block) => `block${block}`);
  if (names.length > MAX_PATH) names.splice(MAX_PATH / 2, names.length - MAX_PATH, "…");
  return names.join(" → ");
}
