/**
 * SSA construction on the fly: reads and assignments of variables, while the control flow is still being built, become
 * values and block parameters.
 *
 * The algorithm is that of Braun, Buchwald, Hack, Leißa, Mallon and Zwinkau, "Simple and Efficient Construction of
 * Static Single Assignment Form" (2013), with the choices of `cranelift/frontend/src/ssa.rs`, because value numbers and
 * alias lines follow from them:
 *
 * - A read without a definition in its block walks up while blocks are sealed and have one predecessor. Where the walk
 *   ends without a definition, the block gets a new parameter, the sentinel, at the end of its list.
 * - A block is sealed when all its predecessors are known. In an unsealed block the sentinel stays and waits; sealing
 *   settles the waiting sentinels in their order. In a sealed block it is settled at once.
 * - Settling asks each predecessor, first to last, for its definition. All the same but for the sentinel itself: the
 *   sentinel is taken off and becomes an alias. None at all: the same, with a zero made at the head of the block.
 *   Otherwise the definitions are passed as arguments on every edge.
 *
 * Asking is recursive in the paper and a stack of pending steps here, so that no shape of control flow overflows.
 *
 * Where it differs from upstream, unseen in the result: a walk's outcome is remembered for its start and every 32nd
 * block of the way instead of for each; sentinels settled while sealing leave the parameter list together; long chains
 * of aliases are shortened in a side table.
 *
 * Variables that need stack maps: each value assigned to one and each sentinel made for one is recorded as declared.
 * The zero is not, as its sentinel was.
 */
import { fillWords, grownCapacity, grownColumn, I32List } from "../base/column.ts";
import { valueArg } from "../ir/block-calls.ts";
import { FuncCursor } from "../ir/cursor.ts";
import type { DataFlowGraph } from "../ir/dfg.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { Type } from "../ir/types.ts";
import { Definitions } from "./definitions.ts";
import { sealedTwice } from "./messages.ts";
import { Predecessors } from "./predecessors.ts";
import type { Variable } from "./variable.ts";
import { emitZero } from "./zero.ts";

/** How many blocks a walk passes between two that remember its outcome. */
const MEMO_STRIDE = 32;

export class SsaBuilder {
  private readonly definitions: Definitions;
  readonly predecessors: Predecessors;

  /** The one predecessor block of a sealed block that has one, or `NONE`. */
  private singlePredecessors: Int32Array;
  /** Number of the walk that was last in the block, to stop at cycles of single predecessors. */
  private walkMarks: Int32Array;
  /** Sentinels that wait for the block to be sealed: first and last of a list. */
  private firstWaiting: Int32Array;
  private lastWaiting: Int32Array;
  private blocks: number;
  private walks: number;

  /** Waiting sentinels, three words each: variable, sentinel, next. */
  private readonly waiting: I32List;
  /** Pending steps, two words each: (sentinel, block) to settle, or (NONE, block) to read the variable there. */
  private readonly pending: I32List;
  private readonly results: I32List;
  /** Shortened alias targets by value, `NONE` where none is known. */
  private shortcuts: Int32Array;
  private shortcutLimit: number;

  /** Variables whose values need stack maps. */
  private markedVariables: Uint8Array;
  private marked: boolean;
  /** Values recorded as needing stack maps, in the order of recording, repetitions included. */
  readonly stackMapValues: I32List;
  /** Blocks that got a zero since the list was last cleared. */
  readonly zeroedBlocks: I32List;

  constructor() {
    this.definitions = new Definitions();
    this.predecessors = new Predecessors();
    this.singlePredecessors = new Int32Array(0);
    this.walkMarks = new Int32Array(0);
    this.firstWaiting = new Int32Array(0);
    this.lastWaiting = new Int32Array(0);
    this.blocks = 0;
    this.walks = 0;
    this.waiting = new I32List();
    this.pending = new I32List();
    this.results = new I32List();
    this.shortcuts = new Int32Array(0);
    this.shortcutLimit = 0;
    this.markedVariables = new Uint8Array(0);
    this.marked = false;
    this.stackMapValues = new I32List();
    this.zeroedBlocks = new I32List();
  }

