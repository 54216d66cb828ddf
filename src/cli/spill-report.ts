/**
 * What the spiller did to a function, for people (tables) and programs (`--json`).
 *
 * Which reference a map entry stands for follows from the text: walking a block forwards, a slot belongs to the
 * reference live into the block that has it, until a spill stores another one there. Between blocks this believes the
 * spiller; whether it is right is for the checker to say.
 */
import type { Policy } from "../frontend/safepoints/policies.ts";
import type { SafepointSpiller, SpillCounts } from "../frontend/safepoints/spiller.ts";
import { type Block, type Inst, NONE, type StackSlot } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { isSafepoint } from "../ir/opcodes.ts";
import { functionNameText } from "../lab/function-text.ts";
import { clifTypeName, instText } from "../text/index.ts";

export interface SlotReport {
  readonly slot: string;
  readonly sizeBytes: number;
  /** The references that live in it, at different times. */
  readonly values: readonly string[];
}

export interface MapEntryReport {
  readonly type: string;
  readonly slot: string;
  readonly offsetBytes: number;
  /** The reference in the slot, or null where the slot holds none. */
  readonly value: string | null;
}

export interface SafepointReport {
  readonly block: string;
  readonly inst: string;
  readonly text: string;
  readonly entries: readonly MapEntryReport[];
}

export interface SpillReport {
  readonly file: string;
  readonly name: string;
  readonly counts: SpillCounts;
  readonly slots: readonly SlotReport[];
  /** Live into each block, of the references that live across some safepoint. */
  readonly liveIn: readonly { readonly block: string; readonly values: readonly string[] }[];
  readonly safepoints: readonly SafepointReport[];
}

/** How many of them the function had before. */
export interface EntityCounts {
  readonly insts: number;
  readonly slots: number;
}

/** The report on `func`, which `spiller` has just rewritten under `policy`. */
export function spillReport(
  file: string,
  func: Function,
  spiller: SafepointSpiller,
  policy: Policy,
  counts: SpillCounts,
  before: EntityCounts,
): SpillReport {
  const { layout } = func;
  const slotOf = new Map(spiller.spilledValues().map(({ value, slot }) => [value as number, slot]));
  const walk: BlockWalk = { func, policy, insts: before.insts };
  const liveIn: { block: string; values: string[] }[] = [];
  const safepoints: SafepointReport[] = [];
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    const live = spiller.liveIn(block);
    liveIn.push({ block: `block${block}`, values: live.map((value) => `v${value}`) });
    const owners = new Map<number, number>();
    for (const value of live) owners.set(slotOf.get(value) ?? NONE, value);
    for (const safepoint of safepointsOf(walk, block, owners)) safepoints.push(safepoint);
  }
  const slots = slotReports(func, spiller, before.slots);
  return { file, name: functionNameText(func.name), counts, slots, liveIn, safepoints };
}

function slotReports(func: Function, spiller: SafepointSpiller, from: number): SlotReport[] {
  const values: string[][] = func.stackSlots.map(() => []);
  for (const { value, slot } of spiller.spilledValues()) values[slot]!.push(`v${value}`);
  return func.stackSlots.slice(from).map(({ sizeBytes }, i) => {
    return { slot: `ss${from + i}`, sizeBytes, values: values[from + i]! };
  });
}

interface BlockWalk {
  readonly func: Function;
  readonly policy: Policy;
  /** Instructions from here on were added. */
  readonly insts: number;
}

/** The safepoints of a block; `owners` says which value each slot holds at its start. */
function safepointsOf(
  { func, policy, insts }: BlockWalk,
  block: Block,
  owners: Map<number, number>,
): SafepointReport[] {
  const { dfg, layout } = func;
  const found: SafepointReport[] = [];
  for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
    if (inst >= insts && dfg.opcode(inst) === Op.Store) {
      const slot = spillSlot(func, inst);
      if (slot !== NONE) owners.set(slot, dfg.resolveAliases(dfg.arg(inst, 0)));
    }
    const collects = policy.heedsNoCollect ? func.mayCollect(inst) : isSafepoint(dfg.opcode(inst));
    if (!collects) continue;
    // The map has a column of its own, and the constants among the operands do not matter here.
    const text = instText(func, inst)
      .replace(/, stack_map=\[[^\]]*\]/, "")
      .replace(/ {2};.*/, "");
    found.push({ block: `block${block}`, inst: `inst${inst}`, text, entries: entriesOf(func, inst, owners) });
  }
  return found;
}

/** The slot that a spill stores to. */
function spillSlot(func: Function, store: Inst): StackSlot | typeof NONE {
  const { dfg } = func;
  const address = dfg.resolveAliases(dfg.arg(store, 1));
  const def = dfg.valueInst(address);
  return dfg.opcode(def) === Op.StackAddr ? dfg.stackSlot(def) : NONE;
}

function entriesOf(func: Function, inst: Inst, owners: ReadonlyMap<number, number>): MapEntryReport[] {
  const { stackMaps } = func.dfg;
  const map = func.dfg.stackMap(inst);
  if (map === NONE) return [];
  const entries: MapEntryReport[] = [];
  for (let i = 0; i < stackMaps.entryCount(map); i++) {
    const slot = stackMaps.entrySlot(map, i);
    const owner = owners.get(slot);
    entries.push({
      type: clifTypeName(stackMaps.entryType(map, i)),
      slot: `ss${slot}`,
      offsetBytes: stackMaps.entryOffset(map, i),
      value: owner === undefined ? null : `v${owner}`,
    });
  }
  return entries;
}

// Tables.

export function livenessTable(report: SpillReport): string {
  const rows = report.liveIn.map(({ block, values }) => [block, values.join(" ") || "-"]);
  return titled(report, "live into", table(["block", "references"], rows));
}

export function slotsTable(report: SpillReport): string {
  const rows = report.slots.map(({ slot, sizeBytes, values }) => [slot, `${sizeBytes}`, values.join(" ")]);
  const { slots, spills, reloads, splitEdges } = report.counts;
  const edges = splitEdges === 0 ? "" : `, ${counted(splitEdges, "split edge")}`;
  const counts = `${counted(slots, "slot")}, ${counted(spills, "spill")}, ${counted(reloads, "reload")}${edges}`;
  return titled(report, counts, table(["slot", "bytes", "references"], rows));
}

export function mapsTable(report: SpillReport): string {
  const rows = report.safepoints.map(({ block, inst, text, entries }) => {
    const map = entries.map(({ type, slot, offsetBytes, value }) => {
      const at = offsetBytes === 0 ? slot : `${slot}+${offsetBytes}`;
      return `${at}: ${type} = ${value ?? "nothing known"}`;
    });
    return [block, inst, map.join(", ") || "-", text];
  });
  const { safepoints, mapped, mapEntries } = report.counts;
  const counts = `${counted(safepoints, "safepoint")}, ${mapped} with a map, ${counted(mapEntries, "entry", "entries")}`;
  return titled(report, counts, table(["block", "inst", "stack map", "safepoint"], rows));
}

function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

function titled(report: SpillReport, title: string, body: string): string {
  return `${report.name}: ${title}\n${body}`;
}

/** Columns as wide as their widest cell, two spaces between, nothing after the last. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, row[column]!.length), 0),
  );
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd();
  return `${all.map(line).join("\n")}\n`;
}
