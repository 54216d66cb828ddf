/**
 * Ways to break correct spill code, one mistake at a time. Each operator lists the places where it can be applied to a
 * rewritten function; a mutant is one of them applied to a fresh copy. Not every mutant is wrong: a dropped spill may be one
 * that nothing reads. It is for the checker or the oracle to say.
 */
import {
  type Block,
  type BlockCall,
  type Inst,
  NONE,
  type StackSlot,
  type Value,
} from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isBranch, isSafepoint, isTerminator } from "../../ir/opcodes.ts";
import { mapEntries, setMapEntries } from "./maps.ts";
import type { SlotAccess, SpillCode } from "./spill-code.ts";

/** Breaks a copy of the function that the places were listed for. */
export type Mutation = (func: Function) => void;

export interface MutationOperator {
  readonly name: string;
  readonly summary: string;
  /** All mutations of this kind, in layout order. */
  list(after: Function, code: SpillCode): Mutation[];
}

export const MUTATION_OPERATORS: readonly MutationOperator[] = [
  { name: "drop-entry", summary: "a map entry is missing", list: dropEntries },
  { name: "add-entry", summary: "a map names one slot more", list: addEntries },
  { name: "duplicate-entry", summary: "a map names a slot twice", list: duplicateEntries },
  { name: "swap-entry", summary: "a map names another slot instead", list: swapEntries },
  { name: "swap-slot", summary: "one spill or reload reaches another slot", list: swapSlots },
  { name: "merge-slots", summary: "two slots become one, everywhere", list: mergeSlots },
  { name: "drop-spill", summary: "a spill is missing", list: dropSpills },
  { name: "late-spill", summary: "a spill stands behind the next instruction", list: lateSpills },
  { name: "last-spill", summary: "a spill stands at the end of its block", list: lastSpills },
  { name: "early-reload", summary: "a reload stands before the safepoint", list: earlyReloads },
  { name: "skip-reload", summary: "the value itself is used, not its reload", list: skipReloads },
  { name: "other-reload", summary: "the reload of another value is used", list: otherReloads },
  { name: "other-value", summary: "another value of the type is used", list: otherValues },
  { name: "other-argument", summary: "another value of the type is passed on an edge", list: otherArguments },
  { name: "delete-call", summary: "a call is gone", list: deleteCalls },
  { name: "redirect", summary: "the destinations of a branch are exchanged", list: redirects },
  {
    name: "forget-back-edge",
    summary: "what lives around a loop is in no map of the block that closes it",
    list: forgetBackEdges,
  },
];

// Stack maps.

function dropEntries(after: Function, code: SpillCode): Mutation[] {
  return code.mapped.flatMap((inst) =>
    mapEntries(after, inst).map(
      (_, dropped): Mutation =>
        (func) => {
          setMapEntries(
            func,
            inst,
            mapEntries(func, inst).filter((_, i) => i !== dropped),
          );
        },
    ),
  );
}

/** Each safepoint with a map, with the first few slots that it does not name. */
function addEntries(after: Function, code: SpillCode): Mutation[] {
  const types = new Map(
    code.spills.map(({ slot, inst }) => [slot, after.dfg.valueType(after.dfg.arg(inst, 0))]),
  );
  const safepoints = code.originals.filter((inst) => isSafepoint(after.dfg.opcode(inst)));
  return safepoints.flatMap((inst) => {
    const named = new Set(mapEntries(after, inst).map(({ slot }) => slot));
    const others = [...types].filter(([slot]) => !named.has(slot)).slice(0, 3);
    return others.map(
      ([slot, type]): Mutation =>
        (func) => {
          setMapEntries(func, inst, [...mapEntries(func, inst), { type, slot, offset: 0 }]);
        },
    );
  });
}

