/**
 * Exceptions of a function under translation, both dialects.
 *
 * A *region* is a part of the code in which exceptions are caught: a `try_table`, or the body of a `try`. What may throw in it goes
 * to the innermost one: a call by the exceptional edge of a `try_call`, to the region's landing, which takes the exception out of
 * its cell; anything else straight to the region's dispatch, with the exception. There it is compared with the clauses in order,
 * and goes on to the dispatch of the region around, or out of the function. A region in which nothing throws has neither block.
 *
 * The clauses of a `try` are no part of its region. Legacy exceptions: the proposal's explainer, "Exceptions.md".
 */
import {
  exceptionNew,
  exceptionPayload,
  exceptionTag,
  exceptionTake,
  exceptionThrow,
  isTag,
} from "../gc/exceptions.ts";
import { GcTrap } from "../gc/traps.ts";
import { retArg } from "../ir/block-calls.ts";
import {
  type Block,
  type ExceptionTable,
  type FuncRef,
  NONE,
  type SigRef,
  type Value,
} from "../ir/entities.ts";
import { CATCH_ALL, CATCH_ALL_REF, CATCH_FIELDS, CATCH_REF } from "../wasm/operators.ts";
import { HEAP_EXN, refType, type ValType } from "../wasm/types.ts";
import { type ControlFrame, FrameKind, type TryRegion } from "./control.ts";
import { ControlTranslator } from "./control-translator.ts";
import { resultsOf } from "./function-state.ts";

/** What was thrown is there. */
const THROWN: ValType = refType(HEAP_EXN, false);

export abstract class ExceptionTranslator extends ControlTranslator {
  /** The regions that the code at hand is in, the innermost last. */
  private readonly regions: TryRegion[] = [];

  /** To call a function of the module. */
  protected abstract callee(index: number): FuncRef;

  protected get isInRegion(): boolean {
    return this.regions.length > 0;
  }

  protected override begin(): void {
    super.begin();
    this.regions.length = 0;
  }

  // What throws.

  throws(): void {
    const { index } = this.reader;
    const payload = this.popMany(this.module.types.paramCount(this.tagType(index)));
    const thrower = this.isInRegion ? -1 : (this.heap.plan.typeFunctions?.throwOf(index) ?? -1);
    if (thrower < 0) this.throwTag(index, payload);
    else {
      this.ins.call(this.callee(thrower), payload);
      this.ins.trap(GcTrap.Unreachable);
    }
    this.becomeUnreachable();
  }

  /** Ends the block. */
  protected throwTag(index: number, payload: readonly Value[]): void {
    this.raise(exceptionNew(this.heap, { index, type: this.tagType(index) }, payload), this.regions.at(-1));
  }

  throwsReference(): void {
    const exception = this.pop();
    this.heap.trapIfNull(exception, GcTrap.NullException);
    this.raise(exception, this.regions.at(-1));
    this.becomeUnreachable();
  }

  rethrows(): void {
    const { caught } = this.frameAt(this.reader.index).region!;
    this.raise(caught as Value, this.regions.at(-1));
    this.becomeUnreachable();
  }

  private tagType(tag: number): number {
    return this.module.tags[tag]!.type;
  }

  /** Ends the block: the exception goes to the region, or out of the function. */
  private raise(exception: Value, region: TryRegion | undefined): void {
    if (region === undefined) exceptionThrow(this.heap, exception);
    else this.jump(this.dispatchOf(region), [exception]);
  }

  /** A call in a region; `emit` makes it of its exception table. Pushes the results. */
  protected tryCall(signature: SigRef, type: number, emit: (table: ExceptionTable) => void): void {
    const { builder } = this;
    const next = this.blockOf(resultsOf(this.module.types, type));
    const results = Array.from({ length: this.module.types.resultCount(type) }, (_, i) => retArg(i));
    const landing = builder.blockCall(this.landingOf(this.regions.at(-1)!));
    const table = builder.func.dfg.blockCalls.createTable(signature, builder.blockCall(next, results), [
      { kind: "default", call: landing },
    ]);
    emit(table);
    builder.sealBlock(next);
    this.enter(next);
  }

  private landingOf(region: TryRegion): Block {
    if (region.landing === NONE) region.landing = this.builder.createBlock();
    return region.landing as Block;
  }

  private dispatchOf(region: TryRegion): Block {
    if (region.dispatch === NONE) region.dispatch = this.blockOf([THROWN]);
    return region.dispatch as Block;
  }

  // Regions.

  tryBlock(): void {
    this.openRegion([]);
  }

  tryTable(): void {
    this.openRegion(Array.from(this.reader.list.subarray(0, this.reader.listLength)));
  }

