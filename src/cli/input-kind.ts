/**
 * What an input looks like, by its first bytes, so that a command given a file of the other kind says which commands take it. A parser
 * would only say what it expected instead, and show a line of bytes.
 */
import { InputError } from "../base/diagnostics.ts";
import { looksLikeClif, looksLikeModule } from "./messages.ts";

/** `\0asm`: WebAssembly 3.0, 5.5.16 "Modules". */
const MAGIC = "\0asm";

/** In both languages lines may be comments from `;` on; module text has nothing but lists, and comments that begin as lists do. */
const COMMENTS = /^(?:\s+|;[^\n]*(?:\n|$))+/;
const CLIF_WORD = /^(?:function|test|target|set|isa|feature)\b/;

const MOST_BYTES_SEEN = 1 << 16;

/** Throws `InputError` for what a command that takes modules cannot read, but others can. */
export function refuseClif(path: string, bytes: Uint8Array): void {
  const start = startOf(bytes);
  if (CLIF_WORD.test(start) || (path.endsWith(".clif") && !isModule(start)))
    throw new InputError(looksLikeClif());
}

/** The same, for commands that take CLIF. */
export function refuseModule(bytes: Uint8Array): void {
  const start = startOf(bytes);
  if (isModule(start)) throw new InputError(looksLikeModule(start.startsWith(MAGIC)));
}

function isModule(start: string): boolean {
  return start.startsWith(MAGIC) || start.startsWith("(");
}

/** What the input begins with, behind comments. */
function startOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes.subarray(0, MOST_BYTES_SEEN)).replace(COMMENTS, "");
}
