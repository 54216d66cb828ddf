/**
 * The scopes of a body, and the branches to their labels: what is open, which block's label each is, and what is still to be emitted when
 * it ends.
 */
import { grownCapacity, I32List } from "../base/column.ts";
import { type Block, type BlockCall, NONE } from "../ir/entities.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { ControlTree } from "./control-tree.ts";
import { MoveEmitter } from "./move-emitter.ts";

/** What is still to be emitted; each has one operand, a block or a block call. */
export const Pending = {
  /** A block and all that it dominates. */
  Tree: 0,
  /** The block inside the scopes of its merge blocks from the one above on the stack. */
  Within: 1,
  /** The end of a scope. */
  Close: 2,
  Else: 3,
  /** A branch, from the block whose tree is open. */
  Branch: 4,
  /** A trap, of a code. */
  Trap: 5,
  /** A parameter, whose value the arms of an `if` left on the stack. */
  Value: 6,
} as const;

export const EMPTY_BLOCK = 0x40;
const PASSED_THROUGH = 1;
/** How many ends of scopes a branch is looked for behind. */
const MOST_ENDS = 16;

export abstract class ScopeEmitter extends MoveEmitter {
  protected readonly control: ControlTree;
  protected readonly pendingKinds: I32List;
  protected readonly pendingItems: I32List;
  protected readonly pendingFroms: I32List;
  /** Scopes that are open now. */
  protected openScopes: number;
  /** Which of them leads to a merge block, and which to a loop header, by block. */
  private mergeScopes: Int32Array;
  private loopScopes: Int32Array;

  constructor() {
    super();
    this.control = new ControlTree();
    this.pendingKinds = new I32List();
    this.pendingItems = new I32List();
    this.pendingFroms = new I32List();
    this.openScopes = 0;
    this.mergeScopes = new Int32Array(0);
    this.loopScopes = new Int32Array(0);
  }

  protected beginScopes(): void {
    // What a refused function left behind goes first.
    this.pendingKinds.clear();
    this.pendingItems.clear();
    this.pendingFroms.clear();
    this.openScopes = 0;
    const blocks = this.func.dfg.numBlocks;
    if (this.mergeScopes.length < blocks) {
      this.mergeScopes = new Int32Array(grownCapacity(this.mergeScopes.length, blocks));
      this.loopScopes = new Int32Array(this.mergeScopes.length);
    }
  }

  protected postpone(kind: number, item: number, from: number): void {
    this.pendingKinds.push(kind);
    this.pendingItems.push(item);
    this.pendingFroms.push(from);
  }

  protected closeScope(): void {
    this.op(WasmOp.End);
    this.openScopes--;
  }

  protected openScope(opcode: number, target: number, type: number = EMPTY_BLOCK): void {
    this.op(opcode);
    this.out.byte(type);
    if (target !== NONE)
      (opcode === WasmOp.Loop ? this.loopScopes : this.mergeScopes)[target] = this.openScopes;
    this.openScopes++;
    // The end of a block leads to its merge block's code; that of a loop or an `if`, on to the next end.
    this.postpone(Pending.Close, opcode === WasmOp.Block ? NONE : PASSED_THROUGH, NONE);
  }

  /** Whether the branch is a `br` and nothing else. */
  protected isPlain(block: Block, call: BlockCall): boolean {
    return this.hasLabel(block, call) && !this.needsMoves(call);
  }

  protected hasLabel(block: Block, call: BlockCall): boolean {
    const target = this.func.dfg.blockCalls.block(call);
    return this.control.isBackEdge(block, target) || this.control.isMerge(target);
  }

  /** Whether nothing but ends of scopes stands between here and the target's code. */
  protected fallsThrough(block: Block, call: BlockCall): boolean {
    const target = this.func.dfg.blockCalls.block(call);
    if (this.control.isBackEdge(block, target)) return false;
    let scope = this.openScopes - 1;
    let next = this.pendingKinds.length - 1;
    for (let ends = 0; ends < MOST_ENDS && next >= 0; ends++) {
      // The other arm of an `if` is not on the way.
      if (this.pendingKinds.get(next) === Pending.Else) next -= 2;
      if (next >= 0 && this.pendingKinds.get(next) === Pending.Tree)
        return this.pendingItems.get(next) === target;
      if (next < 0 || this.pendingKinds.get(next) !== Pending.Close) return false;
      if (this.pendingItems.get(next) === NONE) return this.mergeScopes[target] === scope;
      next--;
      scope--;
    }
    return false;
  }

  /** How many scopes lie between here and the label of the branch's target. */
  protected depthOf(block: Block, call: BlockCall): number {
    const target = this.func.dfg.blockCalls.block(call);
    const scopes = this.control.isBackEdge(block, target) ? this.loopScopes : this.mergeScopes;
    return this.openScopes - 1 - scopes[target]!;
  }
}
