/**
 * Passes that take blocks away and leave what is in them: `block`, `loop` and `try_table` without their frame, `if` as
 * one of its arms behind a `drop` of the condition. A block that something branches to stays.
 */
import { writeOpcode } from "../../../wasm/encode-operators.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import { type BodyShape, isOpener } from "./body-shape.ts";
import { bodyPass, type ModulePass } from "./module-pass.ts";
import { type ModuleSubject, operatorReader } from "./module-subject.ts";
import { declaredLocals, mapLabels, rewrittenBody } from "./rewrite-body.ts";

/** The blocks in the range that may go: those that no branch names. */
function unwrappable(
  { module }: ModuleSubject,
  shape: BodyShape,
  from: number,
  to: number,
  accepts: (op: number) => boolean,
): Set<number> {
  const chosen = new Set<number>();
  const reader = operatorReader(module);
  const open: number[] = [];
  for (let inst = 0; inst < shape.count; inst++) {
    const op = shape.ops[inst]!;
    if (op === WasmOp.End || op === WasmOp.Delegate) open.pop();
    reader.seek(shape.starts[inst]!, shape.starts[inst + 1]!);
    reader.next();
    mapLabels(op, reader, (label) => {
      chosen.delete(open[open.length - 1 - label] ?? -1);
      return label;
    });
    if (!isOpener(op)) continue;
    open.push(inst);
    if (inst >= from && inst < to && accepts(op)) chosen.add(inst);
  }
  return chosen;
}

/** The middle of an `if`: its `else`, or its end. */
function elseOf(shape: BodyShape, inst: number): number {
  let at = inst + 1;
  while (!shape.continues[at]!) at = shape.closes[at]! + 1;
  return at;
}

function unwrapped(
  { module }: ModuleSubject,
  shape: BodyShape,
  chosen: ReadonlySet<number>,
  keepThen: boolean,
): Uint8Array {
  const skipped = new Uint8Array(shape.count + 1);
  const frames = new Set<number>();
  for (const inst of chosen) {
    const end = shape.closes[inst]!;
    frames.add(inst);
    skipped[inst] = 1;
    skipped[end] = 1;
    if (shape.ops[inst] !== WasmOp.If) continue;
    const middle = elseOf(shape, inst);
    skipped.fill(1, keepThen ? middle : inst, keepThen ? end : middle + 1);
  }
  const open: boolean[] = [];
  return rewrittenBody(module, shape.body, declaredLocals(module, shape.body), (w, op, reader, inst) => {
    if (op === WasmOp.End || op === WasmOp.Delegate) open.pop();
    mapLabels(op, reader, (label) => {
      let fewer = 0;
      for (let i = 1; i <= label; i++) if (open[open.length - i] === true) fewer++;
      return label - fewer;
    });
    if (isOpener(op)) open.push(frames.has(inst));
    if (skipped[inst] === 0) return false;
    if (op === WasmOp.If && frames.has(inst) && !within(shape, chosen, inst, keepThen)) {
      writeOpcode(w, WasmOp.Drop);
    }
    return true;
  });
}

/** Whether the block stands in an arm that goes with a chosen `if`. */
function within(shape: BodyShape, chosen: ReadonlySet<number>, inst: number, keepThen: boolean): boolean {
  for (const other of chosen) {
    if (shape.ops[other] !== WasmOp.If || other >= inst || shape.closes[other]! < inst) continue;
    if (inst > elseOf(shape, other) === keepThen) return true;
  }
  return false;
}

function unwrapPass(name: string, accepts: (op: number) => boolean, keepThen: boolean): ModulePass {
  return bodyPass(name, (subject, shape, from, to) => {
    const chosen = unwrappable(subject, shape, from, to, accepts);
    return chosen.size === 0 ? null : unwrapped(subject, shape, chosen, keepThen);
  });
}

const isPlain = (op: number): boolean => op === WasmOp.Block || op === WasmOp.Loop || op === WasmOp.TryTable;

export const BLOCK_PASSES: readonly ModulePass[] = [
  unwrapPass("blocks", isPlain, true),
  unwrapPass("first arms", (op) => op === WasmOp.If, true),
  unwrapPass("second arms", (op) => op === WasmOp.If, false),
];
