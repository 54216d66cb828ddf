/**
 * A linked instance as bytes, to be had again without linking: the first that a program makes of a module, which has the same addresses
 * whenever the program runs.
 *
 *     placement     all that linking depends on besides the code (`placementText`)
 *     lists         numbers that the store asks of a layout, each list behind its length
 *     modules       each behind its length: the output; the copies between memories, or nothing; those of the memories
 *
 * All numbers are unsigned LEB128. Reading trusts nothing, as far as the store depends on it; what the engine is given, it validates.
 */
import { ByteCursor } from "../base/byte-cursor.ts";
import { ByteWriter } from "../base/byte-writer.ts";
import { isRef } from "../wasm/types.ts";
import type { CompiledCode, KeptBytes } from "./compiled-code.ts";
import type { InstanceLayout } from "./instance-layout.ts";
import { type LinkedInstance, linkForStore, type StorePlacement } from "./link-store.ts";
import type { OutputPlan } from "./plan.ts";

/** Places that were used: further instances are elsewhere. */
const used = new WeakSet<KeptBytes>();

/** As `linkForStore`, or what that gave before, where the code has a place for it and is placed in the same way. */
export function linkOrRecall(code: CompiledCode, placement: StorePlacement): LinkedInstance {
  const { plan, link: place = null } = code;
  if (place === null || used.has(place)) return linkForStore(code, placement);
  used.add(place);
  const text = placementText(plan, placement);
  const stored = place.load();
  const kept = stored === null ? null : recalled(stored, plan, placement, text);
  if (kept !== null) return kept;
  const known = new Set(placement.descriptors.keys());
  const linked = linkForStore(code, placement);
  // Positions are for traces: who wants them has no need of a quick start.
  if (linked.positions === null) place.save(written(linked, plan, placement, { known, text }));
  return linked;
}

/** All that linking asks a store for. */
function placementText(plan: OutputPlan, placement: StorePlacement): string {
  const { module, cells } = plan;
  const { base, stackTop, firstFunction, functionTypes, canonicalIds, descriptors } = placement;
  const count = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const functions = count(module.importedFunctionCount);
  const asked = [
    [base, stackTop, firstFunction, functionTypes],
    [...canonicalIds],
    [...descriptors],
    cells.map((cell, i) => (plan.isImportedCell(cell) ? placement.importedCell(i) : 0)),
    functions.map((func) => placement.importedFunction(func)),
    functions.map((func) => placement.importedEnd(func)),
    count(module.importedTagCount).map((tag) => placement.importedTag(tag)),
    count(module.importedGlobalCount).map((global) => placement.importedBits(global)),
  ];
  return JSON.stringify(asked, (_, value) => (typeof value === "bigint" ? String(value) : value));
}

const TEXT = new TextEncoder();

function written(
  linked: LinkedInstance,
  plan: OutputPlan,
  placement: StorePlacement,
  { known, text }: { readonly known: ReadonlySet<number>; readonly text: string },
): Uint8Array {
  const { layout, bytes, memoryCopies, memoryModules } = linked;
  const out = new ByteWriter(bytes.length + (1 << 12));
  const append = (part: Uint8Array): void => {
    out.u32(part.length);
    out.append(part);
  };
  append(TEXT.encode(text));
  const lists: readonly ArrayLike<number>[] = [
    [layout.byteLength, layout.largestFrame, Number(layout.asksFunctionTypes)],
    // -1 where there is none.
    [layout.cellRegion + 1, layout.rootAddressList + 1],
    layout.functionItems,
    layout.cellPlaces,
    layout.staticObjectAddresses,
    plan.module.tags.map((_, tag) => layout.tagRecord(tag)),
    exportedGlobals(plan).flatMap((global) => [global, layout.globalCell(global)]),
    [...placement.descriptors].flatMap(([key, address]) => (known.has(key) ? [] : [key, address])),
  ];
  for (const list of lists) {
    out.u32(list.length);
    for (let i = 0; i < list.length; i++) out.u32(list[i]! >>> 0);
  }
  append(bytes);
  append(memoryCopies ?? new Uint8Array(0));
  out.u32(memoryModules.length);
  memoryModules.forEach(append);
  return out.bytes();
}

/** Of references, and the module's own: others ask where they are. */
function exportedGlobals({ module }: OutputPlan): number[] {
  const isAskedFor = (index: number): boolean =>
    index >= module.importedGlobalCount && isRef(module.globals[index]!.type);
  const exported = module.exports.filter(({ kind, index }) => kind === "global" && isAskedFor(index));
  return [...new Set(exported.map(({ index }) => index))];
}

/** What was written, for the same placement; null for anything else. */
function recalled(
  stored: Uint8Array,
  { module, cells }: OutputPlan,
  { base, firstFunction, descriptors }: StorePlacement,
  text: string,
): LinkedInstance | null {
  const cursor = new ByteCursor(stored);
  const wanted = TEXT.encode(text);
  const placed = cursor.take(cursor.count());
  if (placed.length !== wanted.length || placed.some((byte, i) => byte !== wanted[i])) return null;
  const list = (): number[] => Array.from({ length: cursor.count() }, () => cursor.u32());
  const part = (): Uint8Array => cursor.take(cursor.count());
  const [byteLength = 0, largestFrame = 0, asksFunctionTypes] = list();
  const [cellRegion = 0, rootAddressList = 0] = list();
  const functionItems = list();
  const cellPlaces = Int32Array.from(list());
  const staticObjectAddresses = Int32Array.from(list());
  const tagRecords = list();
  const globals = pairsOf(list());
  const made = pairsOf(list());
  const bytes = part();
  const memoryCopies = part();
  const memoryModules = Array.from({ length: cursor.count() }, part);
  const isOwn = (address: number): boolean => address >= base && address < base + byteLength;
  const isRight =
    cursor.isDone &&
    cellPlaces.length === cells.length &&
    tagRecords.length === module.tags.length &&
    functionItems.every((func) => func < module.functionTypes.length) &&
    [cellRegion, rootAddressList].every((next) => next === 0 || isOwn(next - 1)) &&
    staticObjectAddresses.every((address) => isOwn(address >>> 0)) &&
    made.every(([, address]) => isOwn(address));
  if (!isRight) return null;
  for (const [key, address] of made) descriptors.set(key | 0, address);
  const functionNumbers = new Map(functionItems.map((func, i) => [func, firstFunction + i]));
  const globalCells = new Map(globals);
  const layout: InstanceLayout = {
    byteLength,
    largestFrame,
    asksFunctionTypes: asksFunctionTypes === 1,
    cellRegion: cellRegion - 1,
    rootAddressList: rootAddressList - 1,
    functionItems,
    cellPlaces,
    staticObjectAddresses,
    knownFunction: (func) => functionNumbers.get(func) ?? 0,
    cellAddress: (cell) => cellPlaces[cell]!,
    globalCell: (global) => globalCells.get(global)!,
    tagRecord: (tag) => tagRecords[tag]!,
  };
  return {
    bytes,
    positions: null,
    memoryModules,
    memoryCopies: memoryCopies.length === 0 ? null : memoryCopies,
    layout,
  };
}

function pairsOf(numbers: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) pairs.push([numbers[i]!, numbers[i + 1]!]);
  return pairs;
}
