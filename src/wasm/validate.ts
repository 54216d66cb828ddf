/**
 * Validation of a module: types, declarations, segments, then every body.
 *
 * Errors are `InputError`s with the byte offset; those in a body name the function. What can be known without
 * reading bodies is checked before them, in the order of the index spaces.
 *
 * Source: WebAssembly 3.0, chapter 3 "Validation".
 */
import { InputError } from "../base/diagnostics.ts";
import { CodeValidator } from "./code-validator.ts";
import { decodeModule } from "./decode.ts";
import { DEFAULT_FEATURES, type Features, featureMask } from "./features.ts";
import { MAX_SUBTYPE_DEPTH } from "./limits.ts";
import * as messages from "./messages.ts";
import { beyondLimit, invalid, unknown } from "./messages.ts";
import type {
  ByteRange,
  DataSegment,
  ElementSegment,
  ExternKind,
  Limits,
  Memory,
  Module,
  Table,
} from "./module.ts";
import { SECTION_TYPE } from "./module.ts";
import { functionLabel } from "./names.ts";
import { canonicalType, TypeStore } from "./subtyping.ts";
import { FIRST_TYPE, I32, I64, isDefaultable, KIND_FUNC, refType } from "./types.ts";
import { validateBody, validateConstant } from "./validate-code.ts";

const MAX_PAGES_32_LOG2_BYTES = 32n;
const MAX_PAGES_64_LOG2_BYTES = 64n;
const MAX_TABLE_32 = 0xffff_ffffn;

/**
 * Throws an `InputError` if `module` is invalid. Its types are added to `store`, in whose canonical ids later
 * stages, and other modules validated with the same store, can compare them.
 */
export function validateModule(
  module: Module,
  features: Features = DEFAULT_FEATURES,
  store: TypeStore = new TypeStore(),
): void {
  const ids = validateTypes(module, store);
  const v = new CodeValidator(module, featureMask(features), store, ids);
  validateDeclarations(v);
  validateBodies(v);
}

/** All but the bodies; after it `v` can validate them. */
export function validateDeclarations(v: CodeValidator): void {
  const { module } = v;
  validateFunctionTypes(v);
  validateTables(v);
  validateMemories(v);
  validateTags(v);
  validateGlobals(v);
  validateExports(v);
  validateStart(v);
  for (const segment of module.elements) validateElementSegment(v, segment);
  for (const segment of module.data) validateDataSegment(v, segment);
}

/** Decodes `bytes` and validates the module; throws an `InputError` if either fails. */
export function decodeAndValidate(bytes: Uint8Array, features?: Features, store?: TypeStore): Module {
  const module = decodeModule(bytes, features);
  validateModule(module, features, store);
  return module;
}

/**
 * Canonicalises the types group by group and checks each declared supertype; returns the canonical id of each
 * type.
 */
export function validateTypes(module: Module, store: TypeStore): Uint32Array {
  const types = module.types;
  const ids = new Uint32Array(types.length);
  const offset = module.sections[SECTION_TYPE]!.start;
  for (let group = 0; group < types.groupCount; group++) {
    store.addGroup(types, group, ids);
    const end = types.groupStart(group + 1);
    for (let type = types.groupStart(group); type < end; type++) {
      const supertype = types.supertype(type);
      if (supertype < 0) continue;
      const why = store.structureMismatch(ids[type]!, ids[supertype]!);
      if (why !== "") throw invalid(messages.subTypeMismatch(type, supertype, why), offset);
      const depth = store.depth(ids[type]!);
      if (depth > MAX_SUBTYPE_DEPTH) throw beyondLimit("sub type depth", depth, MAX_SUBTYPE_DEPTH, offset);
    }
  }
  store.remember(types, ids);
  return ids;
}

function requireFunctionType(v: CodeValidator, type: number, offset: number): void {
  if (v.module.types.kind(type) !== KIND_FUNC) {
    throw invalid(messages.typeMismatch(`type ${type} is no function type`), offset);
  }
}

function validateFunctionTypes(v: CodeValidator): void {
  const { functionTypes, sections } = v.module;
  const offset = sections[3]!.start;
  for (let i = 0; i < functionTypes.length; i++) requireFunctionType(v, functionTypes.get(i), offset);
}

