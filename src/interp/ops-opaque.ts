/**
 * What the interpreter does not compute, for comparisons: some deterministic function of the opcode, its immediates and its
 * operands. Both sides of a comparison need an operation to be the same, not to be right.
 */
import type { Function } from "../ir/function.ts";
import { bytesOf } from "../ir/types.ts";
import { mix } from "./hash.ts";
import type { Handler } from "./machine.ts";
import { wordsOf } from "./type-sizes.ts";

export const opaque: Handler = (m, _code, at) => {
  const { program } = m;
  const { dfg } = program.func as Function;
  const inst = program.instAt(at);
  let hash = mix(dfg.opcode(inst), dfg.immLow(inst));
  for (let i = 0; i < dfg.argCount(inst); i++) {
    const arg = dfg.arg(inst, i);
    const from = (m.base + program.valueCells[arg]!) << 1;
    for (let w = 0; w < wordsOf(dfg.valueType(arg)); w++) hash = mix(hash, m.i32[from + w]!);
  }
  for (let i = 0; i < dfg.resultCount(inst); i++) {
    const result = dfg.result(inst, i);
    const to = (m.base + program.valueCells[result]!) << 1;
    const bits = 8 * Math.min(4, bytesOf(dfg.valueType(result)));
    for (let w = 0; w < wordsOf(dfg.valueType(result)); w++) {
      hash = mix(hash, w);
      m.i32[to + w] = (hash << (32 - bits)) >> (32 - bits);
    }
  }
};
