/**
 * Structured control of a function under translation, as blocks with parameters: a construct's results, and a loop's
 * parameters, are parameters of the block that follows or begins it.
 */
import { GcTrap } from "../gc/traps.ts";
import type { Block, Value } from "../ir/entities.ts";
import { EMPTY_BLOCK } from "../wasm/operators.ts";
import type { ValType } from "../wasm/types.ts";
import { type BlockTypes, type ControlFrame, ControlStack, FrameKind, NO_TYPES } from "./control.ts";
import { FunctionState, paramsOf, resultsOf } from "./function-state.ts";

export class ControlTranslator extends FunctionState {
  protected readonly frames: ControlStack = new ControlStack();
  /** By block type, as it is read: those met so far. */
  private readonly knownTypes: Map<number, BlockTypes> = new Map();
  /** How many loops the operator at hand is in; a function that is nearly all allocation counts as one. */
  private loops = 0;
  /** Whether the operator at hand can be reached. */
  protected reachable = true;

  protected override begin(): void {
    super.begin();
    this.frames.clear();
    this.loops = 0;
    this.reachable = true;
  }

  /** What runs often allocates without a call on its way: not every engine inlines. */
  protected countLoops(change: number): void {
    this.loops += change;
    if (this.heapOperations !== null) this.heapOperations.allocatesInPlace = this.loops > 0;
  }

  /** Of the construct that was read. */
  protected blockTypes(): BlockTypes {
    const { blockType } = this.reader;
    if (blockType === EMPTY_BLOCK) return NO_TYPES;
    let types = this.knownTypes.get(blockType);
    if (types === undefined) {
      types = blockType < 0 ? { params: [], results: [~blockType] } : this.typesOf(blockType);
      this.knownTypes.set(blockType, types);
    }
    return types;
  }

  /** Of a function type. */
  private typesOf(type: number): BlockTypes {
    const { types } = this.module;
    return { params: paramsOf(types, type), results: resultsOf(types, type) };
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
    const types = this.blockTypes();
    const next = this.blockOf(types.results);
    this.open(FrameKind.Block, next, next, types);
  }

  loop(): void {
    const types = this.blockTypes();
    const header = this.blockOf(types.params);
    const next = this.blockOf(types.results);
    this.jump(header, this.takeMany(types.params.length));
    this.enter(header);
    this.open(FrameKind.Loop, header, next, types);
    this.countLoops(1);
  }

  conditional(): void {
    const types = this.blockTypes();
    const condition = this.pop();
    const then = this.builder.createBlock();
    const otherwise = this.builder.createBlock();
    const next = this.blockOf(types.results);
    this.builder.ins.brif(condition, this.builder.blockCall(then), this.builder.blockCall(otherwise));
    this.builder.sealBlock(then);
    this.builder.sealBlock(otherwise);
    const frame = this.open(FrameKind.If, next, next, types);
    frame.elseBlock = otherwise;
    // The operands that an `else` arm starts with are those that stand there now.
    frame.elseOperands = this.peekMany(types.params.length);
    this.builder.switchToBlock(then);
  }

  protected open(kind: number, target: Block, next: Block, types: BlockTypes): ControlFrame {
    return this.frames.open(kind, target, next, types, this.stack.length - types.params.length);
  }

  otherwise(): void {
    const frame = this.frames.top;
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
    this.jump(frame.next, this.takeMany(frame.types.results.length));
  }

  end(): void {
    const frame = this.frames.top;
    if (this.reachable) this.leaveTo(frame);
    if (frame.kind === FrameKind.If) this.missingElse(frame);
    this.frames.close();
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
    this.builder.ins.return_(this.takeMany(frame.types.results.length));
  }

  /** An `if` without `else` passes its parameters on. */
  private missingElse(frame: ControlFrame): void {
    this.builder.switchToBlock(frame.elseBlock as Block);
    frame.nextIsReached = true;
    this.jump(frame.next, frame.elseOperands);
  }

  protected becomeUnreachable(): void {
    this.reachable = false;
    this.dropTo(this.frames.top.height);
  }

  protected frameAt(label: number): ControlFrame {
    return this.frames.at(label);
  }

  /** Where a branch to the label goes, noting that something does. */
  protected branchTarget(frame: ControlFrame): Block {
    if (frame.kind !== FrameKind.Loop) frame.nextIsReached = true;
    return frame.target;
  }

  branch(): void {
    const frame = this.frameAt(this.reader.index);
    this.jump(this.branchTarget(frame), this.takeMany(frame.labelTypes.length));
    this.becomeUnreachable();
  }

  branchIf(): void {
    const condition = this.pop();
    this.branchWhen(condition, this.reader.index, true);
  }

  branchTable(): void {
    const { reader, builder } = this;
    const index = this.pop();
    const last = reader.listLength - 1;
    const count = this.frameAt(reader.list[last]!).labelTypes.length;
    const args = this.popMany(count);
    const callTo = (label: number) => builder.blockCall(this.branchTarget(this.frameAt(label)), args);
    const calls = [callTo(reader.list[last]!)];
    for (let i = 0; i < last; i++) calls.push(callTo(reader.list[i]!));
    builder.ins.brTable(index, calls);
    this.becomeUnreachable();
  }

  returns(): void {
    const frame = this.frames.at(this.frames.length - 1);
    this.jump(this.branchTarget(frame), this.takeMany(frame.types.results.length));
    this.becomeUnreachable();
  }

  trap(): void {
    this.builder.ins.trap(GcTrap.Unreachable);
    this.becomeUnreachable();
  }

  /** Branches to a label with what stands on the stack when the condition holds, or when it does not. */
  branchWhen(condition: Value, label: number, whenTaken: boolean): void {
    const frame = this.frameAt(label);
    const next = this.builder.createBlock();
    const args = this.peekMany(frame.labelTypes.length);
    const taken = this.builder.blockCall(this.branchTarget(frame), args);
    const other = this.builder.blockCall(next);
    if (whenTaken) this.builder.ins.brif(condition, taken, other);
    else this.builder.ins.brif(condition, other, taken);
    this.builder.sealBlock(next);
    this.builder.switchToBlock(next);
  }
}
