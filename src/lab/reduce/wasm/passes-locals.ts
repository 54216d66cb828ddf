/**
 * Passes over what functions declare: locals, parameters, results. A local goes with what reads and writes it. A parameter
 * becomes a local, and goes from the calls that name its function; a result is dropped at the end of the body, and a
 * default at each call. The function gets a type of its own; where that does not fit, the edit is not valid and not tried.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOpcode } from "../../../wasm/encode-operators.ts";
import type { Module } from "../../../wasm/module.ts";
import { IMM_LOCAL } from "../../../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "../../../wasm/opcodes.ts";
import { KIND_FUNC, TypeTable } from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import { type BodyShape, isOpener } from "./body-shape.ts";
import { type CodeEdit, disjoint, editedBody, operandRemoved } from "./code-edits.ts";
import { writeDefault } from "./defaults.ts";
import { copyType } from "./index-spaces.ts";
import { ModuleDraft } from "./module-draft.ts";
import { itemPass, type ModulePass, oneByOne } from "./module-pass.ts";
import { type ModuleSubject, operatorReader, seekCode, shapeOf } from "./module-subject.ts";
import { declaredLocals, rewrittenBody } from "./rewrite-body.ts";

interface LocalPlace {
  readonly body: number;
  /** Among the declared ones. */
  readonly local: number;
}

function paramCountOf({ module }: ModuleSubject, body: number): number {
  return module.types.paramCount(module.functionTypes.get(module.importedFunctionCount + body));
}

const locals = itemPass(
  "locals",
  (subject) =>
    subject.counts.flatMap((_, body) =>
      declaredLocals(subject.module, body).map((_type, local) => ({ body, local })),
    ),
  (subject, places) => {
    const draft = new ModuleDraft(subject.module);
    for (const body of new Set(places.map((place) => place.body))) {
      draft.setBody(body, withoutLocals(subject, body, places));
    }
    return draft.close();
  },
);

function withoutLocals(subject: ModuleSubject, body: number, places: readonly LocalPlace[]): Uint8Array {
  const params = paramCountOf(subject, body);
  const types = declaredLocals(subject.module, body);
  const gone = new Set(places.filter((place) => place.body === body).map(({ local }) => params + local));
  const map: number[] = [];
  let next = 0;
  for (let local = 0; local < params + types.length; local++) map.push(gone.has(local) ? -1 : next++);
  const left = types.filter((_, i) => !gone.has(params + i));
  return rewrittenBody(subject.module, body, left, (w, op, reader) => {
    if (OP_IMMEDIATES[op] !== IMM_LOCAL) return false;
    const local = reader.index;
    reader.index = map[local]!;
    if (reader.index >= 0) return false;
    if (op === WasmOp.LocalGet) writeDefault(w, types[local - params]!, subject.module.types);
    else if (op === WasmOp.LocalSet) writeOpcode(w, WasmOp.Drop);
    return true;
  });
}

interface ValuePlace {
  /** The number of the function, imported ones counted. */
  readonly func: number;
  /** Among its parameters or its results. */
  readonly value: number;
}

/** Values of functions, last first, so that several of one function keep their numbers. */
function valuePlaces(
  { module }: Pick<ModuleSubject, "module">,
  count: (type: number) => number,
): ValuePlace[] {
  const places: ValuePlace[] = [];
  for (let func = 0; func < module.functionTypes.length; func++) {
    for (let value = count(module.functionTypes.get(func)) - 1; value >= 0; value--)
      places.push({ func, value });
  }
  return places;
}

const params = itemPass(
  "parameters",
  (subject) => valuePlaces(subject, (type) => subject.module.types.paramCount(type)),
  oneByOne((subject, { func, value }) => {
    const { module } = subject;
    const body = func - module.importedFunctionCount;
    const draft = new ModuleDraft(module);
    editCalls(subject, draft, func, (shape, inst) => operandRemoved(subject, shape, inst, value));
    if (body >= 0) draft.setBody(body, paramAsLocal(draft.module(), func, value));
    setFunctionType(draft, module, func, value);
    return draft.close();
  }),
);

/** The body where the parameter has become the first declared local. */
function paramAsLocal(module: Module, func: number, param: number): Uint8Array {
  const { types, functionTypes, importedFunctionCount } = module;
  const type = functionTypes.get(func);
  const last = types.paramCount(type) - 1;
  const body = func - importedFunctionCount;
  const declared = [types.param(type, param), ...declaredLocals(module, body)];
  return rewrittenBody(module, body, declared, (_, op, reader) => {
    if (OP_IMMEDIATES[op] !== IMM_LOCAL) return false;
    if (reader.index === param) reader.index = last;
    else if (reader.index > param && reader.index <= last) reader.index--;
    return false;
  });
}

