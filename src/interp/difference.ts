/** The first difference between two runs, in words. */

import type { Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, opcodeName } from "../ir/opcodes.ts";
import { type TrapCode, trapName } from "../ir/trap-codes.ts";
import type { Type } from "../ir/types.ts";
import { instText } from "../text/index.ts";
import { functionKey } from "./names.ts";
import type { Program } from "./program.ts";
import { ACCESS_WORDS, CALL_WORDS, EventKind, type Trace } from "./trace.ts";
import { wordsOf } from "./type-sizes.ts";

export interface OracleDifference {
  readonly kind: /** The traces differ: `expected` and `got` are the events. */
    | "trace"
    /** A stack map names a slot that does not hold a fresh declared value. */
    | "stack map"
    /** The rewritten function does not come out of blocks that it added. */
    | "stuck"
    /** One side reached a safepoint, the other its end. */
    | "safepoint";
  /** The seed of the inputs under which it shows. */
  readonly seed: number;
  /** Safepoints executed before it. */
  readonly safepoints: number;
  /** The last block entered, or -1 in the entry. */
  readonly block: number;
  /** One line that says it all. */
  readonly message: string;
  readonly expected: string;
  readonly got: string;
  /** The instruction of the rewritten function at which it shows, as text, or "". */
  readonly instruction: string;
}

export function hexWords(words: readonly number[]): string {
  let text = "";
  for (const word of words) text = (word >>> 0).toString(16).padStart(8, "0") + text;
  return `0x${text.replace(/^0+(?=.)/, "")}`;
}

/** The values of `types` that lie one after another in an event from word `from` on. */
function valueTexts(trace: Trace, event: number, from: number, types: readonly Type[]): string[] {
  let at = from;
  return types.map((type) => {
    const words: number[] = [];
    for (let i = 0; i < wordsOf(type) && at < trace.wordCount(event); i++)
      words.push(trace.word(event, at++));
    return hexWords(words);
  });
}

function blockText(block: number): string {
  return `enters block${block}`;
}

/** An event as a reader wants it: `store v3 to 0x40`, `call u0:1(0x2a)`. */
export function eventText(trace: Trace, event: number, program: Program): string {
  if (event >= trace.eventCount) return "nothing more before the next safepoint";
  const word = (index: number): number => trace.word(event, index);
  switch (trace.kind(event)) {
    case EventKind.Block:
      return blockText(word(0));
    case EventKind.Access: {
      const stored: number[] = [];
      for (let i = ACCESS_WORDS; i < trace.wordCount(event); i++) stored.push(word(i));
      const value = stored.length === 0 ? "" : ` of ${hexWords(stored)}`;
      return `${opcodeName(word(0))}${value} at ${hexWords([word(2), word(1)])}`;
    }
    case EventKind.Call:
      return callText(trace, event, program);
    case EventKind.Return:
      return `returns ${returnTexts(trace, event, program).join(", ")}`;
    case EventKind.Trap:
      return `traps with ${trapName(word(0) as TrapCode)}`;
    case EventKind.Unwound:
      return "leaves with an exception";
    case EventKind.OutOfFuel:
      return "goes on";
    case EventKind.BadSlot:
      return "reads or writes a slot of the spiller in a way of its own";
    default:
      return "goes round in added blocks";
  }
}

function returnTexts(trace: Trace, event: number, program: Program): string[] {
  const { signature } = program.func as Function;
  return valueTexts(
    trace,
    event,
    0,
    signature.returns.map((param) => param.type),
  );
}

function callText(trace: Trace, event: number, program: Program): string {
  const { dfg } = program.func as Function;
  const inst = program.instAt(trace.record(event));
  const signature = dfg.callSignature(inst);
  const types = signature < 0 ? [] : dfg.signatures[signature]!.params.map((param) => param.type);
  const args = valueTexts(trace, event, CALL_WORDS, types).join(", ");
  const direct = (trace.word(event, 1) | 0) === DIRECT;
  const callee = direct
    ? functionKey(program.func as Function, dfg.funcRef(inst))
    : `indirectly ${hexWords([trace.word(event, 0), trace.word(event, 1)])}`;
  return `calls ${callee}(${args})`;
}