function duplicateEntries(after: Function, code: SpillCode): Mutation[] {
  return code.mapped.flatMap((inst) =>
    mapEntries(after, inst).map(
      (entry): Mutation =>
        (func) => {
          setMapEntries(func, inst, [...mapEntries(func, inst), entry]);
        },
    ),
  );
}

function swapEntries(after: Function, code: SpillCode): Mutation[] {
  return code.mapped.flatMap((inst) => {
    const entries = mapEntries(after, inst);
    const named = new Set(entries.map(({ slot }) => slot));
    return entries.flatMap((entry, swapped) => {
      const slot = otherSlots(after, code, entry.slot).find((other) => !named.has(other));
      if (slot === undefined) return [];
      const mutation: Mutation = (func) => {
        setMapEntries(
          func,
          inst,
          mapEntries(func, inst).map((own, i) => (i === swapped ? { ...own, slot } : own)),
        );
      };
      return [mutation];
    });
  });
}

/** The added slots of the same size. */
function otherSlots(func: Function, code: SpillCode, slot: StackSlot): StackSlot[] {
  const others: StackSlot[] = [];
  for (let other = code.firstSlot; other < func.stackSlots.length; other++) {
    if (other !== slot && func.stackSlots[other]!.sizeBytes === func.stackSlots[slot]!.sizeBytes) {
      others.push(other as StackSlot);
    }
  }
  return others;
}

// Slots.

function swapSlots(after: Function, code: SpillCode): Mutation[] {
  return [...code.spills, ...code.reloads].flatMap(({ address, slot }) =>
    otherSlots(after, code, slot)
      .slice(0, 2)
      .map(
        (other): Mutation =>
          (func) =>
            func.dfg.setStackSlot(address, other),
      ),
  );
}

function mergeSlots(after: Function, code: SpillCode): Mutation[] {
  const mutations: Mutation[] = [];
  for (let slot = code.firstSlot; slot < after.stackSlots.length; slot++) {
    for (const other of otherSlots(after, code, slot as StackSlot)
      .filter((other) => other > slot)
      .slice(0, 4)) {
      mutations.push((func) => merge(func, code, other, slot as StackSlot));
    }
  }
  return mutations;
}

function merge(func: Function, code: SpillCode, from: StackSlot, into: StackSlot): void {
  for (const { address, slot } of [...code.spills, ...code.reloads]) {
    if (slot === from) func.dfg.setStackSlot(address, into);
  }
  for (const inst of code.mapped) {
    const entries = mapEntries(func, inst).map((entry) =>
      entry.slot === from ? { ...entry, slot: into } : entry,
    );
    const first = (slot: StackSlot): number => entries.findIndex((entry) => entry.slot === slot);
    setMapEntries(
      func,
      inst,
      entries.filter((entry, i) => entry.slot !== into || i === first(into)),
    );
  }
}

// Spills and reloads.

function dropSpills(_after: Function, code: SpillCode): Mutation[] {
  return code.spills.map(
    ({ inst }): Mutation =>
      (func) =>
        func.layout.removeInst(inst),
  );
}

/** The next instruction of the program's own in the block, unless it ends it. */
function nextOriginal(func: Function, access: SlotAccess, originals: ReadonlySet<Inst>): Inst | typeof NONE {
  let inst = func.layout.nextInst(access.inst);
  while (inst !== NONE && !originals.has(inst)) inst = func.layout.nextInst(inst);
  return inst === NONE || isTerminator(func.dfg.opcode(inst)) ? NONE : inst;
}

function lateSpills(after: Function, code: SpillCode): Mutation[] {
  const originals = new Set(code.originals);
  return code.spills.flatMap((spill) => {
    const next = nextOriginal(after, spill, originals);
    return next === NONE ? [] : [moveBehind(spill, next)];
  });
}

function moveBehind({ inst, address }: SlotAccess, place: Inst): Mutation {
  return ({ layout }) => {
    layout.removeInst(inst);
    layout.insertInstAfter(inst, place);
    layout.removeInst(address);
    layout.insertInstBefore(address, inst);
  };
}

