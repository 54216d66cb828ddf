/**
 * Edits of a body: runs of its instructions, and the bytes that take their place.
 *
 * The edit that most passes are made of is to make a run *neutral*: it goes, and what it took from the operand stack is
 * dropped, what it gave comes from nothing. Where it gave what it took, that stays. A run after which nothing can be
 * reached becomes `unreachable`, together with the rest of its block. So every edit leaves a body as valid as it was, but
 * for locals that exclude null and lose their only value.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOpcode } from "../../../wasm/encode-operators.ts";
import type { ValType } from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import { type BodyShape, heightOf, type Operand } from "./body-shape.ts";
import { ownType, writeDefault } from "./defaults.ts";
import type { ModuleSubject } from "./module-subject.ts";

export interface CodeEdit {
  /** The instructions from `from` to before `to`, whole blocks or none of a block. */
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The types of the operands above a height, lowest first. */
function typesAbove(stack: Operand | null, height: number): ValType[] {
  const types: ValType[] = [];
  for (let top = stack; top !== null && top.height > height; top = top.below) types.push(top.type);
  return types.reverse();
}

/** The run made neutral; `null` where it is as neutral as can be. */
export function neutral(subject: ModuleSubject, shape: BodyShape, from: number, to: number): CodeEdit | null {
  if (shape.dead[from]!) return { from, to: shape.armEnds[from]!, bytes: NOTHING };
  const w = new ByteWriter(16);
  let end = to;
  if (shape.dead[to]!) {
    end = shape.armEnds[from]!;
    writeOpcode(w, WasmOp.Unreachable);
  } else {
    writeBalance(w, subject, shape, from, to);
  }
  return edited(subject, shape, from, end, w.bytes().slice());
}

/** The run without anything in its place. */
export function removed(from: number, to: number): CodeEdit {
  return { from, to, bytes: NOTHING };
}

/** `unreachable` for everything from the instruction to the end of its block. */
export function cut(subject: ModuleSubject, shape: BodyShape, from: number): CodeEdit | null {
  const w = new ByteWriter(2);
  if (!shape.dead[from]!) writeOpcode(w, WasmOp.Unreachable);
  return edited(subject, shape, from, shape.armEnds[from]!, w.bytes());
}

function edited(
  { module }: ModuleSubject,
  shape: BodyShape,
  from: number,
  to: number,
  bytes: Uint8Array,
): CodeEdit | null {
  const start = shape.starts[from]!;
  const same =
    shape.starts[to]! - start === bytes.length && bytes.every((byte, i) => byte === module.bytes[start + i]);
  return same ? null : { from, to, bytes };
}

/** Drops what the run takes and gives what it gives. */
function writeBalance(
  w: ByteWriter,
  subject: ModuleSubject,
  shape: BodyShape,
  from: number,
  to: number,
): void {
  const { watch, module } = subject;
  const low = lowestWithin(shape, from, to);
  const taken = typesAbove(shape.stacks[from]!, low);
  const given = typesAbove(shape.stacks[to]!, low);
  let kept = 0;
  while (kept < taken.length && kept < given.length && watch.store.matches(taken[kept]!, given[kept]!))
    kept++;
  for (let i = kept; i < taken.length; i++) writeOpcode(w, WasmOp.Drop);
  for (let i = kept; i < given.length; i++) writeDefault(w, ownType(given[i]!, watch.ids), module.types);
}

function lowestWithin(shape: BodyShape, from: number, to: number): number {
  let low = heightOf(shape.stacks[from]!);
  for (let inst = from; inst < to; inst++) low = Math.min(low, shape.lowest[inst]!);
  return low;
}

/** Where the operands of an instruction (or block) begin, all that it takes computed in its own block; or itself. */
export function operandsStart(shape: BodyShape, inst: number): number {
  if (shape.dead[inst]!) return inst;
  const low = shape.lowest[inst]!;
  let start = inst;
  let at = inst;
  while (heightOf(shape.stacks[start]!) > low) {
    at--;
    if (at < 0) return inst;
    if (shape.continues[at]!) {
      // An `else` or the end of a block: step over it whole, if that is what it is.
      const opener = openerOf(shape, at);
      if (opener < 0) return inst;
      at = opener;
    } else if (shape.closes[at] !== at) return inst;
    if (shape.lowest[at]! < low) return inst;
    start = at;
  }
  return start;
}

function openerOf(shape: BodyShape, end: number): number {
  for (let at = end - 1; at >= 0; at--) if (shape.closes[at] === end) return at;
  return -1;
}

/**
 * One of the operands of `inst`, number `operand` of the lowest, goes: where it is the last, by a `drop`; else with the
 * instructions that compute it, where it has its own.
 */
export function operandRemoved(
  subject: ModuleSubject,
  shape: BodyShape,
  inst: number,
  operand: number,
): CodeEdit[] {
  if (shape.dead[inst]!) return [];
  const height = shape.lowest[inst]! + operand + 1;
  if (heightOf(shape.stacks[inst]!) === height) {
    const { starts } = shape;
    const w = new ByteWriter(8);
    writeOpcode(w, WasmOp.Drop);
    w.range(subject.module.bytes, starts[inst]!, starts[inst + 1]!);
    return [{ from: inst, to: inst + 1, bytes: w.bytes() }];
  }
  for (let at = inst - 1; at >= 0; at--) {
    if (heightOf(shape.stacks[at + 1]!) !== height || shape.lowest[at]! >= height) continue;
    const last = shape.continues[at]! ? openerOf(shape, at) : at;
    const first = last < 0 ? inst : operandsStart(shape, last);
    if (heightOf(shape.stacks[first]!) !== height - 1) return [];
    return [removed(first, at + 1)];
  }
  return [];
}

/** The longest runs of whole instructions between `from` and `to`, nested ones as parts of their blocks. */
export function wholeRuns(shape: BodyShape, from: number, to: number): [from: number, to: number][] {
  const runs: [number, number][] = [];
  let start = from;
  let inst = from;
  const flush = (next: number): void => {
    if (inst > start) runs.push([start, inst]);
    start = next;
  };
  while (inst < to) {
    const end = shape.closes[inst]!;
    if (shape.continues[inst]! || end >= to) {
      flush(inst + 1);
      inst++;
    } else if (shape.dead[inst]! && inst > start) {
      flush(inst);
    } else inst = end + 1;
  }
  flush(to);
  return runs;
}

/** The edits in order; those that overlap another that begins earlier, or there and is longer, are left out. */
export function disjoint(edits: readonly (CodeEdit | null)[]): CodeEdit[] {
  const kept: CodeEdit[] = [];
  let end = 0;
  const all = edits.filter((edit) => edit !== null);
  for (const edit of all.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (edit.from < end) continue;
    kept.push(edit);
    end = edit.to;
  }
  return kept;
}

/** The body with its edits, which are in order and do not overlap. */
export function editedBody(
  { module }: ModuleSubject,
  shape: BodyShape,
  edits: readonly CodeEdit[],
): Uint8Array {
  const w = new ByteWriter();
  let at = module.code.starts.get(shape.body);
  for (const { from, to, bytes } of edits) {
    w.range(module.bytes, at, shape.starts[from]!);
    w.append(bytes);
    at = shape.starts[to]!;
  }
  w.range(module.bytes, at, module.code.ends.get(shape.body));
  return w.bytes();
}
