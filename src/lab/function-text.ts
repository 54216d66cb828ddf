/** A function's printed text taken apart: its name, and the lines of each block. */
import type { Function } from "../ir/function.ts";
import type { FunctionName } from "../ir/names.ts";
import { functionText } from "../text/index.ts";

/** `u0:7` or `%name`. */
export function functionNameText(name: FunctionName): string {
  return name.kind === "testcase" ? `%${name.name}` : `u${name.namespace}:${name.index}`;
}

export interface BlockText {
  /** `block1(v2: i32):` */
  readonly header: string;
  /** Alias lines and instructions, trimmed. */
  readonly lines: readonly string[];
}

/** The blocks of the layout in order, by number, as they are printed. */
export function blockTexts(func: Function): Map<number, BlockText> {
  const blocks = new Map<number, BlockText>();
  let lines: string[] = [];
  for (const line of functionText(func).split("\n")) {
    const header = line.trim();
    const block = /^block(\d+)[(: ]/.exec(header)?.[1];
    if (block !== undefined) {
      lines = [];
      blocks.set(Number(block), { header, lines });
    } else if (header !== "" && header !== "}") {
      lines.push(header);
    }
  }
  return blocks;
}
