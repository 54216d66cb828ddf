/**
 * Gives every loop one entry, as structured control flow needs.
 *
 * A loop that is entered in several places gets a dispatcher: all edges to its entries go there instead, with a number that
 * says which entry is meant, and a `br_table` goes on from there.
 *
 *     block1: jump block5            block1: jump block9(0)
 *     block2: jump block6       →    block2: jump block9(1)
 *     block5: … jump block6          block5: … jump block9(1)
 *     block6: … jump block5          block6: … jump block9(0)
 *                                    block9(v9: i32): br_table v9, block6, [block5]
 *
 * The dispatcher takes the parameters of all entries, and an edge passes zeros for those of the others. Loops that the
 * dispatcher leaves irreducible inside are treated in the next round; there are as many rounds as such loops nest. A value
 * may come to be used where its definition no longer dominates (an entry that was only reached by way of it, from a loop
 * around): it goes through a stack slot (`demote-values.ts`).
 *
 * Needs a valid function, after the spiller. The alternative, copying the blocks of one entry, can grow code exponentially (Carter, Ferrante
 * and Thomborson, "Folklore confirmed: reducible flow graphs are exponentially larger", POPL 2003).
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { type Loop, LoopAnalysis } from "../analysis/loop-analysis.ts";
import { type BlockArg, valueArg } from "../ir/block-calls.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { bytesOf, F16, F32, F64, F128, I32, I64, I128, isInt, type Type } from "../ir/types.ts";
import { demoteUndominatedValues } from "./demote-values.ts";

// Kept from function to function, as their memory is.
const cfg: ControlFlowGraph = new ControlFlowGraph();
const loops: LoopAnalysis = new LoopAnalysis();

/** Returns how many dispatchers were made; 0 when all loops had one entry already. */
export function makeReducible(func: Function): number {
  let dispatchers = 0;
  for (;;) {
    cfg.compute(func);
    loops.compute(func, cfg);
    if (loops.loopCount === 0) break;
    const outermost = outermostIrreducible(loops);
    if (outermost.length === 0) break;
    for (const loop of outermost) new Dispatcher(func, entriesOf(func, cfg, loops, loop)).build(cfg);
    dispatchers += outermost.length;
  }
  if (dispatchers > 0) demoteUndominatedValues(func);
  return dispatchers;
}

/** Irreducible loops that lie in no other one. Outer loops have smaller numbers. */
function outermostIrreducible(loops: LoopAnalysis): Loop[] {
  const inside = new Uint8Array(loops.loopCount);
  const found: Loop[] = [];
  for (let loop = 0 as Loop; loop < loops.loopCount; loop++) {
    const parent = loops.parent(loop);
    if (parent !== NONE && (inside[parent] !== 0 || loops.isIrreducible(parent))) inside[loop] = 1;
    else if (loops.isIrreducible(loop)) found.push(loop);
  }
  return found;
}

/** The blocks of the loop that an edge from outside goes to, the header among them. */
function entriesOf(func: Function, cfg: ControlFlowGraph, loops: LoopAnalysis, loop: Loop): Block[] {
  const entries: Block[] = [];
  const { layout } = func;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    if (!loops.contains(loop, block)) continue;
    let entered = block === loops.header(loop);
    for (let i = 0; i < cfg.predecessorCount(block) && !entered; i++) {
      entered = !loops.contains(loop, cfg.predecessor(block, i));
    }
    if (entered) entries.push(block);
  }
  return entries;
}

class Dispatcher {
  private readonly func: Function;
  private readonly entries: readonly Block[];
  private readonly block: Block;
  /** Number of an entry, by block. */
  private readonly numbers: ReadonlyMap<Block, number>;

  constructor(func: Function, entries: readonly Block[]) {
    this.func = func;
    this.entries = entries;
    this.block = func.dfg.makeBlock();
    this.numbers = new Map(entries.map((entry, number) => [entry, number]));
  }

  build(cfg: ControlFlowGraph): void {
    const sources = new Set<Inst>();
    for (const entry of this.entries) {
      for (let i = 0; i < cfg.predecessorCount(entry); i++) sources.add(cfg.predecessorInst(entry, i));
    }
    const { dfg, layout } = this.func;
    const selector = dfg.appendBlockParam(this.block, I32);
    const targets = this.entries.map((entry) => this.passOn(entry));
    layout.insertBlockBefore(this.block, this.entries[0]!);
    const last = targets.pop()!;
    new FuncCursor(this.func).atEnd(this.block).brTable(selector, [last, ...targets]);
    for (const source of sources) this.redirect(source);
  }

  /** The edge to an entry, passing parameters of the dispatcher's own. */
  private passOn(entry: Block): BlockCall {
    const { dfg } = this.func;
    const params: Value[] = [];
    for (let i = 0; i < dfg.blockParamCount(entry); i++) {
      params.push(dfg.appendBlockParam(this.block, dfg.valueType(dfg.blockParam(entry, i))));
    }
    return dfg.blockCall(entry, params);
  }

  /** Sends the edges of one branch that go to entries to the dispatcher. */
  private redirect(source: Inst): void {
    const { dfg } = this.func;
    const cursor = new FuncCursor(this.func).beforeInst(source);
    for (let i = 0; i < dfg.destinationCount(source); i++) {
      const call = dfg.destination(source, i);
      const number = this.numbers.get(dfg.blockCalls.block(call));
      if (number !== undefined) this.redirectCall(cursor, call, number);
    }
  }

  private redirectCall(cursor: FuncCursor, call: BlockCall, number: number): void {
    const { dfg } = this.func;
    const own: BlockArg[] = [];
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) own.push(dfg.blockCalls.arg(call, i));
    const args: BlockArg[] = [valueArg(cursor.iconst(I32, number))];
    this.entries.forEach((entry, other) => {
      if (other === number) {
        for (const arg of own) args.push(arg);
        return;
      }
      for (let i = 0; i < dfg.blockParamCount(entry); i++) {
        args.push(valueArg(zeroOf(cursor, dfg.valueType(dfg.blockParam(entry, i)))));
      }
    });
    for (let i = own.length - 1; i >= 0; i--) dfg.blockCalls.removeArg(call, i);
    for (const arg of args) dfg.blockCalls.appendArg(call, arg);
    dfg.blockCalls.setBlock(call, this.block);
  }
}

/** A zero of any type that a block parameter can have. */
function zeroOf(cursor: FuncCursor, type: Type): Value {
  switch (type) {
    case I128:
      return cursor.uextend(I128, cursor.iconst(I64, 0));
    case F16:
      return cursor.f16const(0);
    case F32:
      return cursor.f32const(0);
    case F64:
      return cursor.f64const(0n);
    case F128:
      return cursor.f128const(cursor.func.dfg.constants.insert(new Uint8Array(16)));
    default:
      if (isInt(type)) return cursor.iconst(type, 0);
      return cursor.vconst(type, cursor.func.dfg.constants.insert(new Uint8Array(bytesOf(type))));
  }
}
