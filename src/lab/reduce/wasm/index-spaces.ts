/**
 * The index spaces of a module, and every place that names something in them: instructions, types, expressions,
 * declarations. `rebuild` gives a module in which only some things are left, or in which they have another order.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOperator } from "../../../wasm/encode-operators.ts";
import { writeValType } from "../../../wasm/encode-types.ts";
import type {
  ByteRange,
  ElementSegment,
  Global,
  ImportType,
  Module,
  TableType,
} from "../../../wasm/module.ts";
import * as imm from "../../../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "../../../wasm/opcodes.ts";
import { CATCH_FIELDS, CATCH_REF, EMPTY_BLOCK, type OperatorReader } from "../../../wasm/operators.ts";
import { FIRST_TYPE, heapOf, isConcrete, isRef, TypeTable, type ValType } from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import { writeDefaultExpression } from "./defaults.ts";
import { ModuleDraft } from "./module-draft.ts";
import { operatorReader } from "./module-subject.ts";

export const SPACES = [
  "types",
  "functions",
  "tables",
  "memories",
  "tags",
  "globals",
  "elements",
  "data",
] as const;
export type Space = (typeof SPACES)[number];

/** How many things a space has, imported ones included. */
export function sizeOf(module: Module, space: Space): number {
  return space === "functions" ? module.functionTypes.length : module[space].length;
}

/** Is told of every index that something names, and says what it becomes. */
export type IndexVisitor = (space: Space, index: number) => number;

function visitType(type: ValType, visit: IndexVisitor): ValType {
  if (!isRef(type) || !isConcrete(heapOf(type))) return type;
  return visitHeap(heapOf(type), visit) * 16 + (type & 15);
}

function visitHeap(heap: number, visit: IndexVisitor): number {
  return isConcrete(heap) ? FIRST_TYPE + visit("types", heap - FIRST_TYPE) : heap;
}

/** One row for each kind of immediates that is one or two indices. */
const INDEX_SPACES: Readonly<Record<number, readonly [Space, Space?]>> = {
  [imm.IMM_FUNCTION]: ["functions"],
  [imm.IMM_TYPE]: ["types"],
  [imm.IMM_GLOBAL]: ["globals"],
  [imm.IMM_TABLE]: ["tables"],
  [imm.IMM_TAG]: ["tags"],
  [imm.IMM_DATA]: ["data"],
  [imm.IMM_ELEMENT]: ["elements"],
  [imm.IMM_TYPE_TABLE]: ["types", "tables"],
  [imm.IMM_TYPE_FIELD]: ["types"],
  [imm.IMM_TYPE_COUNT]: ["types"],
  [imm.IMM_TYPE_DATA]: ["types", "data"],
  [imm.IMM_TYPE_ELEMENT]: ["types", "elements"],
  [imm.IMM_TYPE_TYPE]: ["types", "types"],
  [imm.IMM_ELEMENT_TABLE]: ["elements", "tables"],
  [imm.IMM_TABLE_TABLE]: ["tables", "tables"],
  [imm.IMM_MEMORY]: ["memories"],
  [imm.IMM_DATA_MEMORY]: ["data", "memories"],
  [imm.IMM_MEMORY_MEMORY]: ["memories", "memories"],
};

/** Visits what the instruction that was just read names; the reader's fields become what is answered. */
export function visitOperator(op: number, reader: OperatorReader, visit: IndexVisitor): void {
  const immediates = OP_IMMEDIATES[op]!;
  const spaces = INDEX_SPACES[immediates];
  if (spaces !== undefined) {
    reader.index = visit(spaces[0], reader.index);
    if (spaces[1] !== undefined) reader.index2 = visit(spaces[1], reader.index2);
    return;
  }
  switch (immediates) {
    case imm.IMM_MEMORY_ACCESS:
    case imm.IMM_MEMORY_ACCESS_LANE:
      reader.memory = visit("memories", reader.memory);
      return;
    case imm.IMM_BLOCK_TYPE:
      visitBlockType(reader, visit);
      return;
    case imm.IMM_TRY_TABLE:
      visitBlockType(reader, visit);
      for (let i = 0; i < reader.listLength; i += CATCH_FIELDS) {
        if (reader.list[i]! <= CATCH_REF) reader.list[i + 1] = visit("tags", reader.list[i + 1]!);
      }
      return;
    case imm.IMM_VALUE_TYPES:
      for (let i = 0; i < reader.listLength; i++) reader.list[i] = visitType(reader.list[i]!, visit);
      return;
    case imm.IMM_HEAP_TYPE:
      reader.heapType = visitHeap(reader.heapType, visit);
      return;
    case imm.IMM_BRANCH_ON_CAST:
      reader.heapType = visitHeap(reader.heapType, visit);
      reader.heapType2 = visitHeap(reader.heapType2, visit);
      return;
  }
}