/** The last results: others cannot be dropped where they stand. */
const results = itemPass(
  "results",
  ({ module }) =>
    valuePlaces({ module }, (type) => Math.min(1, module.types.resultCount(type))).map(({ func }) => ({
      func,
      value: module.types.resultCount(module.functionTypes.get(func)) - 1,
    })),
  oneByOne((subject, { func, value }) => {
    const { module } = subject;
    const { types } = module;
    const type = module.functionTypes.get(func);
    const body = func - module.importedFunctionCount;
    const draft = new ModuleDraft(module);
    editCalls(subject, draft, func, (shape, inst) => [
      behind(subject, shape, inst, (w) => writeDefault(w, types.result(type, value), types)),
    ]);
    if (body >= 0) draft.setBody(body, withoutLastResult(draft.module(), body));
    setFunctionType(draft, module, func, types.paramCount(type) + value);
    return draft.close();
  }),
);

/** The instruction as it is, and more behind it. */
function behind(
  { module }: ModuleSubject,
  { starts }: BodyShape,
  inst: number,
  write: (w: ByteWriter) => void,
): CodeEdit {
  const w = new ByteWriter(16);
  w.range(module.bytes, starts[inst]!, starts[inst + 1]!);
  write(w);
  return { from: inst, to: inst + 1, bytes: w.bytes() };
}

/** The body with a `drop` before it ends and before each `return`. */
function withoutLastResult(module: Module, body: number): Uint8Array {
  let depth = 0;
  return rewrittenBody(module, body, declaredLocals(module, body), (w, op) => {
    if (isOpener(op)) depth++;
    const closes = op === WasmOp.End || op === WasmOp.Delegate;
    if ((closes && depth === 0) || op === WasmOp.Return) writeOpcode(w, WasmOp.Drop);
    if (closes) depth--;
    return false;
  });
}

/** Edits every direct call of the function. */
function editCalls(
  subject: ModuleSubject,
  draft: ModuleDraft,
  func: number,
  edit: (shape: BodyShape, inst: number) => CodeEdit[],
): void {
  const reader = operatorReader(subject.module);
  for (let body = 0; body < draft.bodies.length; body++) {
    seekCode(reader, subject.module, body);
    const insts: number[] = [];
    for (let inst = 0; reader.pos < reader.end; inst++) {
      const op = reader.next();
      if ((op === WasmOp.Call || op === WasmOp.ReturnCall) && reader.index === func) insts.push(inst);
    }
    if (insts.length === 0) continue;
    const shape = shapeOf(subject, body);
    draft.setBody(body, editedBody(subject, shape, disjoint(insts.flatMap((inst) => edit(shape, inst)))));
  }
}

/** Gives the function another type, without one of the values of its present one. */
function setFunctionType(draft: ModuleDraft, module: Module, func: number, without: number): void {
  const { types, functionTypes, imports } = module;
  const old = functionTypes.get(func);
  const values = Array.from({ length: types.valueCountOf(old) }, (_, i) => types.rawValue(old, i));
  values.splice(without, 1);
  const params = without < types.paramCount(old) ? types.paramCount(old) - 1 : types.paramCount(old);
  let type = findType(types, values, params);
  if (type < 0) {
    const table = new TypeTable();
    for (let group = 0; group < types.groupCount; group++) {
      table.beginGroup(types.isExplicitGroup(group));
      for (let i = types.groupStart(group); i < types.groupStart(group + 1); i++) {
        copyType(table, types, i, (_, index) => index);
      }
    }
    table.beginGroup(false);
    table.begin(KIND_FUNC, true, -1);
    for (const value of values) table.addValue(value);
    type = table.finish(params);
    draft.types = table;
  }
  draft.functionTypes[func] = type;
  if (func >= module.importedFunctionCount) return;
  let seen = 0;
  draft.imports = imports.map((one) =>
    one.type.kind === "func" && seen++ === func ? { ...one, type: { kind: "func", type } } : one,
  );
}

/** A plain function type with those values, or -1. */
function findType(types: TypeTable, values: readonly number[], params: number): number {
  for (let type = 0; type < types.length; type++) {
    if (types.kind(type) !== KIND_FUNC || types.paramCount(type) !== params) continue;
    if (!types.isFinal(type) || types.supertype(type) >= 0) continue;
    if (types.valueCountOf(type) !== values.length) continue;
    if (values.every((value, i) => types.rawValue(type, i) === value)) return type;
  }
  return -1;
}

export const LOCAL_PASSES: readonly ModulePass[] = [locals, params, results];
