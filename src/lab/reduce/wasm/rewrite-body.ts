/** Writes a body again, instruction by instruction, with other locals and labels or without some instructions. */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOperator } from "../../../wasm/encode-operators.ts";
import { writeValType } from "../../../wasm/encode-types.ts";
import type { Module } from "../../../wasm/module.ts";
import { IMM_BRANCH_ON_CAST, IMM_LABEL, IMM_LABELS, IMM_TRY_TABLE } from "../../../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "../../../wasm/opcodes.ts";
import { CATCH_FIELDS, type OperatorReader } from "../../../wasm/operators.ts";
import type { ValType } from "../../../wasm/types.ts";
import { operatorReader, seekCode } from "./module-subject.ts";

/** The types of the declared locals of a body, without its parameters. */
export function declaredLocals(module: Module, body: number): ValType[] {
  const reader = operatorReader(module);
  reader.seek(module.code.starts.get(body), module.code.ends.get(body));
  const types: ValType[] = [];
  const runs = reader.u32();
  for (let run = 0; run < runs; run++) {
    const count = reader.u32();
    const type = reader.readValType();
    for (let i = 0; i < count; i++) types.push(type);
  }
  return types;
}

export function writeLocals(w: ByteWriter, locals: readonly ValType[]): void {
  const runs: { type: ValType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  w.u32(runs.length);
  for (const { type, count } of runs) {
    w.u32(count);
    writeValType(w, type);
  }
}

/**
 * The body with those declared locals. `write` writes what becomes of an instruction that the reader has just read, or
 * answers false to have it written as the reader's fields now say.
 */
export function rewrittenBody(
  module: Module,
  body: number,
  locals: readonly ValType[],
  write: (w: ByteWriter, op: number, reader: OperatorReader, inst: number) => boolean,
): Uint8Array {
  const reader = operatorReader(module);
  seekCode(reader, module, body);
  const w = new ByteWriter();
  writeLocals(w, locals);
  for (let inst = 0; reader.pos < reader.end; inst++) {
    const op = reader.next();
    if (!write(w, op, reader, inst)) writeOperator(w, op, reader);
  }
  return w.bytes();
}

/** Passes each label that the instruction names through `map`. A `delegate` counts from outside its own block. */
export function mapLabels(op: number, reader: OperatorReader, map: (label: number) => number): void {
  switch (OP_IMMEDIATES[op]) {
    case IMM_LABEL:
    case IMM_BRANCH_ON_CAST:
      reader.index = map(reader.index);
      return;
    case IMM_LABELS:
      for (let i = 0; i < reader.listLength; i++) reader.list[i] = map(reader.list[i]!);
      return;
    case IMM_TRY_TABLE:
      for (let i = 0; i < reader.listLength; i += CATCH_FIELDS) {
        reader.list[i + 2] = map(reader.list[i + 2]!);
      }
      return;
  }
}