  /** Forgets the function and keeps the memory. */
  clear(): void {
    this.definitions.clear();
    this.predecessors.clear();
    this.blocks = 0;
    this.walks = 0;
    this.waiting.clear();
    this.pending.clear();
    this.results.clear();
    this.shortcutLimit = 0;
    if (this.marked) this.markedVariables.fill(0);
    this.marked = false;
    this.stackMapValues.clear();
    this.zeroedBlocks.clear();
  }

  // Variables.

  /** Every value of the variable from here on is recorded in `stackMapValues`. */
  markVariable(variable: Variable): void {
    if (variable >= this.markedVariables.length) {
      const capacity = grownCapacity(this.markedVariables.length, variable + 1);
      this.markedVariables = grownColumn(this.markedVariables, capacity);
    }
    this.markedVariables[variable] = 1;
    this.marked = true;
  }

  /** Whether the variable has been assigned or read in any block. */
  isDefined(variable: Variable): boolean {
    return this.definitions.isDefined(variable);
  }

  defVar(variable: Variable, value: Value, block: Block): void {
    if (this.marked && this.isMarked(variable)) this.stackMapValues.push(value);
    this.definitions.set(variable, block, value);
  }

  /** The variable's value at the end of what has been built of `block`. May add parameters, arguments and a zero. */
  useVar(func: Function, variable: Variable, type: Type, block: Block): Value {
    const local = this.definitions.get(variable, block);
    if (local !== NONE) return local as Value;
    this.lookUp(func, variable, type, block);
    return this.settlePending(func, variable, type);
  }

  private isMarked(variable: Variable): boolean {
    return variable < this.markedVariables.length && this.markedVariables[variable] !== 0;
  }

  // Blocks.

  declareBlock(block: Block): void {
    this.predecessors.declareBlock(block);
    if (block >= this.blocks) this.growBlocks(block + 1);
  }

  /** Makes a branch a predecessor of its destinations, none of which may be sealed. */
  declareBranch(func: Function, inst: Inst): void {
    this.predecessors.declareBranch(func, inst);
  }

  isSealed(block: Block): boolean {
    return this.predecessors.isSealed(block);
  }

  hasPredecessors(block: Block): boolean {
    return this.predecessors.count(block) > 0;
  }

  /** All predecessors of the block are declared; settles what waited for that. */
  sealBlock(func: Function, block: Block): void {
    if (this.isSealed(block)) throw sealedTwice(block);
    this.seal(func, block);
  }

  /** Seals every block that is not sealed yet, in the order of their numbers. */
  sealAllBlocks(func: Function): void {
    for (let block = 0; block < this.predecessors.blockCount; block++) {
      if (!this.isSealed(block as Block)) this.seal(func, block as Block);
    }
  }

  private seal(func: Function, block: Block): void {
    this.declareBlock(block);
    this.predecessors.seal(block);
    if (this.predecessors.count(block) === 1) {
      const branch = this.predecessors.branch(this.predecessors.first(block));
      const single = func.layout.blockOf(branch) as Block;
      this.declareBlock(single);
      this.singlePredecessors[block] = single;
    }
    let row = this.firstWaiting[block]!;
    if (row === NONE) return;
    this.firstWaiting[block] = NONE;
    while (row !== NONE) {
      const variable = this.waiting.get(row) as Variable;
      const sentinel = this.waiting.get(row + 1) as Value;
      row = this.waiting.get(row + 2);
      this.askPredecessors(func, sentinel, block);
      this.settlePending(func, variable, func.dfg.valueType(sentinel));
    }
    func.dfg.dropAliasedParams(block);
  }

