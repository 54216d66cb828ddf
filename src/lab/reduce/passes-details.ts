/** Passes over small things: aliases, flags, offsets, constants, locations, tags, stack maps, temperature. */

import { I32List } from "../../base/column.ts";
import { FuncCursor } from "../../ir/cursor.ts";
import type { Value } from "../../ir/entities.ts";
import { type Inst, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { DEFAULT_MEMFLAGS } from "../../ir/memflags.ts";
import * as Op from "../../ir/op.gen.ts";
import { Format, opcodeFormat } from "../../ir/opcodes.ts";
import { userTrap } from "../../ir/trap-codes.ts";
import { type ClifSubject, functionPass } from "./clif-subject.ts";
import type { ReductionPass } from "./reducer.ts";
import { allInsts, blocksOf } from "./walk.ts";

/** Instructions that use an alias come to use what it stands for. */
const aliases = functionPass(
  "aliases",
  (func) => allInsts(func).filter((inst) => usesAlias(func, inst)),
  (draft, insts) => {
    const { dfg } = draft.func;
    const values = new I32List();
    for (const inst of insts) {
      values.clear();
      dfg.collectInstValues(inst, values);
      for (let i = 0; i < values.length; i++) values.set(i, dfg.resolveAliases(values.get(i) as Value));
      dfg.overwriteInstValues(inst, values, 0);
    }
    return insts.length > 0;
  },
);

function usesAlias(func: Function, inst: Inst): boolean {
  const values = new I32List();
  func.dfg.collectInstValues(inst, values);
  for (let i = 0; i < values.length; i++) {
    if (func.dfg.isAlias(values.get(i) as Value)) return true;
  }
  return false;
}

/** Declared aliases: what they stand for is declared instead. */
const declaredAliases = functionPass(
  "declared aliases",
  (func) => func.needsStackMap.filter((value) => func.dfg.isAlias(value)),
  (draft, values) => {
    const { dfg, needsStackMap } = draft.func;
    for (const value of values) {
      draft.undeclare(value);
      const target = dfg.resolveAliases(value);
      if (!needsStackMap.includes(target)) needsStackMap.push(target);
    }
    return values.length > 0;
  },
);

/** Instructions of loads and stores that carry flags or an offset. */
const accesses = functionPass(
  "flags and offsets",
  (func) =>
    allInsts(func).filter((inst) => {
      const format = func.dfg.format(inst);
      if (format !== Format.Load && format !== Format.Store) return false;
      return func.dfg.memFlags(inst) !== DEFAULT_MEMFLAGS || func.dfg.offset(inst) !== 0;
    }),
  (draft, insts) => {
    for (const inst of insts) {
      draft.func.dfg.setMemFlags(inst, DEFAULT_MEMFLAGS);
      draft.func.dfg.setOffset(inst, 0);
    }
    return insts.length > 0;
  },
);

const constants = functionPass(
  "constants",
  (func) =>
    allInsts(func).filter(
      (inst) =>
        isConstant(opcodeFormat(func.dfg.opcode(inst))) &&
        (func.dfg.immLow(inst) | func.dfg.immHigh(inst)) !== 0,
    ),
  (draft, insts) => {
    for (const inst of insts) draft.func.dfg.setImm(inst, 0, 0);
    return insts.length > 0;
  },
);

function isConstant(format: number): boolean {
  switch (format) {
    case Format.UnaryImm:
    case Format.UnaryIeee16:
    case Format.UnaryIeee32:
    case Format.UnaryIeee64:
      return true;
    default:
      return false;
  }
}

const annotations = functionPass(
  "locations and tags",
  (func) =>
    allInsts(func).filter((inst) => func.sourceLoc(inst) !== NONE || func.dfg.debugTags(inst).length > 0),
  (draft, insts) => {
    for (const inst of insts) {
      draft.func.setSourceLoc(inst, NO_LOCATION);
      draft.func.dfg.setDebugTags(inst, []);
    }
    return insts.length > 0;
  },
);

/** All bits set is upstream's "no location". */
const NO_LOCATION = 0xffff_ffff;

const stackMaps = functionPass(
  "stack maps",
  (func) => allInsts(func).filter((inst) => func.dfg.stackMap(inst) !== NONE),
  (draft, insts) => {
    for (const inst of insts) draft.func.dfg.setStackMap(inst, NONE);
    return insts.length > 0;
  },
);

interface MapEntry {
  readonly inst: Inst;
  readonly index: number;
}

const mapEntries = functionPass<MapEntry>(
  "stack map entries",
  (func) => {
    const { dfg } = func;
    return allInsts(func).flatMap((inst) => {
      const map = dfg.stackMap(inst);
      const count = map === NONE ? 0 : dfg.stackMaps.entryCount(map);
      return count < 2 ? [] : Array.from({ length: count }, (_, index) => ({ inst, index }));
    });
  },
  (draft, places) => {
    const { dfg } = draft.func;
    for (const inst of new Set(places.map((place) => place.inst))) {
      const map = dfg.stackMap(inst);
      if (map === NONE) continue;
      const gone = new Set(places.filter((place) => place.inst === inst).map((place) => place.index));
      const { stackMaps: pool } = dfg;
      let kept = 0;
      for (let i = 0; i < pool.entryCount(map); i++) {
        if (gone.has(i)) continue;
        pool.push(pool.entryType(map, i), pool.entrySlot(map, i), pool.entryOffset(map, i));
        kept++;
      }
      dfg.setStackMap(inst, kept === 0 ? NONE : pool.finish());
    }
    return places.length > 0;
  },
);

const coldBlocks = functionPass(
  "cold blocks",
  (func) => blocksOf(func).filter((block) => func.layout.isCold(block)),
  (draft, blocks) => {
    for (const block of blocks) draft.func.layout.setHot(block);
    return blocks.length > 0;
  },
);

const slots = functionPass(
  "attributes of slots",
  (func) => func.stackSlots.flatMap((slot, i) => (slot.alignLog2 > 0 || slot.key !== undefined ? [i] : [])),
  (draft, places) => {
    const { stackSlots } = draft.func;
    for (const i of places) stackSlots[i] = { sizeBytes: stackSlots[i]!.sizeBytes, alignLog2: 0 };
    return places.length > 0;
  },
);

const callees = functionPass(
  "attributes of callees",
  (func) => func.dfg.extFuncs.flatMap((extFunc, i) => (extFunc.colocated || extFunc.patchable ? [i] : [])),
  (draft, places) => {
    const { extFuncs } = draft.func.dfg;
    for (const i of places) extFuncs[i] = { ...extFuncs[i]!, colocated: false, patchable: false };
    return places.length > 0;
  },
);

/** Traps are the shortest end of a block that returns something. */
const traps = functionPass(
  "returns",
  (func) =>
    allInsts(func).filter((inst) => func.dfg.opcode(inst) === Op.Return && func.dfg.argCount(inst) > 0),
  (draft, insts) => {
    for (const inst of insts) {
      new FuncCursor(draft.func).beforeInst(inst).trap(userTrap(1));
      draft.remove(inst);
    }
    return insts.length > 0;
  },
);

/** Where nothing is returned, a return is shorter still, and more usual. */
const returns = functionPass(
  "traps",
  (func) =>
    func.signature.returns.length > 0
      ? []
      : allInsts(func).filter((inst) => func.dfg.opcode(inst) === Op.Trap),
  (draft, insts) => {
    for (const inst of insts) {
      new FuncCursor(draft.func).beforeInst(inst).return_([]);
      draft.remove(inst);
    }
    return insts.length > 0;
  },
);

export const DETAIL_PASSES: readonly ReductionPass<ClifSubject>[] = [
  aliases,
  declaredAliases,
  traps,
  returns,
  accesses,
  constants,
  annotations,
  stackMaps,
  mapEntries,
  coldBlocks,
  slots,
  callees,
];
