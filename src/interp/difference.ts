/** The first difference between two runs, in words. */

import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { opcodeName } from "../ir/opcodes.ts";
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

/** High word of a direct call's identity. */
export const DIRECT = -0x0ddba11;

export function instructionText(program: Program, record: number): string {
  if (record < 0) return "";
  return instText(program.func as Function, program.instAt(record) as Inst).trim();
}