  private growBlocks(count: number): void {
    if (count > this.singlePredecessors.length) {
      const capacity = grownCapacity(this.singlePredecessors.length, count);
      this.singlePredecessors = grownColumn(this.singlePredecessors, capacity);
      this.walkMarks = grownColumn(this.walkMarks, capacity);
      this.firstWaiting = grownColumn(this.firstWaiting, capacity);
      this.lastWaiting = grownColumn(this.lastWaiting, capacity);
    }
    fillWords(this.singlePredecessors, NONE, this.blocks, count);
    fillWords(this.walkMarks, 0, this.blocks, count);
    fillWords(this.firstWaiting, NONE, this.blocks, count);
    fillWords(this.lastWaiting, NONE, this.blocks, count);
    this.blocks = count;
  }

  // Looking a variable up.

  /** Leaves the variable's value at the end of `block` on `results`, now or when the steps it adds are done. */
  private lookUp(func: Function, variable: Variable, type: Type, block: Block): void {
    const local = this.definitions.get(variable, block);
    if (local !== NONE) {
      this.results.push(local);
      return;
    }
    let from = block;
    let found: number = NONE;
    const walk = ++this.walks;
    this.declareBlock(block);
    for (;;) {
      const up = this.singlePredecessors[from]! as Block;
      if (up === NONE || this.walkMarks[from] === walk) break;
      this.walkMarks[from] = walk;
      from = up;
      found = this.definitions.get(variable, from);
      if (found !== NONE) break;
    }
    let value = found as Value;
    if (found === NONE) value = this.addSentinel(func, variable, type, from);
    else this.results.push(found);
    this.remember(variable, value, block, from);
  }

  /** Remembers the outcome of a walk. Definitions of blocks walked through can change no more. */
  private remember(variable: Variable, value: Value, block: Block, from: Block): void {
    let at = block;
    for (let step = 0; at !== from; step++) {
      if (step % MEMO_STRIDE === 0) this.definitions.set(variable, at, value);
      at = this.singlePredecessors[at]! as Block;
    }
  }

  /** A new parameter for the variable; it waits for the block to be sealed, or starts to be settled. */
  private addSentinel(func: Function, variable: Variable, type: Type, block: Block): Value {
    const sentinel = func.dfg.appendBlockParam(block, type);
    this.definitions.set(variable, block, sentinel);
    if (this.marked && this.isMarked(variable)) this.stackMapValues.push(sentinel);
    if (this.predecessors.isSealed(block)) {
      this.askPredecessors(func, sentinel, block);
    } else {
      this.addWaiting(variable, sentinel, block);
      this.results.push(sentinel);
    }
    return sentinel;
  }

  private addWaiting(variable: Variable, sentinel: Value, block: Block): void {
    const row = this.waiting.length;
    this.waiting.push(variable);
    this.waiting.push(sentinel);
    this.waiting.push(NONE);
    if (this.firstWaiting[block] === NONE) this.firstWaiting[block] = row;
    else this.waiting.set(this.lastWaiting[block]! + 2, row);
    this.lastWaiting[block] = row;
  }

  /** Pushes the steps that settle a sentinel: the first predecessor's read on top, the settling below them all. */
  private askPredecessors(func: Function, sentinel: Value, block: Block): void {
    const { pending, predecessors } = this;
    pending.push(sentinel);
    pending.push(block);
    const base = pending.length;
    const count = predecessors.count(block);
    for (let i = 0; i < count * 2; i++) pending.push(NONE);
    let at = base + count * 2 - 1;
    for (let entry = predecessors.first(block); entry !== NONE; entry = predecessors.next(entry)) {
      pending.set(at, func.layout.blockOf(predecessors.branch(entry)));
      at -= 2;
    }
  }

  /** Works the pending steps off; they concern one variable. Returns the value that the outermost one found. */
  private settlePending(func: Function, variable: Variable, type: Type): Value {
    const { pending } = this;
    while (pending.length > 0) {
      const block = pending.pop() as Block;
      const sentinel = pending.pop();
      if (sentinel === NONE) this.lookUp(func, variable, type, block);
      else this.results.push(this.settle(func, sentinel as Value, block));
    }
    return this.results.pop() as Value;
  }