function checkOrder(limits: Limits, offset: number): void {
  if (limits.max !== null && limits.min > limits.max) throw invalid(messages.LIMITS_ORDER, offset);
}

function validateTables(v: CodeValidator): void {
  const { tables, importedTableCount, importedGlobalCount } = v.module;
  if (tables.length > 1 && !v.isOn("reference-types"))
    throw invalid(messages.MULTIPLE_TABLES, tables[1]!.offset);
  for (let i = 0; i < tables.length; i++) {
    const { type, init, offset } = tables[i]!;
    const { min, max } = type.limits;
    if (!type.is64 && (min > MAX_TABLE_32 || (max ?? 0n) > MAX_TABLE_32)) {
      throw invalid(messages.TABLE_SIZE_32, offset);
    }
    checkOrder(type.limits, offset);
    if (i < importedTableCount) continue;
    if (init !== null) constant(v, init, v.tableTypes[i]!, importedGlobalCount, "table", i);
    else if (!isDefaultable(type.element)) {
      throw invalid(messages.typeMismatch("a table of this type needs an initial value"), offset);
    }
  }
}

function validateMemories(v: CodeValidator): void {
  const memories = v.module.memories;
  if (memories.length > 1 && !v.isOn("multi-memory")) {
    throw invalid(messages.MULTIPLE_MEMORIES, memories[1]!.offset);
  }
  for (const memory of memories) validateMemory(memory);
}

function validateMemory({ type, offset }: Memory): void {
  if (type.pageSizeLog2 !== 16 && type.pageSizeLog2 !== 0) throw invalid(messages.PAGE_SIZE, offset);
  const { min, max } = type.limits;
  const pageBits = BigInt(type.pageSizeLog2);
  const largest = max !== null && max > min ? max : min;
  if (type.is64) {
    const most = 1n << (MAX_PAGES_64_LOG2_BYTES - pageBits);
    const allowed = pageBits === 0n ? most - 1n : most;
    if (largest > allowed) throw invalid(messages.memorySize64(allowed), offset);
  } else {
    const most = 1n << (MAX_PAGES_32_LOG2_BYTES - pageBits);
    const allowed = pageBits === 0n ? most - 1n : most;
    if (largest > allowed) throw invalid(messages.MEMORY_SIZE_32, offset);
  }
  checkOrder(type.limits, offset);
  if (type.shared && max === null) throw invalid(messages.SHARED_MAXIMUM, offset);
}

function validateTags(v: CodeValidator): void {
  for (const tag of v.module.tags) {
    requireFunctionType(v, tag.type, tag.offset);
    if (v.module.types.resultCount(tag.type) > 0) throw invalid(messages.TAG_RESULT, tag.offset);
  }
}

/** Runs a constant expression's check and names in its errors what it belongs to. */
function constant(
  v: CodeValidator,
  range: ByteRange,
  type: number,
  globalLimit: number,
  where: string,
  index = -1,
): void {
  try {
    validateConstant(v, range, type, globalLimit);
  } catch (error) {
    throw located(error, index < 0 ? where : `${where} ${index}`);
  }
}

/** The same complaint, saying where. */
function located(error: unknown, where: string): unknown {
  if (!(error instanceof InputError)) return error;
  const { diagnostic } = error;
  return new InputError({ ...diagnostic, message: `${diagnostic.message} in ${where}` });
}

function validateGlobals(v: CodeValidator): void {
  const { globals, importedGlobalCount } = v.module;
  for (let i = 0; i < globals.length; i++) {
    const { mutable, initStart, initEnd } = globals[i]!;
    if (i < importedGlobalCount) {
      if (mutable && !v.isOn("mutable-global")) {
        throw messages.featureOff("an imported mutable global", "mutable-global", initStart);
      }
      continue;
    }
    constant(v, { start: initStart, end: initEnd }, v.globalTypes[i]!, i, "global", i);
  }
}

