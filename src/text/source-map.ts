/**
 * Where things of a function stand in its text, and the comments, which tests hang their expectations on.
 *
 * A comment follows an entity: the one whose definition stands before it, on the same line or above. Both are kept as
 * columns over the source, and strings are made when asked for: a large function has hundreds of thousands of comments
 * that nobody reads.
 */
import type { Block, Inst } from "../ir/entities.ts";
import { COMMENT_WORDS } from "./lexer.ts";

export const EntityKind = {
  Function: 0,
  Block: 1,
  Inst: 2,
  StackSlot: 3,
  DynamicStackSlot: 4,
  DynamicType: 5,
  GlobalValue: 6,
  SigRef: 7,
  FuncRef: 8,
  Constant: 9,
  AliasRegion: 10,
} as const;

const ENTITY_PREFIXES = [
  "function",
  "block",
  "inst",
  "ss",
  "dss",
  "dt",
  "gv",
  "sig",
  "fn",
  "const",
  "region",
];

const INDEX_BITS = 28;

/** Kind and index in one word. */
export function entityCode(kind: number, index: number): number {
  return (kind << INDEX_BITS) | index;
}

/** A comment of the text. */
export interface Comment {
  /** With its `;`, without the line's end. */
  readonly text: string;
  readonly line: number;
  /** What it follows, as printed: `inst3`, `block0`, `ss1`; or `function` for what stands before all these or after. */
  readonly entity: string;
}

export class SourceMap {
  private readonly source: Uint8Array;
  private readonly commentWords: Int32Array;
  private readonly instLines: Int32Array;
  private readonly blockLines: Int32Array;
  /** Line of the word `function`. */
  readonly line: number;
  /** Byte offsets of the text of the function, from `function` to behind its `}`. */
  readonly start: number;
  readonly stop: number;
  private decoded: readonly Comment[] | null;

  constructor(place: {
    readonly source: Uint8Array;
    readonly commentWords: Int32Array;
    readonly instLines: Int32Array;
    readonly blockLines: Int32Array;
    readonly line: number;
    readonly start: number;
    readonly stop: number;
  }) {
    this.source = place.source;
    this.commentWords = place.commentWords;
    this.instLines = place.instLines;
    this.blockLines = place.blockLines;
    this.line = place.line;
    this.start = place.start;
    this.stop = place.stop;
    this.decoded = null;
  }

  /** The line of the instruction's opcode; instructions are numbered in the order of the text. 0 if it is not there. */
  instLine(inst: Inst): number {
    return this.instLines[inst] ?? 0;
  }

  /** The line of the block's header, or 0. */
  blockLine(block: Block): number {
    return this.blockLines[block] ?? 0;
  }

  get commentCount(): number {
    return this.commentWords.length / COMMENT_WORDS;
  }

  /** All comments in order. */
  get comments(): readonly Comment[] {
    this.decoded ??= decodeComments(this.source, this.commentWords);
    return this.decoded;
  }
}

/** Makes the comments of columns as the lexer collects them. */
export function decodeComments(source: Uint8Array, words: Int32Array): Comment[] {
  const decoder = new TextDecoder();
  const comments: Comment[] = [];
  for (let at = 0; at < words.length; at += COMMENT_WORDS) {
    const text = decoder.decode(source.subarray(words[at]!, words[at + 1]!)).trimEnd();
    comments.push({ text, line: words[at + 2]!, entity: entityName(words[at + 3]!) });
  }
  return comments;
}

function entityName(code: number): string {
  const kind = code >>> INDEX_BITS;
  const prefix = ENTITY_PREFIXES[kind]!;
  return kind === EntityKind.Function ? prefix : `${prefix}${code & ((1 << INDEX_BITS) - 1)}`;
}