function visitBlockType(reader: OperatorReader, visit: IndexVisitor): void {
  if (reader.blockType >= 0) reader.blockType = visit("types", reader.blockType);
  else if (reader.blockType !== EMPTY_BLOCK) reader.blockType = ~visitType(~reader.blockType, visit);
}

/** What stays: of each space the old indices in their new order, all of it where the space is not named. */
export type Kept = Partial<Record<Space, readonly number[]>>;

/** Imported things, by their numbers, that become the module's own: a function that traps, a global of default value. */
export type Defined = Partial<Record<Space, ReadonlySet<number>>>;

/**
 * The module with only what is kept; `null` if that names something that is gone, or a global has no default. What is
 * still imported must come first in what is kept.
 */
export function rebuild(source: Module, kept: Kept, defined: Defined = {}): Module | null {
  const rebuilder = new Rebuilder(source, kept, defined);
  rebuilder.run();
  return rebuilder.broken ? null : rebuilder.draft.module();
}

/** No locals, `unreachable`, `end`. */
export const TRAP: Uint8Array = Uint8Array.of(0, WasmOp.Unreachable, 0x0b);

/** Visits every index that the module names, but in its types. */
export function visitNames(source: Module, visit: IndexVisitor): void {
  new Rebuilder(source, {}, {}, visit).run();
}

class Rebuilder {
  readonly draft: ModuleDraft;
  broken: boolean;
  private readonly source: Module;
  private readonly kept: Kept;
  private readonly defined: Defined;
  private readonly maps: Partial<Record<Space, Int32Array>>;
  private readonly reader: OperatorReader;
  private readonly writer: ByteWriter;
  private readonly visit: IndexVisitor;

  constructor(source: Module, kept: Kept, defined: Defined, visit?: IndexVisitor) {
    this.source = source;
    this.kept = kept;
    this.defined = defined;
    this.draft = new ModuleDraft(source);
    this.broken = false;
    this.maps = {};
    for (const space of SPACES) {
      const order = kept[space];
      if (order === undefined) continue;
      const map = new Int32Array(sizeOf(source, space)).fill(-1);
      order.forEach((old, i) => {
        map[old] = i;
      });
      this.maps[space] = map;
    }
    this.reader = operatorReader(source);
    this.writer = new ByteWriter();
    this.visit = visit ?? ((space, index) => this.renumbered(space, index));
  }

  private renumbered(space: Space, index: number): number {
    const map = this.maps[space];
    if (map === undefined) return index;
    const answer = map[index]!;
    if (answer < 0) this.broken = true;
    return Math.max(0, answer);
  }

  run(): void {
    const { draft, source } = this;
    const keep = <T>(space: Space, list: readonly T[]): T[] => {
      const order = this.kept[space];
      return order === undefined ? [...list] : order.map((old) => list[old]!);
    };
    if (this.kept.types !== undefined) draft.types = this.types();
    this.imports();
    const trap = draft.add(TRAP);
    const own = (i: number): ByteRange | null => (this.defined.functions?.has(i) === true ? trap : null);
    const bodies = [
      ...Array.from({ length: source.importedFunctionCount }, (_, i) => own(i)),
      ...draft.bodies,
    ];
    draft.bodies = keep("functions", bodies).flatMap((range) => {
      if (range === null) return [];
      return [range === trap ? trap : this.body(range)];
    });
    draft.functionTypes = keep("functions", draft.functionTypes).map((type) => this.visit("types", type));
    draft.tables = keep("tables", source.tables).map((table) => ({
      ...table,
      type: this.tableType(table.type),
      init: table.init === null ? null : this.expression(table.init),
    }));
    draft.memories = keep("memories", source.memories);
    draft.tags = keep("tags", source.tags).map((tag) => ({ ...tag, type: this.visit("types", tag.type) }));
    draft.globals = keep(
      "globals",
      source.globals.map((global, i) => this.global(global, i)),
    );
    draft.exports = source.exports.map((one) => ({
      ...one,
      index: this.visit(SPACE_OF[one.kind], one.index),
    }));
    if (source.start >= 0) draft.start = this.visit("functions", source.start);
    draft.elements = keep("elements", source.elements).map((segment) => this.element(segment));
    draft.data = keep("data", source.data).map((segment) => {
      const memory = segment.offsetExpr === null ? 0 : this.visit("memories", segment.memory);
      const offsetExpr = segment.offsetExpr === null ? null : this.expression(segment.offsetExpr);
      return { ...segment, memory, offsetExpr, flags: memory === 0 ? segment.flags : 2 };
    });
  }

