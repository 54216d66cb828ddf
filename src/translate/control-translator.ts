/**
 * Structured control of a function under translation, as blocks with parameters: a construct's results, and a loop's
 * parameters, are parameters of the block that follows or begins it.
 */
import { removeAll } from "../base/column.ts";
import { GcTrap } from "../gc/traps.ts";
import { type Block, NONE, type Value } from "../ir/entities.ts";
import { EMPTY_BLOCK } from "../wasm/operators.ts";
import type { ValType } from "../wasm/types.ts";
import { type ControlFrame, FrameKind, labelTypes, NO_TYPES, type TryRegion } from "./control.ts";
import { FunctionState, NO_VALUES, paramsOf, resultsOf } from "./function-state.ts";

/** Of most blocks. */
const EMPTY_TYPES = { params: NO_TYPES, results: NO_TYPES } as const;

export class ControlTranslator extends FunctionState {
  protected readonly frames: ControlFrame[] = [];
  /** How many loops the operator at hand is in; a function that is nearly all allocation counts as one. */
  private loops = 0;
  /** Whether the operator at hand can be reached. */
  protected reachable = true;

  protected override begin(): void {
    super.begin();
    removeAll(this.frames);
    this.loops = 0;
    this.reachable = true;
  }

  /** What runs often allocates without a call on its way: not every engine inlines. */
  protected countLoops(change: number): void {
    this.loops += change;
    if (this.heapOperations !== null) this.heapOperations.allocatesInPlace = this.loops > 0;
  }

  protected blockTypes(): { readonly params: readonly ValType[]; readonly results: readonly ValType[] } {
    const { blockType } = this.reader;
    if (blockType === EMPTY_BLOCK) return EMPTY_TYPES;
    if (blockType < 0) return { params: NO_TYPES, results: [~blockType] };
    const { types } = this.module;
    return { params: paramsOf(types, blockType), results: resultsOf(types, blockType) };
  }

  protected blockOf(types: readonly ValType[]): Block {
    const block = this.builder.createBlock();
    for (let i = 0; i < types.length; i++)
      this.watch(this.builder.appendBlockParam(block, this.typeOf(types[i]!)), types[i]!);
    return block;
  }

  protected jump(block: Block, args: readonly Value[]): void {
    this.builder.ins.jump(this.builder.blockCall(block, args));
  }

  /** Continues in a block whose parameters become operands. */
  protected enter(block: Block): void {
    const { dfg } = this.builder.func;
    this.builder.switchToBlock(block);
    for (let i = 0; i < dfg.blockParamCount(block); i++) this.stack.push(dfg.blockParam(block, i));
  }

  block(): void {
    const { params, results } = this.blockTypes();
    const next = this.blockOf(results);
    this.open(FrameKind.Block, next, next, NONE, params, results);
  }

  loop(): void {
    const { params, results } = this.blockTypes();
    const header = this.blockOf(params);
    const next = this.blockOf(results);
    this.jump(header, this.takeMany(params.length));
    this.enter(header);
    this.open(FrameKind.Loop, header, next, NONE, params, results);
    this.countLoops(1);
  }

  conditional(): void {
    const { params, results } = this.blockTypes();
    const condition = this.pop();
    const then = this.builder.createBlock();
    const otherwise = this.builder.createBlock();
    const next = this.blockOf(results);
    this.builder.ins.brif(condition, this.builder.blockCall(then), this.builder.blockCall(otherwise));
    this.builder.sealBlock(then);
    this.builder.sealBlock(otherwise);
    this.open(FrameKind.If, next, next, otherwise, params, results);
    this.builder.switchToBlock(then);
  }

  protected open(
    kind: number,
    target: Block,
    next: Block,
    elseBlock: Block | typeof NONE,
    params: readonly ValType[],
    results: readonly ValType[],
    region: TryRegion | null = null,
  ): void {
    const height = this.stack.length - params.length;
    // The operands that an `else` arm starts with are those that stand there now.
    const elseOperands = elseBlock === NONE ? NO_VALUES : this.peekMany(params.length);
    this.frames.push({
      kind,
      target,
      next,
      elseBlock,
      elseOperands,
      params,
      results,
      height,
      nextIsReached: false,
      region,
    });
  }