  // Settling a sentinel.

  /** The predecessors' definitions are on top of `results`, the first one lowest; takes them off. */
  private settle(func: Function, sentinel: Value, block: Block): Value {
    const start = this.results.length - this.predecessors.count(block);
    let value = this.commonDefinition(func.dfg, sentinel, start);
    if (value === DIFFERENT) {
      this.passArguments(func.dfg, block, start);
      this.results.truncate(start);
      return sentinel;
    }
    this.results.truncate(start);
    if (value === NONE) value = this.zero(func, func.dfg.valueType(sentinel), block);
    this.replaceSentinel(func.dfg, sentinel, value as Value, block);
    return value as Value;
  }

  /** The one definition but for the sentinel itself, `NONE` if there is none, `DIFFERENT` if there are several. */
  private commonDefinition(dfg: DataFlowGraph, sentinel: Value, start: number): number {
    let common: number = NONE;
    for (let i = start; i < this.results.length; i++) {
      const value = this.resolve(dfg, this.results.get(i) as Value);
      if (value === sentinel || value === common) continue;
      if (common !== NONE) return DIFFERENT;
      common = value;
    }
    return common;
  }

  private passArguments(dfg: DataFlowGraph, block: Block, start: number): void {
    const { predecessors } = this;
    let at = start;
    for (let entry = predecessors.first(block); entry !== NONE; entry = predecessors.next(entry)) {
      const arg = valueArg(this.results.get(at++) as Value);
      let call: number = predecessors.firstCall(entry);
      while (call !== NONE) {
        dfg.blockCalls.appendArg(call as BlockCall, arg);
        call = predecessors.nextCall(call as BlockCall);
      }
    }
  }

  private zero(func: Function, type: Type, block: Block): Value {
    if (!func.layout.isBlockInserted(block)) func.layout.appendBlock(block);
    this.zeroedBlocks.push(block);
    return emitZero(type, func.dfg, new FuncCursor(func).atStart(block));
  }

  private replaceSentinel(dfg: DataFlowGraph, sentinel: Value, value: Value, block: Block): void {
    // The newest parameter leaves at once. Another one is among those that `seal` is settling, and leaves with them.
    if (dfg.valueIndex(sentinel) === dfg.blockParamCount(block) - 1) dfg.removeBlockParam(sentinel);
    dfg.changeToAlias(sentinel, value);
    if (sentinel >= this.shortcutLimit) this.growShortcuts(dfg.numValues);
    this.shortcuts[sentinel] = value;
  }

  // Aliases.

  private resolve(dfg: DataFlowGraph, value: Value): Value {
    if (!dfg.isAlias(value)) return value;
    let root = value;
    while (dfg.isAlias(root)) root = this.target(dfg, root);
    // Everything on the way points at the end from here on, or settling loops sealed backwards would be quadratic.
    let at = value;
    while (at !== root) {
      const next = this.target(dfg, at);
      if (at < this.shortcutLimit) this.shortcuts[at] = root;
      at = next;
    }
    return root;
  }

  private target(dfg: DataFlowGraph, alias: Value): Value {
    const shortcut = alias < this.shortcutLimit ? this.shortcuts[alias]! : NONE;
    return shortcut === NONE ? dfg.aliasTarget(alias) : (shortcut as Value);
  }

  private growShortcuts(count: number): void {
    if (count > this.shortcuts.length) {
      this.shortcuts = grownColumn(this.shortcuts, grownCapacity(this.shortcuts.length, count));
    }
    fillWords(this.shortcuts, NONE, this.shortcutLimit, count);
    this.shortcutLimit = count;
  }
}

/** Two predecessors disagree. */
const DIFFERENT = -2;
