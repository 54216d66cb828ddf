/**
 * Takes things out of a module together with all that names them: instructions become neutral, expressions defaults,
 * items of element segments go, exports and the start function go. A segment goes with the table or memory that it fills.
 * What an expression names whose type has no default stays.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { WasmOp } from "../../../wasm/index.ts";
import type { ByteRange, ElementSegment, Module } from "../../../wasm/module.ts";
import type { OperatorReader } from "../../../wasm/operators.ts";
import { I32, I64, type ValType } from "../../../wasm/types.ts";
import { type CodeEdit, disjoint, editedBody, neutral } from "./code-edits.ts";
import { writeDefaultExpression } from "./defaults.ts";
import {
  type IndexVisitor,
  type Kept,
  rebuild,
  SPACE_OF,
  type Space,
  sizeOf,
  visitOperator,
} from "./index-spaces.ts";
import { ModuleDraft } from "./module-draft.ts";
import { closeModule, type ModuleSubject, operatorReader, seekCode, shapeOf } from "./module-subject.ts";

/** The numbers of what is to go, for each space. */
export type Gone = Partial<Record<Space, ReadonlySet<number>>>;

type Needed = Partial<Record<Space, Set<number>>>;

/** The module without those things, as far as they can go; `null` if there is no valid one. */
export function removeItems(subject: ModuleSubject, chosen: Gone): ModuleSubject | null {
  let gone = withDependents(subject.module, chosen);
  for (;;) {
    if (Object.values(gone).every((numbers) => numbers.size === 0)) return null;
    const removal = new Removal(subject, gone);
    if (removal.expressions()) {
      removal.bodies();
      const rebuilt = rebuild(removal.draft.module(), keptOf(subject.module, gone));
      return rebuilt === null ? null : closeModule(rebuilt);
    }
    gone = withDependents(subject.module, without(chosen, removal.needed));
  }
}

/** Those that are not needed. Segments count with the tables and memories that they belong to. */
function without(chosen: Gone, needed: Needed): Gone {
  const left: Partial<Record<Space, ReadonlySet<number>>> = {};
  for (const [space, numbers] of Object.entries(chosen) as [Space, ReadonlySet<number>][]) {
    left[space] = numbers.difference(needed[space] ?? new Set());
  }
  return left;
}

function withDependents(module: Module, chosen: Gone): Gone {
  const elements = new Set(chosen.elements);
  module.elements.forEach((segment, i) => {
    if (segment.offsetExpr !== null && chosen.tables?.has(segment.table) === true) elements.add(i);
  });
  const data = new Set(chosen.data);
  module.data.forEach((segment, i) => {
    if (segment.offsetExpr !== null && chosen.memories?.has(segment.memory) === true) data.add(i);
  });
  return { ...chosen, elements, data };
}

function keptOf(module: Module, gone: Gone): Kept {
  const kept: Partial<Record<Space, readonly number[]>> = {};
  for (const space of Object.keys(gone) as Space[]) {
    const all = Array.from({ length: sizeOf(module, space) }, (_, i) => i);
    kept[space] = all.filter((i) => !gone[space]!.has(i));
  }
  return kept;
}

class Removal {
  private readonly subject: ModuleSubject;
  private readonly module: Module;
  private readonly gone: Gone;
  readonly draft: ModuleDraft;
  /** What an expression names that has no default. */
  readonly needed: Needed;
  private readonly reader: OperatorReader;
  /** What goes and was named since this was last emptied. */
  private readonly named: [Space, number][];
  private readonly visit: IndexVisitor;

  constructor(subject: ModuleSubject, gone: Gone) {
    this.subject = subject;
    this.module = subject.module;
    this.gone = gone;
    this.draft = new ModuleDraft(subject.module);
    this.reader = operatorReader(subject.module);
    this.named = [];
    this.needed = {};
    this.visit = (space, index) => {
      if (gone[space]?.has(index) === true) this.named.push([space, index]);
      return index;
    };
  }

  /** Edits all but the bodies; false if that needs something to stay. */
  expressions(): boolean {
    this.globals();
    this.tables();
    this.segments();
    return Object.keys(this.needed).length === 0;
  }

  /** Edits the bodies, and what names things outside of code. */
  bodies(): void {
    const { module, draft, gone } = this;
    draft.exports = module.exports.filter(({ kind, index }) => gone[SPACE_OF[kind]]?.has(index) !== true);
    if (gone.functions?.has(module.start) === true) draft.start = -1;
    for (let body = 0; body < draft.bodies.length; body++) this.body(body);
  }