  otherwise(): void {
    const frame = this.frames.at(-1)!;
    if (this.reachable) this.leaveTo(frame);
    this.dropTo(frame.height);
    this.builder.switchToBlock(frame.elseBlock as Block);
    for (const operand of frame.elseOperands) this.stack.push(operand);
    frame.kind = FrameKind.Else;
    this.reachable = true;
  }

  /** Jumps to what follows the frame, with its results. */
  protected leaveTo(frame: ControlFrame): void {
    frame.nextIsReached = true;
    this.jump(frame.next, this.takeMany(frame.results.length));
  }

  end(): void {
    const frame = this.frames.at(-1)!;
    if (this.reachable) this.leaveTo(frame);
    if (frame.kind === FrameKind.If) this.missingElse(frame);
    this.frames.pop();
    this.dropTo(frame.height);
    if (frame.kind === FrameKind.Loop) {
      this.countLoops(-1);
      this.builder.sealBlock(frame.target);
    }
    this.builder.sealBlock(frame.next);
    this.reachable = frame.nextIsReached;
    if (!frame.nextIsReached) return;
    this.enter(frame.next);
    if (frame.kind !== FrameKind.Function) return;
    this.builder.ins.return_(this.takeMany(frame.results.length));
  }

  /** An `if` without `else` passes its parameters on. */
  private missingElse(frame: ControlFrame): void {
    this.builder.switchToBlock(frame.elseBlock as Block);
    frame.nextIsReached = true;
    this.jump(frame.next, frame.elseOperands);
  }

  protected becomeUnreachable(): void {
    this.reachable = false;
    this.dropTo(this.frames.at(-1)!.height);
  }

  protected frameAt(label: number): ControlFrame {
    return this.frames[this.frames.length - 1 - label]!;
  }

  /** Where a branch to the label goes, noting that something does. */
  protected branchTarget(frame: ControlFrame): Block {
    if (frame.kind !== FrameKind.Loop) frame.nextIsReached = true;
    return frame.target;
  }

  branch(): void {
    const frame = this.frameAt(this.reader.index);
    this.jump(this.branchTarget(frame), this.takeMany(labelTypes(frame).length));
    this.becomeUnreachable();
  }

  branchIf(): void {
    const condition = this.pop();
    this.branchWhen(condition, this.reader.index, true, NO_VALUES);
  }

  branchTable(): void {
    const { reader, builder } = this;
    const index = this.pop();
    const last = reader.listLength - 1;
    const count = labelTypes(this.frameAt(reader.list[last]!)).length;
    const args = this.popMany(count);
    const callTo = (label: number) => builder.blockCall(this.branchTarget(this.frameAt(label)), args);
    const calls = [callTo(reader.list[last]!)];
    for (let i = 0; i < last; i++) calls.push(callTo(reader.list[i]!));
    builder.ins.brTable(index, calls);
    this.becomeUnreachable();
  }

  returns(): void {
    const [frame] = this.frames;
    this.jump(this.branchTarget(frame!), this.takeMany(frame!.results.length));
    this.becomeUnreachable();
  }

  trap(): void {
    this.builder.ins.trap(GcTrap.Unreachable);
    this.becomeUnreachable();
  }

  /** Branches to a label with what stands on the stack, and `extra` behind it, when the condition holds. */
  branchWhen(condition: Value, label: number, whenTaken: boolean, extra: readonly Value[]): void {
    const frame = this.frameAt(label);
    const next = this.builder.createBlock();
    const operands = this.peekMany(labelTypes(frame).length - extra.length);
    const args = extra.length === 0 ? operands : [...operands, ...extra];
    const taken = this.builder.blockCall(this.branchTarget(frame), args);
    const other = this.builder.blockCall(next);
    if (whenTaken) this.builder.ins.brif(condition, taken, other);
    else this.builder.ins.brif(condition, other, taken);
    this.builder.sealBlock(next);
    this.builder.switchToBlock(next);
  }
}
