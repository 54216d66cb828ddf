/**
 * Passes over types: those that nothing names go, declared supertypes, rec groups, fields. A field goes from the type that
 * brings it and from all below, with what reads and writes it; what is put into it when an object is made is dropped.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOperator } from "../../../wasm/encode-operators.ts";
import type { Module } from "../../../wasm/module.ts";
import { IMM_TYPE_FIELD } from "../../../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "../../../wasm/opcodes.ts";
import { KIND_STRUCT, TypeTable } from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import type { BodyShape } from "./body-shape.ts";
import { type CodeEdit, disjoint, editedBody, neutral, operandRemoved } from "./code-edits.ts";
import { copyType, groupOf, visitNames } from "./index-spaces.ts";
import { ModuleDraft } from "./module-draft.ts";
import { itemPass, type ModulePass, oneByOne } from "./module-pass.ts";
import { type ModuleSubject, operatorReader, seekCode, shapeOf } from "./module-subject.ts";
import { removeItems } from "./remove-items.ts";

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The types that nothing names but types that nothing names. */
function unusedTypes({ module }: ModuleSubject): number[] {
  const used = new Set<number>();
  const work: number[] = [];
  const use = (type: number): void => {
    if (!used.has(type)) work.push(type);
    used.add(type);
  };
  visitNames(module, (space, index) => {
    if (space === "types") use(index);
    return index;
  });
  const sink = new TypeTable();
  while (work.length > 0) {
    sink.beginGroup(false);
    copyType(sink, module.types, work.pop()!, (_, type) => {
      use(type);
      return type;
    });
  }
  return numbers(module.types.length).filter((type) => !used.has(type));
}

const unused = itemPass("types", unusedTypes, (subject, places) =>
  removeItems(subject, { types: new Set(places) }),
);

/** The types with some change to each: how it is grouped, what it says. */
function changedTypes(
  module: Module,
  change: (table: TypeTable, type: number) => void,
  splits: (group: number) => boolean = () => false,
): TypeTable {
  const { types } = module;
  const table = new TypeTable();
  let group = -1;
  for (let type = 0; type < types.length; type++) {
    const its = groupOf(types, type);
    if (its !== group || splits(its)) table.beginGroup(!splits(its) && types.isExplicitGroup(its));
    group = its;
    change(table, type);
  }
  return table;
}

const same = (_: unknown, index: number): number => index;

function appendType(
  table: TypeTable,
  types: TypeTable,
  type: number,
  { supertype = types.supertype(type), final = types.isFinal(type), without = -1 },
): void {
  table.begin(types.kind(type), final, supertype);
  for (let i = 0; i < types.valueCountOf(type); i++) {
    if (i !== without) table.addField(types.field(type, i), types.isMutable(type, i));
  }
  table.finish(types.paramCount(type));
}

const supertypes = itemPass(
  "supertypes",
  ({ module: { types } }) => numbers(types.length).filter((type) => types.supertype(type) >= 0),
  ({ module }, places) => {
    const chosen = new Set(places);
    const draft = new ModuleDraft(module);
    draft.types = changedTypes(module, (table, type) =>
      appendType(table, module.types, type, chosen.has(type) ? { supertype: -1 } : {}),
    );
    return draft.close();
  },
);

const openTypes = itemPass(
  "types that are not final",
  ({ module: { types } }) => numbers(types.length).filter((type) => !types.isFinal(type)),
  ({ module }, places) => {
    const chosen = new Set(places);
    const draft = new ModuleDraft(module);
    draft.types = changedTypes(module, (table, type) =>
      appendType(table, module.types, type, chosen.has(type) ? { final: true } : {}),
    );
    return draft.close();
  },
);

const groups = itemPass(
  "rec groups",
  ({ module: { types } }) =>
    numbers(types.groupCount).filter(
      (group) => types.isExplicitGroup(group) || types.groupStart(group + 1) - types.groupStart(group) > 1,
    ),
  ({ module }, places) => {
    const chosen = new Set(places);
    const draft = new ModuleDraft(module);
    draft.types = changedTypes(
      module,
      (table, type) => copyType(table, module.types, type, same),
      (group) => chosen.has(group),
    );
    return draft.close();
  },
);

interface FieldPlace {
  readonly type: number;
  readonly field: number;
}

/** Fields, each in the type that brings it; last first, so that several of a type keep their numbers. */
function fieldPlaces({ module: { types } }: ModuleSubject): FieldPlace[] {
  const places: FieldPlace[] = [];
  for (let type = types.length - 1; type >= 0; type--) {
    if (types.kind(type) !== KIND_STRUCT) continue;
    const supertype = types.supertype(type);
    const inherited = supertype < 0 ? 0 : types.fieldCount(supertype);
    for (let field = types.fieldCount(type) - 1; field >= inherited; field--) places.push({ type, field });
  }
  return places;
}

/** The type itself and all below it. */
function family(types: TypeTable, top: number): Set<number> {
  const members = new Set([top]);
  for (let type = 0; type < types.length; type++) if (members.has(types.supertype(type))) members.add(type);
  return members;
}

function withoutField(subject: ModuleSubject, { type: top, field }: FieldPlace): ModuleSubject | null {
  const { module } = subject;
  const members = family(module.types, top);
  const draft = new ModuleDraft(module);
  const reader = operatorReader(module);
  for (let body = 0; body < draft.bodies.length; body++) {
    seekCode(reader, module, body);
    const insts: number[] = [];
    for (let inst = 0; reader.pos < reader.end; inst++) {
      const op = reader.next();
      const names = op === WasmOp.StructNew || OP_IMMEDIATES[op] === IMM_TYPE_FIELD;
      if (names && members.has(reader.index)) insts.push(inst);
    }
    if (insts.length === 0) continue;
    const shape = shapeOf(subject, body);
    const edits = insts.flatMap((inst) => fieldEdits(subject, shape, inst, field));
    draft.setBody(body, editedBody(subject, shape, disjoint(edits)));
  }
  draft.types = changedTypes(module, (table, type) =>
    appendType(table, module.types, type, members.has(type) ? { without: field } : {}),
  );
  return draft.close();
}

/** What becomes of an instruction that names the struct type. */
function fieldEdits(subject: ModuleSubject, shape: BodyShape, inst: number, field: number): CodeEdit[] {
  const reader = operatorReader(subject.module);
  reader.seek(shape.starts[inst]!, shape.starts[inst + 1]!);
  const op = reader.next();
  if (op === WasmOp.StructNew) return operandRemoved(subject, shape, inst, field);
  if (reader.index2 === field) {
    const edit = neutral(subject, shape, inst, inst + 1);
    return edit === null ? [] : [edit];
  }
  if (reader.index2 < field) return [];
  reader.index2--;
  const w = new ByteWriter(8);
  writeOperator(w, op, reader);
  return [{ from: inst, to: inst + 1, bytes: w.bytes() }];
}

const fields = itemPass("fields", fieldPlaces, oneByOne(withoutField));

export const TYPE_PASSES: readonly ModulePass[] = [unused, supertypes, groups, openTypes, fields];
