/**
 * The moving-heap oracle: runs a function and its spilled form side by side, on the same inputs in the same world, and says
 * where they first differ.
 *
 * At the k-th safepoint executed, *before* moves every declared value of its frame, *after* every distinct slot of the
 * safepoint's map; what else either holds stays as it was. A reference that the spiller forgot is then stale from that point
 * on, and shows in the next address, argument, result or branch that depends on it.
 *
 * How it differs from the sketch in the design, and why:
 *
 * - *Lockstep.* Both sides stop at each safepoint, so traces are compared (and thrown away) piece by piece, and the content of
 *   a mapped slot is compared with the declared values of *before* at that very moment. A slot must hold one of them, of the
 *   entry's type: that is "fresh", without tracking where values came from. Or what one held at an earlier safepoint, moved at
 *   each since (`kept-references.ts`): a reference that the program has forgotten is garbage kept, and misleads no collector.
 * - *No liveness.* All declared values of the frame move, dead ones too: nothing reads those, so the oracle shares no analysis
 *   with the spiller.
 * - *Slots of the spiller are not memory.* They are cells of the frame, reached by the loads and stores that name them. The
 *   program's own slots have the same addresses on both sides, and a wild access cannot tell the sides apart.
 * - *Fuel* is counted in entries of blocks that *before* has. Blocks and instructions that only *after* has cost nothing and
 *   show nothing; a separate, generous limit stops them from going in circles.
 * - *Some values do not move*: constants that are declared, or that branches pass to declared parameters, and constants that
 *   *after* stores into slots. No collector changes a null, and a better policy makes constants again instead of reloading
 *   them; with the design's "whatever its value" it would be rejected.
 * - *Moves happen while the callee runs*: arguments are read before, results and arguments of edges after. So a value that a
 *   `try_call` passes to its successors must be fresh there: Cranelift's own rewriting is not (defect A), and the oracle says so.
 * - A declared alias declares its target (defect B); declarations of *before* count, those of *after* are not looked at.
 * - *What has no semantics here* (dynamic vectors of other than 128 bits, values of globals that are not symbols) is computed as some function of its operands, the
 *   same on both sides (`ops-opaque.ts`), so every verified program can be compared.
 * - Maps that *before* brings along, of its own slots, move nothing on either side; *after* must have kept them.
 */