  private isGone(space: Space, index: number): boolean {
    return this.gone[space]?.has(index) === true;
  }

  private body(body: number): void {
    const { module, reader, subject, draft } = this;
    if (this.isGone("functions", module.importedFunctionCount + body)) return;
    seekCode(reader, module, body);
    const insts: number[] = [];
    for (let inst = 0; reader.pos < reader.end; inst++) {
      this.named.length = 0;
      visitOperator(reader.next(), reader, this.visit);
      if (this.named.length > 0) insts.push(inst);
    }
    if (insts.length === 0) return;
    const shape = shapeOf(subject, body);
    const edits: (CodeEdit | null)[] = insts.map((inst) =>
      shape.continues[inst]! ? null : neutral(subject, shape, inst, shape.closes[inst]! + 1),
    );
    draft.setBody(body, editedBody(subject, shape, disjoint(edits)));
  }

  /** The expression, or a default of its type if it names what goes. */
  private expression(range: ByteRange, type: ValType): ByteRange {
    const { reader } = this;
    reader.seek(range.start, range.end);
    this.named.length = 0;
    while (reader.pos < range.end) visitOperator(reader.next(), reader, this.visit);
    if (this.named.length === 0) return range;
    const w = new ByteWriter(8);
    if (writeDefaultExpression(w, type, this.module.types)) return this.draft.add(w.bytes());
    for (const [space, index] of this.named) {
      this.needed[space] = new Set(this.needed[space]).add(index);
    }
    return range;
  }

  private globals(): void {
    const { module, draft } = this;
    for (let i = module.importedGlobalCount; i < module.globals.length; i++) {
      const global = module.globals[i]!;
      if (this.isGone("globals", i)) continue;
      const init = this.expression({ start: global.initStart, end: global.initEnd }, global.type);
      draft.globals[i] = { ...global, initStart: init.start, initEnd: init.end };
    }
  }

  private tables(): void {
    const { module, draft } = this;
    for (const [i, table] of module.tables.entries()) {
      if (table.init === null || this.isGone("tables", i)) continue;
      draft.tables[i] = { ...table, init: this.expression(table.init, table.type.element) };
    }
  }

  private segments(): void {
    const { module, draft } = this;
    for (const [i, segment] of module.elements.entries()) {
      if (this.isGone("elements", i)) continue;
      let { offsetExpr } = segment;
      if (offsetExpr !== null) {
        offsetExpr = this.expression(offsetExpr, module.tables[segment.table]!.type.is64 ? I64 : I32);
      }
      draft.elements[i] = { ...this.items(segment), offsetExpr };
    }
    for (const [i, segment] of module.data.entries()) {
      if (segment.offsetExpr === null || this.isGone("data", i)) continue;
      const type = module.memories[segment.memory]!.type.is64 ? I64 : I32;
      draft.data[i] = { ...segment, offsetExpr: this.expression(segment.offsetExpr, type) };
    }
  }

  private items(segment: ElementSegment): ElementSegment {
    const ranges = itemRanges(this.module, segment);
    const left = ranges.filter((range) => !this.namesGone(range, segment.itemsAreExprs));
    return left.length === ranges.length ? segment : withItems(this.draft, this.module, segment, left);
  }

  private namesGone(range: ByteRange, isExpression: boolean): boolean {
    const { reader } = this;
    reader.seek(range.start, range.end);
    this.named.length = 0;
    if (!isExpression) this.visit("functions", reader.u32());
    while (reader.pos < range.end) visitOperator(reader.next(), reader, this.visit);
    return this.named.length > 0;
  }
}

/** Where each item of the segment stands. */
export function itemRanges(module: Module, segment: ElementSegment): ByteRange[] {
  const reader = operatorReader(module);
  reader.seek(segment.items.start, segment.items.end);
  return Array.from({ length: segment.itemCount }, () => {
    const start = reader.pos;
    if (!segment.itemsAreExprs) reader.u32();
    else while (reader.next() !== WasmOp.End);
    return { start, end: reader.pos };
  });
}

/** The segment with those of its items. */
export function withItems(
  draft: ModuleDraft,
  module: Module,
  segment: ElementSegment,
  items: readonly ByteRange[],
): ElementSegment {
  const w = new ByteWriter();
  for (const { start, end } of items) w.range(module.bytes, start, end);
  return { ...segment, itemCount: items.length, items: draft.add(w.bytes()) };
}