function moveBefore({ inst, address }: SlotAccess, place: Inst): Mutation {
  return ({ layout }) => {
    layout.removeInst(address);
    layout.insertInstBefore(address, place);
    layout.removeInst(inst);
    layout.insertInstBefore(inst, place);
  };
}

function lastSpills(after: Function, code: SpillCode): Mutation[] {
  return code.spills.flatMap((spill) => {
    const last = after.layout.lastInst(spill.block);
    return last === NONE || last === spill.inst ? [] : [moveBefore(spill, last)];
  });
}

/** Reloads that have a safepoint before them in their block, put before the nearest. */
function earlyReloads(after: Function, code: SpillCode): Mutation[] {
  return code.reloads.flatMap((reload) => {
    let inst = after.layout.prevInst(reload.inst);
    while (inst !== NONE && !isSafepoint(after.dfg.opcode(inst))) inst = after.layout.prevInst(inst);
    return inst === NONE ? [] : [moveBefore(reload, inst)];
  });
}

/** The operand positions of the program's own instructions that use a value. */
function usesOf(
  after: Function,
  code: SpillCode,
  value: Value,
): { readonly inst: Inst; readonly index: number }[] {
  const uses: { inst: Inst; index: number }[] = [];
  const { dfg, layout } = after;
  const def = dfg.valueInst(value);
  // A reload stands in the block of its use.
  for (let inst = layout.nextInst(def); inst !== NONE; inst = layout.nextInst(inst)) {
    if (inst >= code.instLimit) continue;
    for (let index = 0; index < dfg.argCount(inst); index++) {
      if (dfg.arg(inst, index) === value) uses.push({ inst, index });
    }
  }
  return uses;
}

/** The values spilled to a slot, those in the entry's order. */
function spilledTo(after: Function, code: SpillCode, slot: StackSlot): Value[] {
  const values = code.spills.filter((spill) => spill.slot === slot).map(({ inst }) => after.dfg.arg(inst, 0));
  return [...new Set(values)];
}

function skipReloads(after: Function, code: SpillCode): Mutation[] {
  return code.reloads.flatMap((reload) => {
    const { dfg } = after;
    const value = dfg.firstResult(reload.inst);
    const direct = spilledTo(after, code, reload.slot).filter(
      (own) => dfg.valueType(own) === dfg.valueType(value),
    );
    return usesOf(after, code, value).flatMap(({ inst, index }) =>
      direct.slice(0, 2).map(
        (own): Mutation =>
          (func) =>
            func.dfg.setArg(inst, index, own),
      ),
    );
  });
}

function otherReloads(after: Function, code: SpillCode): Mutation[] {
  return code.reloads.flatMap((reload, i) => {
    const { dfg } = after;
    const value = dfg.firstResult(reload.inst);
    const previous = code.reloads
      .slice(Math.max(0, i - 6), i)
      .filter((other) => other.block === reload.block)
      .map((other) => dfg.firstResult(other.inst))
      .find((other) => dfg.valueType(other) === dfg.valueType(value));
    if (previous === undefined) return [];
    return usesOf(after, code, value).map(
      ({ inst, index }): Mutation =>
        (func) =>
          func.dfg.setArg(inst, index, previous),
    );
  });
}

// Other values.

/** A value of that type made before the instruction in its block, or a parameter of the block or of the entry. */
function anotherValue(func: Function, inst: Inst, value: Value): Value | null {
  const { dfg, layout } = func;
  const type = dfg.valueType(value);
  const fits = (other: Value): boolean =>
    dfg.valueType(other) === type && dfg.resolveAliases(other) !== dfg.resolveAliases(value);
  for (let at = layout.prevInst(inst); at !== NONE; at = layout.prevInst(at)) {
    for (let i = 0; i < dfg.resultCount(at); i++) if (fits(dfg.result(at, i))) return dfg.result(at, i);
  }
  for (const block of [layout.blockOf(inst), layout.entryBlock]) {
    if (block === NONE) continue;
    for (let i = 0; i < dfg.blockParamCount(block); i++) {
      if (fits(dfg.blockParam(block, i))) return dfg.blockParam(block, i);
    }
  }
  return null;
}

