/**
 * Spills and reloads of a spilled program. Spill slots are cells of the frame, not memory: the program's own accesses can
 * neither see nor disturb them, so that both sides of a comparison have the same memory. `Imm` is the count of words.
 */
import { bytesOf, type Type } from "../ir/types.ts";
import { type Handler, type Machine, Stop } from "./machine.ts";
import { Field } from "./record.ts";

function copyWords(m: Machine, code: Int32Array, at: number): void {
  const from = (m.base + code[at + Field.A]!) << 1;
  const to = (m.base + code[at + Field.Dst]!) << 1;
  for (let i = 0; i < code[at + Field.Imm]!; i++) m.i32[to + i] = m.i32[from + i]!;
}

export const spill: Handler = (m, code, at) => {
  copyWords(m, code, at);
  m.spills++;
};

export const reload: Handler = (m, code, at) => {
  copyWords(m, code, at);
  // What was stored may have had another type of the slot's size.
  const bytes = bytesOf(code[at + Field.Type]! as Type);
  if (bytes < 4) {
    const shift = 32 - 8 * bytes;
    const to = (m.base + code[at + Field.Dst]!) << 1;
    m.i32[to] = (m.i32[to]! << shift) >> shift;
  }
  m.reloads++;
};

/** Anything else done to a spill slot through its address. */
export const badSlotAccess: Handler = (m) => {
  m.stop = Stop.BadSlot;
};