  private global(global: Global, index: number): Global {
    const gone = (this.maps.globals?.[index] ?? index) < 0;
    if (gone) return global;
    const type = visitType(global.type, this.visit);
    if (this.defined.globals?.has(index) !== true) {
      const init = this.expression({ start: global.initStart, end: global.initEnd });
      return { ...global, type, initStart: init.start, initEnd: init.end };
    }
    const w = new ByteWriter(8);
    if (!writeDefaultExpression(w, type, this.draft.types)) this.broken = true;
    const { start: initStart, end: initEnd } = this.draft.add(w.bytes());
    return { ...global, type, initStart, initEnd };
  }

  /** An import goes with what it imports, or when that becomes the module's own; the counts follow. */
  private imports(): void {
    const { draft, source } = this;
    const seen: Record<Space, number> = {
      types: 0,
      functions: 0,
      tables: 0,
      memories: 0,
      tags: 0,
      globals: 0,
      elements: 0,
      data: 0,
    };
    const left = { ...seen };
    draft.imports = [];
    for (const one of source.imports) {
      const space = SPACE_OF[one.type.kind];
      const index = seen[space]++;
      if ((this.maps[space]?.[index] ?? index) < 0 || this.defined[space]?.has(index) === true) continue;
      left[space]++;
      draft.imports.push({ ...one, type: this.importType(one.type) });
    }
    draft.importedFunctionCount = left.functions;
    draft.importedTableCount = left.tables;
    draft.importedMemoryCount = left.memories;
    draft.importedTagCount = left.tags;
    draft.importedGlobalCount = left.globals;
  }

  private importType(type: ImportType): ImportType {
    switch (type.kind) {
      case "func":
      case "tag":
        return { ...type, type: this.visit("types", type.type) };
      case "table":
        return { ...type, table: this.tableType(type.table) };
      case "global":
        return {
          ...type,
          global: { ...type.global, type: visitType(type.global.type, this.visit) },
        };
      case "memory":
        return type;
    }
  }

  private tableType(type: TableType): TableType {
    return { ...type, element: visitType(type.element, this.visit) };
  }

  private types(): TypeTable {
    const { types } = this.source;
    const table = new TypeTable();
    let group = -1;
    for (const type of this.kept.types!) {
      const its = groupOf(types, type);
      if (its !== group) table.beginGroup(types.isExplicitGroup(its));
      group = its;
      copyType(table, types, type, this.visit);
    }
    return table;
  }

  private body(range: ByteRange): ByteRange {
    const { reader, writer } = this;
    reader.seek(range.start, range.end);
    writer.clear();
    const runs = reader.u32();
    writer.u32(runs);
    for (let run = 0; run < runs; run++) {
      writer.u32(reader.u32());
      writeValType(writer, visitType(reader.readValType(), this.visit));
    }
    return this.operators(range.end);
  }

  private expression(range: ByteRange): ByteRange {
    this.reader.seek(range.start, range.end);
    this.writer.clear();
    return this.operators(range.end);
  }

  private operators(end: number): ByteRange {
    const { reader, writer } = this;
    while (reader.pos < end) {
      const op = reader.next();
      visitOperator(op, reader, this.visit);
      writeOperator(writer, op, reader);
    }
    return this.draft.add(writer.bytes());
  }

  private element(segment: ElementSegment): ElementSegment {
    const table = segment.offsetExpr === null ? 0 : this.visit("tables", segment.table);
    const offsetExpr = segment.offsetExpr === null ? null : this.expression(segment.offsetExpr);
    const element = visitType(segment.element, this.visit);
    const flags = segment.offsetExpr !== null && table !== 0 ? segment.flags | 2 : segment.flags;
    return { ...segment, table, offsetExpr, element, flags, items: this.items(segment) };
  }

  private items({ items, itemsAreExprs }: ElementSegment): ByteRange {
    if (itemsAreExprs) return this.expression(items);
    const { reader, writer } = this;
    reader.seek(items.start, items.end);
    writer.clear();
    while (reader.pos < items.end) writer.u32(this.visit("functions", reader.u32()));
    return this.draft.add(writer.bytes());
  }
}

export const SPACE_OF: Readonly<Record<ImportType["kind"], Exclude<Space, "types" | "elements" | "data">>> = {
  func: "functions",
  table: "tables",
  memory: "memories",
  global: "globals",
  tag: "tags",
};

export function groupOf(types: TypeTable, type: number): number {
  let low = 0;
  let high = types.groupCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (types.groupStart(middle) <= type) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Appends a copy of the type, with what it names as the visitor says. */
export function copyType(table: TypeTable, types: TypeTable, type: number, visit: IndexVisitor): void {
  const supertype = types.supertype(type);
  table.begin(types.kind(type), types.isFinal(type), supertype < 0 ? -1 : visit("types", supertype));
  for (let i = 0; i < types.valueCountOf(type); i++) {
    const value = types.field(type, i);
    table.addField(visitType(value, visit), types.isMutable(type, i));
  }
  table.finish(types.paramCount(type));
}