function otherValues(after: Function, code: SpillCode): Mutation[] {
  return code.originals.flatMap((inst) => {
    const mutations: Mutation[] = [];
    for (let index = 0; index < after.dfg.argCount(inst); index++) {
      const other = anotherValue(after, inst, after.dfg.arg(inst, index));
      if (other !== null) mutations.push((func) => func.dfg.setArg(inst, index, other));
    }
    return mutations;
  });
}

function otherArguments(after: Function): Mutation[] {
  const { dfg, layout } = after;
  const mutations: Mutation[] = [];
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    const last = layout.lastInst(block);
    if (last === NONE) continue;
    for (let i = 0; i < dfg.destinationCount(last); i++) {
      const call = dfg.destination(last, i);
      for (let index = 0; index < dfg.blockCalls.argCount(call); index++) {
        const arg = dfg.blockCalls.arg(call, index);
        const other = arg < 0 ? null : anotherValue(after, last, arg as number as Value);
        if (other === null) continue;
        mutations.push((func) => func.dfg.blockCalls.setArg(call, index, other as number as typeof arg));
      }
    }
  }
  return mutations;
}

// The program itself.

function deleteCalls(after: Function, code: SpillCode): Mutation[] {
  return code.originals
    .filter((inst) => isSafepoint(after.dfg.opcode(inst)) && !isBranch(after.dfg.opcode(inst)))
    .map(
      (inst): Mutation =>
        (func) =>
          func.layout.removeInst(inst),
    );
}

function redirects(after: Function, code: SpillCode): Mutation[] {
  const { dfg } = after;
  return code.originals.flatMap((inst) => {
    if (dfg.destinationCount(inst) < 2) return [];
    const [a, b] = [dfg.destination(inst, 0), dfg.destination(inst, 1)];
    if (dfg.blockCalls.block(a) === dfg.blockCalls.block(b)) return [];
    return [(func: Function): void => exchangeTargets(func, a, b)];
  });
}

function exchangeTargets({ dfg }: Function, a: BlockCall, b: BlockCall): void {
  const target = dfg.blockCalls.block(a);
  dfg.blockCalls.setBlock(a, dfg.blockCalls.block(b));
  dfg.blockCalls.setBlock(b, target);
}

/** For each block with an edge to itself or backwards in the layout, and each slot in its maps: out of all of them. */
function forgetBackEdges(after: Function, code: SpillCode): Mutation[] {
  const { layout } = after;
  const places = new Map<Block, number>();
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block))
    places.set(block, places.size);
  const mutations: Mutation[] = [];
  for (const block of places.keys()) {
    if (!closesLoop(after, block, places)) continue;
    const insts = code.mapped.filter((inst) => layout.blockOf(inst) === block);
    const slots = new Set(insts.flatMap((inst) => mapEntries(after, inst).map(({ slot }) => slot)));
    for (const forgotten of slots) {
      mutations.push((func) => {
        for (const inst of insts) {
          setMapEntries(
            func,
            inst,
            mapEntries(func, inst).filter(({ slot }) => slot !== forgotten),
          );
        }
      });
    }
  }
  return mutations;
}

function closesLoop({ dfg, layout }: Function, block: Block, places: ReadonlyMap<Block, number>): boolean {
  const last = layout.lastInst(block);
  if (last === NONE) return false;
  for (let i = 0; i < dfg.destinationCount(last); i++) {
    if (places.get(dfg.blockCalls.block(dfg.destination(last, i)))! <= places.get(block)!) return true;
  }
  return false;
}
