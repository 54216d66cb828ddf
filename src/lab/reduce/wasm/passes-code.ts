/** Passes over instructions that take them out or put something simpler in their place. */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOpcode } from "../../../wasm/encode-operators.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import { type CodeEdit, cut, neutral, operandsStart, removed, wholeRuns } from "./code-edits.ts";
import { TRAP } from "./index-spaces.ts";
import { ModuleDraft } from "./module-draft.ts";
import { editPass, itemPass, type ModulePass } from "./module-pass.ts";
import { type ModuleSubject, operatorReader } from "./module-subject.ts";

/** Bodies that do something. */
function bodies({ counts, module }: ModuleSubject): number[] {
  const { code } = module;
  return [...counts.keys()].filter((body) => code.ends.get(body) - code.starts.get(body) > TRAP.length);
}

/** First of all: what code needs can go when the code has gone. */
export const BODIES_PASS: ModulePass = itemPass("function bodies", bodies, ({ module }, places) => {
  const draft = new ModuleDraft(module);
  for (const body of places) draft.setBody(body, TRAP);
  return draft.close();
});

const runs = editPass("instructions", (subject, shape, from, to) =>
  wholeRuns(shape, from, to).map(([start, end]) => neutral(subject, shape, start, end)),
);

const ends = editPass("ends of blocks", (subject, shape, from, to) =>
  shape.continues[from]! || to > shape.armEnds[from]! ? [] : [cut(subject, shape, from)],
);

/** Each instruction with its operands. */
const trees = editPass("expressions", (subject, shape, from, to) => {
  const found: CodeEdit[] = [];
  for (let inst = to - 1; inst >= from; inst--) {
    if (shape.continues[inst]!) continue;
    const start = operandsStart(shape, inst);
    const edit = neutral(subject, shape, start, shape.closes[inst]! + 1);
    if (edit !== null) found.push(edit);
  }
  return found;
});

const nothing = editPass("instructions without trace", (_, shape, from, to) =>
  wholeRuns(shape, from, to).map(([start, end]) => removed(start, end)),
);

/** `i32.const 1000` becomes 0, or half. */
function constants(name: string, smaller: (value: bigint) => bigint): ModulePass {
  return editPass(name, ({ module }, shape, from, to) => {
    const reader = operatorReader(module);
    const edits: CodeEdit[] = [];
    for (let inst = from; inst < to; inst++) {
      const op = shape.ops[inst]!;
      if (op !== WasmOp.I32Const && op !== WasmOp.I64Const) continue;
      reader.seek(shape.starts[inst]!, shape.starts[inst + 1]!);
      reader.next();
      const value =
        op === WasmOp.I32Const
          ? BigInt(reader.lo)
          : BigInt.asIntN(64, (BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0));
      const less = smaller(value);
      if (less === value) continue;
      const w = new ByteWriter(12);
      writeOpcode(w, op);
      w.s64(Number(BigInt.asIntN(32, less)), Number(BigInt.asIntN(32, less >> 32n)));
      edits.push({ from: inst, to: inst + 1, bytes: w.bytes() });
    }
    return edits;
  });
}

/** A `br_table` goes to its last label, whatever the number. */
const tables = editPass("tables of labels", ({ module }, shape, from, to) => {
  const reader = operatorReader(module);
  const edits: CodeEdit[] = [];
  for (let inst = from; inst < to; inst++) {
    if (shape.ops[inst] !== WasmOp.BrTable) continue;
    reader.seek(shape.starts[inst]!, shape.starts[inst + 1]!);
    reader.next();
    const w = new ByteWriter(8);
    writeOpcode(w, WasmOp.BrTable);
    w.u32(0);
    w.u32(reader.list[reader.listLength - 1]!);
    edits.push({ from: inst, to: inst + 1, bytes: w.bytes() });
  }
  return edits;
});

/** Every edit of code that may make it smaller, those that take most away first. */
export const CODE_PASSES: readonly ModulePass[] = [
  runs,
  ends,
  trees,
  nothing,
  tables,
  constants("constants", () => 0n),
  constants("halves of constants", (value) => value / 2n),
];
