/** What a module of the engine's imports, where JavaScript made it of this library's classes. */
import { FreeTable } from "./free-table.ts";
import type { Imports } from "./imports.ts";
import { ReferenceGlobal } from "./objects.ts";

/** What the engine tells of an import. */
interface ImportDescription {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
}

export interface EngineImports {
  readonly imports: Imports | undefined;
  /** By the engine's object: what stands for it in JavaScript. */
  readonly tables: ReadonlyMap<unknown, FreeTable>;
}

/**
 * The imports with the engine's own tables for those that JavaScript made, and with the values of immutable globals of references for
 * these. What the engine cannot have stays as it is, and the engine says so.
 */
export function engineImports(
  described: readonly ImportDescription[],
  imports: Imports | undefined,
): EngineImports {
  const tables = new Map<unknown, FreeTable>();
  const changed = new Map<string, Map<string, unknown>>();
  for (const { module, name, kind } of described) {
    if (kind !== "table" && kind !== "global") continue;
    const given: unknown = imports?.[module]?.[name];
    let own: unknown = given;
    if (kind === "table" && given instanceof FreeTable) own = given.ofEngine() ?? given;
    if (kind === "global" && given instanceof ReferenceGlobal && !given.isMutable) own = given.value;
    if (own === given) continue;
    if (given instanceof FreeTable) tables.set(own, given);
    let names = changed.get(module);
    if (names === undefined) {
      names = new Map();
      changed.set(module, names);
    }
    names.set(name, own);
  }
  return { imports: changed.size === 0 ? imports : withChanges(imports!, changed), tables };
}

/** Objects in front of those that were given. */
function withChanges(imports: Imports, changed: ReadonlyMap<string, ReadonlyMap<string, unknown>>): Imports {
  const result = Object.create(imports as object) as Record<string, Record<string, unknown>>;
  for (const [module, names] of changed) {
    const from = Object.create(imports[module] as object) as Record<string, unknown>;
    for (const [name, value] of names) Object.defineProperty(from, name, { value });
    Object.defineProperty(result, module, { value: from });
  }
  return result;
}
