/** The validating function of each irregular opcode, by its id. */
import type { CodeValidator } from "./code-validator.ts";
import { CLASS_IRREGULAR, OP_CLASS, OPCODE_COUNT, opcodeName } from "./opcodes.ts";
import * as aggregates from "./validate-aggregates.ts";
import * as control from "./validate-control.ts";
import * as references from "./validate-references.ts";
import * as variables from "./validate-variables.ts";

type Rule = (v: CodeValidator) => void;

const BY_NAME: Readonly<Record<string, Rule>> = {
  unreachable: control.unreachable,
  block: control.block,
  loop: control.loop,
  if: control.if_,
  else: control.else_,
  end: control.end,
  try: control.try_,
  catch: control.catch_,
  catch_all: control.catchAll,
  delegate: control.delegate,
  rethrow: control.rethrow,
  throw: control.throw_,
  throw_ref: control.throwRef,
  try_table: control.tryTable,
  br: control.br,
  br_if: control.brIf,
  br_table: control.brTable,
  return: control.return_,
  call: control.call,
  call_indirect: control.callIndirect,
  call_ref: control.callRef,
  return_call: control.returnCall,
  return_call_indirect: control.returnCallIndirect,
  return_call_ref: control.returnCallRef,
  drop: variables.drop,
  select: variables.select,
  select_t: variables.selectTyped,
  "local.get": variables.localGet,
  "local.set": variables.localSet,
  "local.tee": variables.localTee,
  "global.get": variables.globalGet,
  "global.set": variables.globalSet,
  "table.get": variables.tableGet,
  "table.set": variables.tableSet,
  "table.size": variables.tableSize,
  "table.grow": variables.tableGrow,
  "table.fill": variables.tableFill,
  "table.copy": variables.tableCopy,
  "table.init": variables.tableInit,
  "elem.drop": variables.elemDrop,
  "memory.init": variables.memoryInit,
  "memory.copy": variables.memoryCopy,
  "data.drop": variables.dataDrop,
  "ref.null": references.refNull,
  "ref.is_null": references.refIsNull,
  "ref.func": references.refFunc,
  "ref.eq": references.refEq,
  "ref.as_non_null": references.refAsNonNull,
  br_on_null: references.brOnNull,
  br_on_non_null: references.brOnNonNull,
  "ref.test": references.refTest,
  "ref.test_null": references.refTest,
  "ref.cast": references.refCast,
  "ref.cast_null": references.refCastNull,
  br_on_cast: references.brOnCast,
  br_on_cast_fail: references.brOnCastFail,
  "any.convert_extern": references.anyConvertExtern,
  "extern.convert_any": references.externConvertAny,
  "ref.i31": references.refI31,
  "i31.get_s": references.i31Get,
  "i31.get_u": references.i31Get,
  "struct.new": aggregates.structNew,
  "struct.new_default": aggregates.structNewDefault,
  "struct.get": aggregates.structGet,
  "struct.get_s": aggregates.structGetPacked,
  "struct.get_u": aggregates.structGetPacked,
  "struct.set": aggregates.structSet,
  "array.new": aggregates.arrayNew,
  "array.new_default": aggregates.arrayNewDefault,
  "array.new_fixed": aggregates.arrayNewFixed,
  "array.new_data": aggregates.arrayNewData,
  "array.new_elem": aggregates.arrayNewElem,
  "array.get": aggregates.arrayGet,
  "array.get_s": aggregates.arrayGetPacked,
  "array.get_u": aggregates.arrayGetPacked,
  "array.set": aggregates.arraySet,
  "array.len": aggregates.arrayLen,
  "array.fill": aggregates.arrayFill,
  "array.copy": aggregates.arrayCopy,
  "array.init_data": aggregates.arrayInitData,
  "array.init_elem": aggregates.arrayInitElem,
};

/** By opcode id; `null` for the regular ones, whose row says all. */
export const IRREGULAR_RULES: readonly (Rule | null)[] = Array.from({ length: OPCODE_COUNT }, (_, op) => {
  if (OP_CLASS[op] !== CLASS_IRREGULAR) return null;
  const rule = BY_NAME[opcodeName(op)];
  if (rule === undefined) throw new Error(`no rule for the irregular opcode ${opcodeName(op)}`);
  return rule;
});
