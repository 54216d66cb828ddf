/**
 * Where references into the heap begin, in groups, each under the name that the modules have for it: what a heap snapshot shows
 * first.
 *
 * The regions of root words (`root-words.ts`, `link/static-layout.ts`) are all looked at, whether or not somebody has a name for
 * a word: what has none is held by JavaScript. Static objects are roots too, since they are never given back.
 */
import type { KnownReference } from "../gc/module-plan.ts";
import type { Cell, OutputPlan } from "../link/plan.ts";
import { STATIC_OBJECTS } from "../object/symbol-spaces.ts";
import { readNames } from "../wasm/names.ts";
import type { Extern } from "./extern.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

/** An instance as snapshots need it. */
export interface LoadedInstance {
  readonly plan: OutputPlan;
  /** Addresses, by cell and by static object. */
  readonly cellPlaces: Int32Array;
  readonly staticObjectAddresses: Int32Array;
}

/** What of a store has roots. */
export interface RootedStore {
  readonly memory: StoreMemory;
  readonly runtime: Runtime;
  readonly instances: readonly LoadedInstance[];
}

export interface Root {
  /** A number where there are only numbers. */
  readonly name: string | number;
  readonly reference: number;
}

export interface RootGroup {
  readonly name: string;
  readonly roots: readonly Root[];
}

const REGION_HEADER = 8;

type GroupName = "globals" | "tables" | "segments" | "statics" | "held" | "stack";

const GROUP_TITLES: Readonly<Record<GroupName, string>> = {
  globals: "(globals)",
  tables: "(tables)",
  segments: "(element segments)",
  statics: "(static objects)",
  held: "(held by JavaScript)",
  stack: "(stack)",
};

const GROUP_OF_CELL: Readonly<Record<Cell["kind"], GroupName>> = {
  global: "globals",
  table: "tables",
  elements: "segments",
  exception: "held",
};

interface Label {
  readonly group: GroupName;
  readonly name: string;
}

/** All roots of a store; `externs` are what JavaScript has of it, which may be in no instance. */
export function rootGroups(store: RootedStore, externs: Iterable<Extern>): readonly RootGroup[] {
  const collected = new RootCollector(store);
  collected.addCells(labelsOf(store.instances, externs));
  store.instances.forEach((_, instance) => void collected.addStaticObjects(instance));
  collected.addFrames();
  return (Object.keys(GROUP_TITLES) as GroupName[]).map((group) => ({
    name: GROUP_TITLES[group],
    roots: collected.groups[group],
  }));
}

class RootCollector {
  readonly groups: Readonly<Record<GroupName, Root[]>> = {
    globals: [],
    tables: [],
    segments: [],
    statics: [],
    held: [],
    stack: [],
  };
  private readonly store: RootedStore;

  constructor(store: RootedStore) {
    this.store = store;
  }

  addCells(labels: ReadonlyMap<number, Label>): void {
    const { memory, runtime } = this.store;
    for (const region of runtime.rootRegions) {
      const first = region + REGION_HEADER;
      const end = first + 4 * memory.read(region + 4);
      for (let word = first; word < end; word += 4) {
        const label = labels.get(word);
        this.add(label?.group ?? "held", label?.name ?? null, memory.read(word));
      }
    }
  }

  addStaticObjects(instance: number): void {
    const { plan, staticObjectAddresses } = this.store.instances[instance]!;
    const { module } = plan;
    const nameOf = cellNamer(this.store.instances, instance);
    for (let global = module.importedGlobalCount; global < module.globals.length; global++) {
      const known = plan.cellOfGlobal(global) < 0 ? staticObject(plan.knownReference(global)) : -1;
      if (known < 0) continue;
      this.add("globals", nameOf({ kind: "global", index: global }), staticObjectAddresses[known]!);
    }
    for (const address of staticObjectAddresses) this.add("statics", null, address);
  }

  /** Frames are as collectors see them (`runtime/assembly/heap.ts`): what names a stack map, and words. */
  addFrames(): void {
    const { memory, runtime } = this.store;
    for (let frame = runtime.stack; frame < runtime.stackEnd; ) {
      const map = runtime.stackEnd + 4 * memory.read(frame);
      const bytes = memory.read(map);
      for (let word = 0; word < bytes / 4; word++) {
        const bits = memory.read(map + 4 + 4 * (word >>> 5));
        if (((bits >>> (word & 31)) & 1) !== 0) this.add("stack", null, memory.read(frame + 4 * word));
      }
      frame += bytes;
    }
  }

  private add(group: GroupName, name: string | null, reference: number): void {
    const roots = this.groups[group];
    roots.push({ name: name ?? roots.length, reference });
  }
}

function staticObject(known: KnownReference | null): number {
  return known !== null && known.kind !== "word" && known.space === STATIC_OBJECTS ? known.index : -1;
}

/** Names by the address of the word. An imported cell has the name that its owner gives it, which was there first. */
function labelsOf(instances: readonly LoadedInstance[], externs: Iterable<Extern>): Map<number, Label> {
  const labels = new Map<number, Label>();
  instances.forEach(({ plan, cellPlaces }, instance) => {
    const nameOf = cellNamer(instances, instance);
    plan.cells.forEach(({ kind, index }, cell) => {
      if (labels.has(cellPlaces[cell]!)) return;
      labels.set(cellPlaces[cell]!, { group: GROUP_OF_CELL[kind], name: nameOf({ kind, index }) });
    });
  });
  for (const extern of externs) {
    if ((extern.kind !== "global" && extern.kind !== "table") || labels.has(extern.cell)) continue;
    labels.set(extern.cell, { group: GROUP_OF_CELL[extern.kind], name: `${extern.kind} of JavaScript` });
  }
  return labels;
}

/** The name of a cell: the module's own, or that of an export; told apart where there are several instances. */
function cellNamer(instances: readonly LoadedInstance[], instance: number): (cell: Cell) => string {
  const { module } = instances[instance]!.plan;
  const names = readNames(module);
  const spaces = { global: names.globals, table: names.tables, elements: names.elements };
  const exported = new Map(module.exports.map(({ name, kind, index }) => [`${kind} ${index}`, name]));
  const suffix = instances.length === 1 ? "" : ` (instance ${instance})`;
  return ({ kind, index }) => {
    if (kind === "exception") return "exception in flight";
    const key = `${kind} ${index}`;
    return `${spaces[kind].get(index) ?? exported.get(key) ?? key}${suffix}`;
  };
}