function countOf(module: Module, kind: ExternKind): number {
  switch (kind) {
    case "func":
      return module.functionTypes.length;
    case "table":
      return module.tables.length;
    case "memory":
      return module.memories.length;
    case "global":
      return module.globals.length;
    case "tag":
      return module.tags.length;
  }
}

const KIND_WORDS: Readonly<Record<ExternKind, string>> = {
  func: "function",
  table: "table",
  memory: "memory",
  global: "global",
  tag: "tag",
};

function validateExports(v: CodeValidator): void {
  const seen = new Set<string>();
  for (const { name, kind, index, offset } of v.module.exports) {
    if (index >= countOf(v.module, kind)) throw invalid(unknown(KIND_WORDS[kind], index), offset);
    if (seen.has(name)) throw invalid(messages.duplicateExport(name), offset);
    seen.add(name);
    if (kind === "func") v.declared[index] = 1;
    if (kind === "global" && v.module.globals[index]!.mutable && !v.isOn("mutable-global")) {
      throw messages.featureOff("an exported mutable global", "mutable-global", offset);
    }
  }
}

function validateStart(v: CodeValidator): void {
  const { start, startOffset, functionTypes, types } = v.module;
  if (start < 0) return;
  if (start >= functionTypes.length) throw invalid(unknown("function", start), startOffset);
  const type = functionTypes.get(start);
  if (types.valueCountOf(type) > 0) throw invalid(messages.START_FUNCTION, startOffset);
}

function validateElementSegment(v: CodeValidator, segment: ElementSegment): void {
  const { module } = v;
  const element = canonicalType(segment.element, v.ids);
  if (segment.offsetExpr !== null) {
    const table: Table | undefined = module.tables[segment.table];
    if (table === undefined) throw invalid(unknown("table", segment.table), segment.offset);
    const expected = v.tableTypes[segment.table]!;
    if (!v.store.matches(element, expected)) {
      const detail = `expected ${v.typeName(expected)}, found ${v.typeName(element)}`;
      throw invalid(messages.typeMismatch(detail), segment.offset);
    }
    const address = table.type.is64 ? I64 : I32;
    constant(v, segment.offsetExpr, address, module.globals.length, "an element segment");
  }
  if (segment.itemsAreExprs) validateItemExpressions(v, segment, element);
  else validateItemFunctions(v, segment, element);
}

function validateItemExpressions(v: CodeValidator, segment: ElementSegment, element: number): void {
  let start = segment.items.start;
  for (let i = 0; i < segment.itemCount; i++) {
    try {
      start = validateConstant(v, { start, end: segment.items.end }, element, v.module.globals.length);
    } catch (error) {
      throw located(error, "an element segment");
    }
  }
}

function validateItemFunctions(v: CodeValidator, segment: ElementSegment, element: number): void {
  const reader = v.reader;
  reader.seek(segment.items.start, segment.items.end);
  for (let i = 0; i < segment.itemCount; i++) {
    const offset = reader.pos;
    const index = reader.u32();
    if (index >= v.declared.length) throw invalid(unknown("function", index), offset);
    v.declared[index] = 1;
    const type = refType(v.ids[v.module.functionTypes.get(index)]! + FIRST_TYPE, false);
    if (!v.store.matches(type, element)) {
      throw invalid(messages.typeMismatch("a function in a segment of another type"), offset);
    }
  }
}

function validateDataSegment(v: CodeValidator, segment: DataSegment): void {
  if (segment.offsetExpr === null) return;
  const memory = v.module.memories[segment.memory];
  if (memory === undefined) throw invalid(unknown("memory", segment.memory), segment.offset);
  const address = memory.type.is64 ? I64 : I32;
  constant(v, segment.offsetExpr, address, v.module.globals.length, "a data segment");
}

/** Every body; `validateDeclarations` must have run before. */
export function validateBodies(v: CodeValidator): void {
  const { functionTypes, importedFunctionCount, code } = v.module;
  for (let i = 0; i < code.starts.length; i++) {
    const index = importedFunctionCount + i;
    try {
      validateBody(v, v.ids[functionTypes.get(index)]!, code.starts.get(i), code.ends.get(i));
    } catch (error) {
      throw located(error, functionLabel(v.module, index));
    }
  }
}
