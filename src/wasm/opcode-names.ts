/** Opcodes by their names in the text format. */
import { OPCODE_COUNT, opcodeName } from "./opcodes.ts";

const ID_OF_NAME: ReadonlyMap<string, number> = new Map(
  Array.from({ length: OPCODE_COUNT }, (_, id) => [opcodeName(id), id]),
);

/** The id of the opcode of that name, or -1. */
export function findOpcode(name: string): number {
  return ID_OF_NAME.get(name) ?? -1;
}

/** The id of the opcode of that name, which must exist. */
export function opcodeNamed(name: string): number {
  const id = findOpcode(name);
  if (id < 0) throw new Error(`no Wasm instruction is named ${name}`);
  return id;
}