import { NUMBER, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import type { Block, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { Type } from "../ir/types.ts";
import { Decoder } from "./decode.ts";
import { eventText, findOperand, hexWords, instructionText, type OracleDifference } from "./difference.ts";
import { Environment } from "./environment.ts";
import { FixedConstants } from "./fixed-constants.ts";
import { KeptReferences } from "./kept-references.ts";
import { CallField, MAP_ITEM_WORDS, MapField } from "./program.ts";
import { Side } from "./side.ts";
import { EventKind } from "./trace.ts";
import { wordsOf } from "./type-sizes.ts";

export interface OracleOptions {
  /** Inputs to try: seeds 0, 1, …, or these. */
  readonly seeds?: number | readonly number[];
  /** Blocks that one run may enter. */
  readonly fuel?: number;
}

const ORACLE_OPTIONS: OptionNames<OracleOptions> = { seeds: true, fuel: NUMBER };

const DEFAULT_SEEDS = 8;
const DEFAULT_FUEL = 300;
/** What the runs of one comparison executed, all seeds together. Spills, reloads and entries are those of *after*. */
export interface DynamicCounts {
  runs: number;
  blocks: number;
  safepoints: number;
  spills: number;
  reloads: number;
  mapEntries: number;
}

export class Oracle {
  private readonly decoder: Decoder;
  private readonly environment: Environment;
  private readonly before: Side;
  private readonly after: Side;
  /** Of the last comparison. */
  readonly counts: DynamicCounts;
  private seed: number;
  private safepoints: number;
  private block: number;
  private readonly constants: FixedConstants;
  private readonly kept: KeptReferences;

  constructor() {
    this.decoder = new Decoder();
    this.environment = new Environment();
    this.before = new Side(this.environment);
    this.after = new Side(this.environment);
    this.counts = { runs: 0, blocks: 0, safepoints: 0, spills: 0, reloads: 0, mapEntries: 0 };
    this.seed = 0;
    this.safepoints = 0;
    this.block = -1;
    this.constants = new FixedConstants();
    this.kept = new KeptReferences();
  }

  /**
   * Compares a verified function with what a spiller made of it. `before` must still have its declarations; neither is
   * changed. Gives the first difference under the first seed that shows one. An `InputError` means that the program does
   * what the interpreter refuses.
   */
  compare(before: Function, after: Function, options: OracleOptions = {}): OracleDifference | null {
    requireOptions(options, ORACLE_OPTIONS, "Oracle.compare");
    Object.assign(this.counts, { runs: 0, blocks: 0, safepoints: 0, spills: 0, reloads: 0, mapEntries: 0 });
    this.load(before, after);
    const seeds = options.seeds ?? DEFAULT_SEEDS;
    const count = typeof seeds === "number" ? seeds : seeds.length;
    for (let i = 0; i < count; i++) {
      this.seed = typeof seeds === "number" ? i : seeds[i]!;
      const difference = this.runBoth(options.fuel ?? DEFAULT_FUEL);
      if (difference !== null) return difference;
    }
    return null;
  }

  private load(before: Function, after: Function): void {
    const firstSpillSlot = before.stackSlots.length;
    const isOriginal = (block: Block): boolean =>
      block < before.dfg.numBlocks && before.layout.isBlockInserted(block);
    this.decoder.decode(before, this.before.program, { opaque: true });
    this.decoder.decode(after, this.after.program, { opaque: true, spill: { firstSpillSlot, isOriginal } });
    this.before.link();
    this.after.link();
    this.findDeclared(before);
    this.environment.clear();
    const declared = this.before.program.declared.map(({ value }) => value);
    this.constants.fixDeclared(before, declared, this.environment);
    this.constants.fixStored(after, firstSpillSlot, this.environment);
  }

  private findDeclared(before: Function): void {
    const { program } = this.before;
    const { dfg } = before;
    const seen = new Set<Value>();
    for (const declared of before.needsStackMap) {
      if (!dfg.isValueValid(declared)) continue;
      const value = dfg.resolveAliases(declared);
      if (seen.has(value)) continue;
      seen.add(value);
      program.declared.push({ value, q: program.valueCells[value]!, type: dfg.valueType(value) });
    }
  }

  // Running.

  private runBoth(fuel: number): OracleDifference | null {
    const { before, after, environment, counts } = this;
    environment.start(this.seed);
    this.safepoints = 0;
    this.block = -1;
    this.kept.clear();
    before.start(fuel);
    after.start(fuel);
    this.fillSlots();
    counts.runs++;
    for (;;) {
      const isSafepoint = before.advance();
      const isSafepointAfter = after.advance();
      const difference = this.compareTraces() ?? this.compareStops(isSafepoint, isSafepointAfter);
      if (difference !== null) return difference;
      if (!isSafepoint) break;
      const mapDifference = this.collect();
      if (mapDifference !== null) return mapDifference;
      before.resume();
      after.resume();
    }
    counts.blocks += fuel - Math.max(before.machine.fuel, 0);
    counts.spills += after.machine.spills;
    counts.reloads += after.machine.reloads;
    return null;
  }

  private fillSlots(): void {
    const { program, machine } = this.after;
    for (let slot = program.firstSpillSlot; slot < program.slotCells.length; slot++) {
      const start = program.slotCells[slot]!;
      const end = program.slotCells[slot + 1] ?? program.frameCells;
      this.environment.garbage(machine, start, end - start);
    }
  }

  /** Checks the map and moves what each side says is a reference. */
  private collect(): OracleDifference | null {
    const { before, after, environment, counts, kept } = this;
    const { extra } = after.program;
    const map = after.callField(CallField.Map);
    const start = map + MapField.Items;
    const end = map < 0 ? start : start + MAP_ITEM_WORDS * extra[map + MapField.Distinct]!;
    if (restOfMap(before) !== restOfMap(after)) return this.foreignEntry();
    for (let item = start; item < end; item += MAP_ITEM_WORDS) {
      const cell = extra[item]!;
      const type = extra[item + 2]! as Type;
      if (!this.isFresh(cell, type)) return this.staleSlot(cell, extra[item + 1]!, type);
    }
    const ordinal = this.safepoints++;
    counts.safepoints++;
    if (map >= 0) counts.mapEntries += extra[map + MapField.Entries]!;
    const declared = before.program.declared;
    for (let i = 0; i < declared.length; i++) {
      environment.move(before.machine.i32, declared[i]!.q << 1, declared[i]!.type as Type, ordinal);
    }
    kept.clear();
    for (let item = start; item < end; item += MAP_ITEM_WORDS) {
      const at = extra[item]! << 1;
      const type = extra[item + 2]! as Type;
      environment.move(after.machine.i32, at, type, ordinal);
      kept.add(after.machine.i32, at, type);
    }
    return null;
  }

  private foreignEntry(): OracleDifference {
    return this.difference(
      "stack map",
      "the map says something of the program's own slots, or of part of a slot, that the original's does not",
      "",
      "",
      this.after.machine.callAt,
    );
  }

  /**
   * Whether the slot's cell holds what a declared value of that type holds now, or held once and would have now, or a value
   * that does not move.
   */
  private isFresh(cell: number, type: Type): boolean {
    const { before, after } = this;
    const slotWords = after.machine.i32;
    const valueWords = before.machine.i32;
    const words = wordsOf(type);
    const declared = before.program.declared;
    for (let i = 0; i < declared.length; i++) {
      if (declared[i]!.type !== type) continue;
      let w = 0;
      while (w < words && slotWords[2 * cell + w] === valueWords[2 * declared[i]!.q + w]) w++;
      if (w === words) return true;
    }
    if (this.environment.isFixed(slotWords, 2 * cell, type)) return true;
    return this.kept.has(slotWords, 2 * cell, type);
  }

  private staleSlot(cell: number, slot: number, type: Type): OracleDifference {
    const { after } = this;
    const words: number[] = [];
    for (let i = 0; i < wordsOf(type); i++) words.push(after.machine.i32[2 * cell + i]!);
    return this.difference(
      "stack map",
      `the map names ss${slot}, which holds no declared value that is fresh`,
      "a declared value as it is now",
      hexWords(words),
      after.machine.callAt,
    );
  }

  private compareStops(before: boolean, after: boolean): OracleDifference | null {
    if (before === after) {
      this.before.trace.clear();
      this.after.trace.clear();
      return null;
    }
    const text = (collects: boolean): string => (collects ? "a safepoint" : "no safepoint");
    return this.difference("safepoint", "one side may collect here", text(before), text(after), -1);
  }

  private compareTraces(): OracleDifference | null {
    const { before, after } = this;
    const event = before.trace.firstDifference(after.trace);
    const last = event < 0 ? before.trace.eventCount : event;
    for (let i = 0; i < last; i++) {
      if (before.trace.kind(i) === EventKind.Block) this.block = before.trace.word(i, 0);
    }
    if (event < 0) return null;
    if (event < after.trace.eventCount && after.trace.kind(event) === EventKind.Stuck) {
      return this.difference("stuck", "the added blocks form a circle that is not left", "", "", -1);
    }
    const expected = eventText(before.trace, event, before.program);
    const got = eventText(after.trace, event, after.program);
    const record = event < after.trace.eventCount ? after.trace.record(event) : -1;
    const why = this.explain(event);
    return this.difference("trace", `expected: ${expected}; got: ${got}${why}`, expected, got, record);
  }

  /** Which operand differs, and whether it is what it was before some safepoint. */
  private explain(event: number): string {
    const { before, after, environment } = this;
    const operand = findOperand(before, after, event);
    if (operand === null) return "";
    const name =
      operand.before === operand.after ? operand.before : `${operand.before}, here ${operand.after},`;
    const { got, expected, type } = operand;
    const words = wordsOf(type);
    for (let ordinal = this.safepoints - 1; ordinal >= 0; ordinal--) {
      environment.move(got, 0, type, ordinal);
      if (expected.every((word, i) => i >= words || word === got[i])) {
        return `: ${name} is as it was before safepoint ${ordinal + 1}`;
      }
    }
    return `: ${name} differs`;
  }

  private difference(
    kind: OracleDifference["kind"],
    what: string,
    expected: string,
    got: string,
    record: number,
  ): OracleDifference {
    const instruction = instructionText(this.after.program, record);
    const place = this.block < 0 ? "in the entry" : `in block${this.block}`;
    const at = instruction === "" ? "" : ` at '${instruction}'`;
    const message = `${place}${at}, after ${this.safepoints} safepoints (seed ${this.seed}): ${what}`;
    return {
      kind,
      seed: this.seed,
      safepoints: this.safepoints,
      block: this.block,
      message,
      expected,
      got,
      instruction,
    };
  }
}

/** Hash of the entries of the call's map that name no spill slot. */
function restOfMap(side: Side): number {
  const map = side.callField(CallField.Map);
  return map < 0 ? 0 : side.program.extra[map + MapField.RestHash]!;
}
