/** The line that counts what the spiller added, above the text of a spilled function. */
import type { SpillCounts } from "../../frontend/safepoints/spiller.ts";
import { NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isSafepoint } from "../../ir/opcodes.ts";

/** `slots 2, spills 2, reloads 3, maps 1, entries 2, calls 1`; calls are all safepoints of the function. */
export function countsLine(func: Function, counts: SpillCounts): string {
  let calls = 0;
  const { dfg, layout } = func;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (isSafepoint(dfg.opcode(inst))) calls++;
    }
  }
  const { slots, spills, reloads, mapped, mapEntries } = counts;
  return `slots ${slots}, spills ${spills}, reloads ${reloads}, maps ${mapped}, entries ${mapEntries}, calls ${calls}\n`;
}