/** An operand whose value differs between the sides. */
export interface DifferingOperand {
  /** Names of the value on either side. */
  readonly before: string;
  readonly after: string;
  readonly type: Type;
  readonly expected: Int32Array;
  /** A copy that may be changed. */
  readonly got: Int32Array;
}

interface TracedProgram {
  readonly program: Program;
  readonly trace: Trace;
}

/** The first operand in which two events of one kind and shape differ, or null. */
export function findOperand(
  before: TracedProgram,
  after: TracedProgram,
  event: number,
): DifferingOperand | null {
  const count = Math.min(before.trace.eventCount, after.trace.eventCount);
  if (event >= count || before.trace.kind(event) !== after.trace.kind(event)) return null;
  const left = operandWords(before, event);
  const right = operandWords(after, event);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const a = left[i]!;
    const b = right[i]!;
    if (a.type !== b.type || a.words.every((word, w) => word === b.words[w])) continue;
    const names = { before: `v${a.value}`, after: `v${b.value}` };
    return { ...names, type: a.type, expected: Int32Array.from(a.words), got: Int32Array.from(b.words) };
  }
  return null;
}

interface Operand {
  readonly value: Value;
  readonly type: Type;
  readonly words: readonly number[];
}

/** The operands that an event shows, with their values. Addresses are taken back by their offsets. */
function operandWords({ program, trace }: TracedProgram, event: number): Operand[] {
  const record = trace.record(event);
  if (record < 0) return [];
  const { dfg } = program.func as Function;
  const inst = program.instAt(record);
  const operands: Operand[] = [];
  let at = 0;
  const take = (index: number): void => {
    const value = dfg.arg(inst, index);
    const type = dfg.valueType(value);
    const words: number[] = [];
    for (let i = 0; i < wordsOf(type); i++) words.push(trace.word(event, at++));
    operands.push({ value, type, words });
  };
  const format = dfg.format(inst);
  switch (trace.kind(event)) {
    case EventKind.Access: {
      const position = format === Format.Store || format === Format.StoreNoOffset ? 1 : 0;
      if (dfg.opcode(inst) === Op.SetPinnedReg) return [];
      operands.push(addressOperand(program, trace, event, dfg.arg(inst, position)));
      at = ACCESS_WORDS;
      if (position === 1 && trace.wordCount(event) > at) take(0);
      return operands;
    }
    case EventKind.Call: {
      const isIndirect = format === Format.CallIndirect || format === Format.TryCallIndirect;
      if (isIndirect) {
        take(0);
      }
      at = CALL_WORDS;
      for (let i = isIndirect ? 1 : 0; i < dfg.argCount(inst) && at < trace.wordCount(event); i++) take(i);
      return operands;
    }
    case EventKind.Return:
      if (dfg.opcode(inst) !== Op.Return) return [];
      for (let i = 0; i < dfg.argCount(inst) && at < trace.wordCount(event); i++) take(i);
      return operands;
    default:
      return [];
  }
}

function addressOperand(program: Program, trace: Trace, event: number, value: Value): Operand {
  const { dfg } = program.func as Function;
  const inst = program.instAt(trace.record(event));
  const format = dfg.format(inst);
  const offset = format === Format.Load || format === Format.Store ? dfg.offset(inst) : 0;
  const low = (trace.word(event, 2) >>> 0) - offset;
  const high = trace.word(event, 1) + Math.floor(low / 0x1_0000_0000);
  const type = dfg.valueType(value);
  return { value, type, words: wordsOf(type) === 1 ? [low | 0] : [low | 0, high | 0] };
}

/** High word of a direct call's identity. */
export const DIRECT = -0x0ddba11;

export function instructionText(program: Program, record: number): string {
  if (record < 0) return "";
  return instText(program.func as Function, program.instAt(record) as Inst).trim();
}
