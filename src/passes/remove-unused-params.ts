/**
 * Takes block parameters off that nothing reads, and what branches pass to them: those that are only passed on to others of their kind, too.
 *
 *     jump block1(v1, v2)              jump block1(v2)
 *
 *   block1(v3: i32, v4: i32):    ─►  block1(v4: i32):
 *     brif v4, block1(v3, v4), …       brif v4, block1(v4), …
 *
 * The spiller leaves such: what is carried in a slot is read from there. The parameters of the entry are the function's own, and stay.
 */
import { NeededParams } from "../analysis/needed-params.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

/** For one function; a compiler of many keeps a `ParamRemover`. */
export function removeUnusedParams(func: Function): number {
  return new ParamRemover().run(func);
}

export class ParamRemover {
  private readonly read: NeededParams;

  constructor() {
    this.read = new NeededParams();
  }

  /** Returns how many parameters are gone. */
  run(func: Function): number {
    const { layout } = func;
    this.read.begin(func);
    this.read.compute(func);
    let gone = 0;
    let block = layout.entryBlock;
    if (block !== NONE) block = layout.nextBlock(block);
    for (; block !== NONE; block = layout.nextBlock(block)) gone += this.removeFrom(func, block);
    return gone;
  }

  private removeFrom(func: Function, block: Block): number {
    const { dfg } = func;
    const { read } = this;
    const count = dfg.blockParamCount(block);
    let kept = 0;
    for (let i = 0; i < count; i++) if (read.isNeeded(dfg.blockParam(block, i))) kept++;
    if (kept === count) return 0;
    read.forEachCall(block, (call) => {
      dfg.blockCalls.removeArgs(call, (index) => !read.isNeeded(dfg.blockParam(block, index)));
    });
    dfg.removeBlockParams(block, (param) => !read.isNeeded(param));
    return count - kept;
  }
}
