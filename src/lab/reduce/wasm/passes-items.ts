/** Passes over what a module consists of besides code: whole functions, imports, exports, segments, and so on. */
import type { Import } from "../../../wasm/module.ts";
import { rebuild, SPACE_OF, type Space, sizeOf } from "./index-spaces.ts";
import { ModuleDraft } from "./module-draft.ts";
import { itemPass, type ModulePass } from "./module-pass.ts";
import { closeModule, type ModuleSubject } from "./module-subject.ts";
import { itemRanges, removeItems, withItems } from "./remove-items.ts";

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const customs = itemPass(
  "custom sections",
  ({ module }) => module.customs,
  ({ module }, places) => {
    const draft = new ModuleDraft(module);
    draft.customs = module.customs.filter((section) => !places.includes(section));
    return draft.close();
  },
);

const exports = itemPass(
  "exports",
  ({ module }) => module.exports,
  ({ module }, places) => {
    const chosen = new Set(places);
    const draft = new ModuleDraft(module);
    draft.exports = module.exports.filter((one) => !chosen.has(one));
    return draft.close();
  },
);

const start = itemPass(
  "start",
  ({ module }) => (module.start < 0 ? [] : [module.start]),
  ({ module }) => {
    const draft = new ModuleDraft(module);
    draft.start = -1;
    return draft.close();
  },
);

/** Things go with all that names them. */
function removal(space: Space, name: string = space): ModulePass {
  return itemPass(
    name,
    ({ module }) => numbers(sizeOf(module, space)),
    (subject, places) => removeItems(subject, { [space]: new Set(places) }),
  );
}

interface ImportPlace {
  readonly one: Import;
  readonly index: number;
}

function importPlaces({ module }: ModuleSubject): ImportPlace[] {
  const seen: Partial<Record<Space, number>> = {};
  return module.imports.map((one) => {
    const space = SPACE_OF[one.type.kind];
    const index = seen[space] ?? 0;
    seen[space] = index + 1;
    return { one, index };
  });
}

/** Imports become things of the module's own: functions that trap, globals of default value, tables and memories as asked for. */
const imports = itemPass("imports", importPlaces, ({ module }, places) => {
  const imported = {
    functions: module.importedFunctionCount,
    tables: module.importedTableCount,
    memories: module.importedMemoryCount,
    tags: module.importedTagCount,
    globals: module.importedGlobalCount,
  };
  const defined: Partial<Record<Space, Set<number>>> = {};
  const order: Partial<Record<Space, number[]>> = {};
  for (const space of Object.values(SPACE_OF)) {
    const own = new Set(
      places.filter(({ one }) => SPACE_OF[one.type.kind] === space).map(({ index }) => index),
    );
    if (own.size === 0) continue;
    const all = numbers(sizeOf(module, space));
    const still = all.filter((i) => i < imported[space] && !own.has(i));
    order[space] = [...still, ...own, ...all.slice(imported[space])];
    defined[space] = own;
  }
  const rebuilt = rebuild(module, order, defined);
  return rebuilt === null ? null : closeModule(rebuilt);
});

/** Single items of element segments. */
const items = itemPass(
  "items of segments",
  ({ module }) =>
    module.elements.flatMap((segment, number) =>
      numbers(segment.itemCount).map((item) => ({ number, item })),
    ),
  ({ module }, places) => {
    const draft = new ModuleDraft(module);
    module.elements.forEach((segment, number) => {
      const gone = new Set(places.filter((place) => place.number === number).map(({ item }) => item));
      if (gone.size === 0) return;
      const left = itemRanges(module, segment).filter((_, item) => !gone.has(item));
      draft.elements[number] = withItems(draft, module, segment, left);
    });
    return draft.close();
  },
);

/** Data goes to its half, and to nothing. */
function data(name: string, length: (bytes: number) => number): ModulePass {
  return itemPass(
    name,
    ({ module }) =>
      numbers(module.data.length).filter((i) => {
        const { data: range } = module.data[i]!;
        return range.end > range.start;
      }),
    ({ module }, places) => {
      const draft = new ModuleDraft(module);
      for (const i of places) {
        const segment = module.data[i]!;
        const { start: from, end } = segment.data;
        draft.data[i] = { ...segment, data: { start: from, end: from + length(end - from) } };
      }
      return draft.close();
    },
  );
}

/** Every thing that may go, first what holds on to most. */
export const ITEM_PASSES: readonly ModulePass[] = [
  customs,
  exports,
  removal("functions"),
  start,
  removal("elements", "element segments"),
  removal("data", "data segments"),
  removal("globals"),
  removal("tables"),
  removal("memories"),
  removal("tags"),
  imports,
  items,
  data("data", () => 0),
  data("halves of data", (bytes) => bytes >> 1),
];
