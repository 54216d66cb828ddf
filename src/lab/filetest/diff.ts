/** What is expected and what came out, line by line: `-` expected, `+` printed, three lines of context. */
import { structuredPatch } from "diff";

const CONTEXT_LINES = 3;

export function textDiff(expected: string, actual: string): string {
  const { hunks } = structuredPatch("", "", `${expected}\n`, `${actual}\n`, "", "", {
    context: CONTEXT_LINES,
  });
  return hunks.map((hunk) => hunk.lines.map((line) => `  ${line}`).join("\n")).join("\n  …\n");
}
