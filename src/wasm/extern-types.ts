/**
 * What imports ask for and exports offer, and whether the one satisfies the other.
 *
 * An `ExternType` is in canonical ids of a `TypeStore`, so those of different modules can be compared. The
 * rules are the spec's import matching: functions by subtyping, tags and mutable globals exactly, immutable
 * globals by subtyping, tables with the same element type, and limits that offer at least what is asked.
 */
import type { Export, ExternKind, ImportType, Limits, MemoryType, Module, TableType } from "./module.ts";
import { canonicalType, type TypeStore } from "./subtyping.ts";
import type { ValType } from "./types.ts";

export type ExternType =
  /** `type` is a canonical id. */
  | { readonly kind: "func"; readonly type: number }
  | { readonly kind: "tag"; readonly type: number }
  | { readonly kind: "table"; readonly table: TableType }
  | { readonly kind: "memory"; readonly memory: MemoryType }
  | { readonly kind: "global"; readonly type: ValType; readonly mutable: boolean };

/** The type that import number `index` of a valid module asks for. */
export function externTypeOfImport(store: TypeStore, module: Module, index: number): ExternType {
  return canonicalImport(module.imports[index]!.type, store.canonicalize(module.types));
}

/** The type of what `exported`, an export of the valid `module`, offers. */
export function externTypeOfExport(store: TypeStore, module: Module, exported: Export): ExternType {
  return externTypeOf(store, module, exported.kind, exported.index);
}

/** The declared type of item `index` of the index space `kind` of a valid module. */
export function externTypeOf(store: TypeStore, module: Module, kind: ExternKind, index: number): ExternType {
  const ids = store.canonicalize(module.types);
  switch (kind) {
    case "func":
      return { kind, type: ids[module.functionTypes.get(index)]! };
    case "tag":
      return { kind, type: ids[module.tags[index]!.type]! };
    case "table":
      return { kind, table: canonicalTable(module.tables[index]!.type, ids) };
    case "memory":
      return { kind, memory: module.memories[index]!.type };
    case "global": {
      const { type, mutable } = module.globals[index]!;
      return { kind, type: canonicalType(type, ids), mutable };
    }
  }
}

/**
 * Whether something of type `actual` may be given for an import of type `expected`. For a table or a memory
 * that lives, `actual`'s minimum is its present size.
 */
export function matchesExternType(store: TypeStore, actual: ExternType, expected: ExternType): boolean {
  if (actual.kind === "func" && expected.kind === "func") {
    return store.isSubtypeOf(actual.type, expected.type);
  }
  if (actual.kind === "tag" && expected.kind === "tag") return actual.type === expected.type;
  if (actual.kind === "table" && expected.kind === "table") return matchesTable(actual.table, expected.table);
  if (actual.kind === "memory" && expected.kind === "memory") {
    return matchesMemory(actual.memory, expected.memory);
  }
  if (actual.kind === "global" && expected.kind === "global") {
    if (actual.mutable !== expected.mutable) return false;
    if (actual.mutable) return actual.type === expected.type;
    return store.matches(actual.type, expected.type);
  }
  return false;
}

function matchesTable(actual: TableType, expected: TableType): boolean {
  return (
    actual.element === expected.element &&
    actual.is64 === expected.is64 &&
    matchesLimits(actual.limits, expected.limits)
  );
}

function matchesMemory(actual: MemoryType, expected: MemoryType): boolean {
  return (
    actual.is64 === expected.is64 &&
    actual.shared === expected.shared &&
    actual.pageSizeLog2 === expected.pageSizeLog2 &&
    matchesLimits(actual.limits, expected.limits)
  );
}

function matchesLimits(actual: Limits, expected: Limits): boolean {
  if (actual.min < expected.min) return false;
  return expected.max === null || (actual.max !== null && actual.max <= expected.max);
}

function canonicalImport(type: ImportType, ids: Uint32Array): ExternType {
  switch (type.kind) {
    case "func":
    case "tag":
      return { kind: type.kind, type: ids[type.type]! };
    case "table":
      return { kind: "table", table: canonicalTable(type.table, ids) };
    case "memory":
      return type;
    case "global":
      return { kind: "global", type: canonicalType(type.global.type, ids), mutable: type.global.mutable };
  }
}

function canonicalTable(type: TableType, ids: Uint32Array): TableType {
  return { element: canonicalType(type.element, ids), limits: type.limits, is64: type.is64 };
}