  private openRegion(clauses: readonly number[]): void {
    // Whatever catches needs the heap.
    void this.heap;
    const types = this.blockTypes();
    const next = this.blockOf(types.results);
    const region: TryRegion = {
      depth: this.frames.length,
      landing: NONE,
      dispatch: NONE,
      clauses,
      uncaught: NONE,
      caught: NONE,
    };
    this.open(FrameKind.Try, next, next, types).region = region;
    this.regions.push(region);
  }

  /** Ends the body of a region, which is the innermost. Continues in its dispatch, with the exception, unless nothing comes there. */
  private closeRegion(frame: ControlFrame): void {
    const { builder } = this;
    const region = frame.region!;
    if (this.reachable) this.leaveTo(frame);
    this.regions.pop();
    if (region.landing !== NONE) {
      builder.sealBlock(region.landing as Block);
      builder.switchToBlock(region.landing as Block);
      this.jump(this.dispatchOf(region), [exceptionTake(this.heap)]);
    }
    this.reachable = false;
    if (region.dispatch === NONE) return;
    const dispatch = region.dispatch as Block;
    builder.sealBlock(dispatch);
    builder.switchToBlock(dispatch);
    region.caught = builder.func.dfg.blockParam(dispatch, 0);
    region.uncaught = dispatch;
  }

  override end(): void {
    const frame = this.frames.top;
    if (frame.region !== null) this.endTry(frame, frame.region);
    super.end();
  }

  private endTry(frame: ControlFrame, region: TryRegion): void {
    if (frame.kind === FrameKind.Try) {
      this.closeRegion(frame);
      this.dispatchTable(region);
    } else if (this.reachable) this.leaveTo(frame);
    this.reachable = false;
    if (region.uncaught === NONE) return;
    this.builder.switchToBlock(region.uncaught as Block);
    this.raise(region.caught as Value, this.regions.at(-1));
  }

  /** Compares what the dispatch has with the clauses of a `try_table`; a `try` has none. */
  private dispatchTable(region: TryRegion): void {
    const { clauses } = region;
    if (region.uncaught === NONE || clauses.length === 0) return;
    const exception = region.caught as Value;
    const tag = exceptionTag(this.heap, exception);
    for (let i = 0; i < clauses.length; i += CATCH_FIELDS) {
      const kind = clauses[i]!;
      // Labels count from outside.
      const target = this.frameAt(clauses[i + 2]! + 1);
      const args: Value[] = [];
      const isTagged = kind < CATCH_ALL;
      if (isTagged) {
        this.whenTag(region, tag, clauses[i + 1]!);
        args.push(...exceptionPayload(this.heap, exception, this.tagType(clauses[i + 1]!)));
      }
      if (kind === CATCH_REF || kind === CATCH_ALL_REF) args.push(exception);
      this.jump(this.branchTarget(target), args);
      if (!isTagged) {
        region.uncaught = NONE;
        return;
      }
      this.builder.switchToBlock(region.uncaught as Block);
    }
  }

  /** Continues where the tag is the module's; `uncaught` is where it is not. */
  private whenTag(region: TryRegion, tag: Value, index: number): void {
    const { builder } = this;
    const hit = builder.createBlock();
    const miss = builder.createBlock();
    builder.ins.brif(isTag(this.heap, tag, index), builder.blockCall(hit), builder.blockCall(miss));
    builder.sealBlock(hit);
    builder.sealBlock(miss);
    builder.switchToBlock(hit);
    region.uncaught = miss;
  }

  // The clauses of a `try`.

  catches(all: boolean): void {
    const { index } = this.reader;
    const frame = this.frames.top;
    const region = frame.region!;
    if (frame.kind === FrameKind.Try) this.closeRegion(frame);
    else if (this.reachable) this.leaveTo(frame);
    frame.kind = FrameKind.Catch;
    this.dropTo(frame.height);
    this.reachable = region.uncaught !== NONE;
    if (region.uncaught === NONE) return;
    this.builder.switchToBlock(region.uncaught as Block);
    if (all) {
      region.uncaught = NONE;
      return;
    }
    const exception = region.caught as Value;
    this.whenTag(region, exceptionTag(this.heap, exception), index);
    this.stack.push(...exceptionPayload(this.heap, exception, this.tagType(index)));
  }

  /** Ends a `try`: what is thrown in it goes to the region at the label or around it. */
  delegates(): void {
    const frame = this.frames.top;
    const depth = this.frames.length - 2 - this.reader.index;
    this.closeRegion(frame);
    const region = frame.region!;
    if (region.uncaught !== NONE) {
      this.raise(
        region.caught as Value,
        this.regions.findLast((around) => around.depth <= depth),
      );
    }
    super.end();
  }
}
