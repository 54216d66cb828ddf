/**
 * Calls in the body of a Wasm function, and the frame on the shadow stack that tells a collector of the function's references.
 *
 * The frame is entered once, late where calls on the way to it need none, and given back where the function returns. A function that handles exceptions keeps the stack's
 * pointer as of its entry even if its frame is empty: what it catches has left the frames of others behind.
 */
import { I32List } from "../base/column.ts";
import { EpochTable } from "../base/epoch-table.ts";
import { type Block, type Inst, NONE, type SigRef, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { WASM_OPERATORS } from "../ir/names.ts";
import { Format } from "../ir/opcodes.ts";
import { STACK_OVERFLOW } from "../ir/trap-codes.ts";
import { FIRST_FRAMES } from "../object/symbol-spaces.ts";
import type { SymbolTable } from "../object/symbols.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { CodeWriter } from "./code-writer.ts";
import type { ModuleIndices } from "./environment.ts";
import { lowerMemoryOperator } from "./lower-memory.ts";
import { CLOSED, isEmpty, MAYBE_OPEN, UNNAMED } from "./named-maps.ts";
import { immediateCount, isMemoryOperator } from "./operators.ts";
import { wasmTypeOf } from "./wasm-types.ts";

const EMPTY_BLOCK = 0x40;

/** A constant of zero, by the Wasm type. */
const ZEROS: readonly { readonly op: number; readonly bytes: number }[] = [
  { op: WasmOp.I32Const, bytes: 1 },
  { op: WasmOp.I64Const, bytes: 1 },
  { op: WasmOp.F32Const, bytes: 4 },
  { op: WasmOp.F64Const, bytes: 8 },
  { op: WasmOp.V128Const, bytes: 16 },
];

export abstract class CallEmitter extends CodeWriter {
  /** What the frame names here (`named-maps.ts`): of a map all slots hold references that collectors kept up to date. */
  protected namedMap: number;
  /** The first call behind which nothing is live and a trap ends the block, or `NONE`; whether it has come. */
  private firstOfLast: Inst | typeof NONE;
  private isLastStretch: boolean;
  /** The offsets of the stack map at hand. */
  private readonly offsets: I32List;
  /** The symbols of the function's stack maps, as far as they were named. */
  private readonly mapSymbols: EpochTable;

  constructor() {
    super();
    this.namedMap = UNNAMED;
    this.firstOfLast = NONE;
    this.isLastStretch = false;
    this.offsets = new I32List();
    this.mapSymbols = new EpochTable();
  }

  protected override beginCode(func: Function, indices: ModuleIndices): void {
    super.beginCode(func, indices);
    this.mapSymbols.clear();
  }

  protected emitCall(inst: Inst, tail: boolean): void {
    const { dfg } = this.func;
    const format = dfg.format(inst);
    const indirect = format === Format.CallIndirect || format === Format.TryCallIndirect;
    if (!indirect && this.emitOperator(inst)) return;
    for (let i = indirect ? 1 : 0; i < dfg.argCount(inst); i++) this.pushArg(inst, i);
    const signature = dfg.callSignature(inst) as SigRef;
    const table = indirect ? this.indices!.tableIndex(this.func, signature) : 0;
    if (indirect) this.pushAddress(this.arg(inst, 0), this.indices!.isTable64(table));
    if (tail) this.leaveFrame();
    else this.nameStackMap(inst);
    if (indirect) {
      this.opIndex(
        tail ? WasmOp.ReturnCallIndirect : WasmOp.CallIndirect,
        this.indices!.typeIndex(this.func, signature),
      );
      this.out.u32(table);
    } else {
      this.opIndex(
        tail ? WasmOp.ReturnCall : WasmOp.Call,
        this.indices!.functionIndex(this.func, dfg.funcRef(inst)),
      );
    }
  }

  // Exceptions that unwind by returning.

  /** Returns behind a call, whose results are on the stack, if it left an exception in flight. */
  protected emitThrownReturn(inst: Inst): void {
    if (!this.leavesException(inst)) return;
    this.pushThrown();
    this.op(WasmOp.If);
    this.out.byte(EMPTY_BLOCK);
    this.returnZeros();
    this.op(WasmOp.End);
  }

  private leavesException(inst: Inst): boolean {
    const { dfg } = this.func;
    const { exceptionForm, exceptionTag } = this.indices!;
    if (exceptionForm !== "checks" || exceptionTag < 0) return false;
    return dfg.format(inst) !== Format.Call || this.indices!.mayThrow(this.func, dfg.funcRef(inst));
  }

  /** Pushes the exception in flight, or 0. */
  protected pushThrown(): void {
    this.symbolAddress(this.indices!.exceptionCell);
    this.memoryAccess(WasmOp.I32Load, 2, 0);
  }

  /** What the caller gets is dropped by its own check. */
  private returnZeros(): void {
    this.leaveFrame();
    for (const { type } of this.func.signature.returns) this.zero(wasmTypeOf(type));
    this.op(WasmOp.Return);
  }

  private zero(type: number): void {
    this.op(ZEROS[type]!.op);
    for (let i = 0; i < ZEROS[type]!.bytes; i++) this.rawByte(0);
  }

  /**
   * Tells a collector where this frame's references are, right before the call: an argument inlined to the left may have been
   * a call with a map of its own.
   */
  private nameStackMap(inst: Inst): void {
    const { dfg } = this.func;
    const { symbols } = this.indices!;
    if (symbols === null || this.frame.sizeBytes === 0 || !this.func.mayCollect(inst)) return;
    const map = dfg.stackMap(inst);
    if (this.namedMap === CLOSED && isEmpty(this.func, map + 1)) return;
    if (inst === this.firstOfLast) this.isLastStretch = true;
    if (this.isLastStretch) {
      // Nothing is live, so any map will do that was right before, and so will no frame.
      if (this.namedMap >= 0) return;
      if (this.namedMap === MAYBE_OPEN || this.neverReturns(inst)) {
        this.leaveFrame();
        this.namedMap = CLOSED;
        return;
      }
    }
    if (map + 1 === this.namedMap) return;
    if (this.namedMap === CLOSED || this.namedMap === MAYBE_OPEN) this.restoreFrame();
    this.nameMap(map, symbols);
  }

  /** Makes the frame name a map. */
  private nameMap(map: StackMap | typeof NONE, symbols: SymbolTable): void {
    this.namedMap = map + 1;
    this.pushFrameAddress(0);
    this.symbolAddress(this.symbolOfMap(map, symbols));
    this.memoryAccess(WasmOp.I32Store, 2, 0);
  }

  /** Of the block that is emitted next: from where on it only goes on to a trap, with nothing live at any call. */
  protected findLastStretch(block: Block): void {
    const { dfg, layout } = this.func;
    this.firstOfLast = NONE;
    this.isLastStretch = false;
    let inst = layout.lastInst(block);
    if (inst === NONE || dfg.format(inst) !== Format.Trap) return;
    for (inst = layout.prevInst(inst); inst !== NONE; inst = layout.prevInst(inst)) {
      if (!this.func.mayCollect(inst)) continue;
      if (!isEmpty(this.func, dfg.stackMap(inst) + 1)) return;
      this.firstOfLast = inst;
    }
  }

  /** Whether nothing but a trap stands behind the call. */
  private neverReturns(inst: Inst): boolean {
    const { dfg, layout } = this.func;
    const next = layout.nextInst(inst);
    return next !== NONE && dfg.format(next) === Format.Trap;
  }

  private symbolOfMap(map: StackMap | typeof NONE, symbols: SymbolTable): number {
    const known = this.mapSymbols.get(map + 1);
    if (known >= 0) return known;
    const { stackMaps } = this.func.dfg;
    const { offsets } = this;
    offsets.clear();
    const count = map === NONE ? 0 : stackMaps.entryCount(map as StackMap);
    for (let i = 0; i < count; i++) {
      const slot = stackMaps.entrySlot(map as StackMap, i);
      offsets.push(this.frame.offsetBytes(slot) + stackMaps.entryOffset(map as StackMap, i));
    }
    const symbol = symbols.internMap(this.frame.sizeBytes, offsets);
    this.mapSymbols.set(map + 1, symbol);
    return symbol;
  }

  /** A call that stands for a Wasm operator: the first arguments are its immediates. */
  private emitOperator(inst: Inst): boolean {
    const { dfg } = this.func;
    const { name } = dfg.extFuncs[dfg.funcRef(inst)]!;
    if (name.kind !== "user" || dfg.userNames.namespace(name.ref) !== WASM_OPERATORS) return false;
    const op = dfg.userNames.index(name.ref);
    if (op === WasmOp.Throw && this.indices!.exceptionForm === "checks") {
      // The exception is in its cell.
      this.returnZeros();
      return true;
    }
    if (isMemoryOperator(op)) {
      lowerMemoryOperator(this, inst, op);
      return true;
    }
    const immediates = immediateCount(op);
    for (let i = immediates; i < dfg.argCount(inst); i++) this.pushArg(inst, i);
    this.op(op);
    for (let i = 0; i < immediates; i++) this.out.u32(dfg.immLow(dfg.valueInst(this.arg(inst, i))));
    return true;
  }

  // The frame on the shadow stack.

  /**
   * Of every function; `keeps` if it has no frame, but has to know the stack's pointer. A frame that opens late is made by the first
   * call that needs it: what is put into its slots before lies where no other frame is, since nothing that has one is called.
   */
  protected enterFrame(keeps: boolean, opensLate: boolean): void {
    const { beginsStack } = this.indices!;
    const hasFrame = this.frame.sizeBytes > 0;
    const keepsAddress = hasFrame || keeps;
    if (!keepsAddress && !beginsStack) return;
    // Not of a module without a heap, which has no stack.
    const { stackPointer } = this.indices!;
    if (beginsStack) {
      this.symbolAddress(this.indices!.symbols!.intern(FIRST_FRAMES, this.frame.sizeBytes));
    } else {
      this.opIndex(WasmOp.GlobalGet, stackPointer);
      if (hasFrame) {
        this.i32Const(this.frame.sizeBytes);
        this.op(WasmOp.I32Sub);
      }
    }
    if (!keepsAddress) {
      this.opIndex(WasmOp.GlobalSet, stackPointer);
      return;
    }
    this.needFramePointer();
    this.localSet(this.framePointer);
    if (hasFrame) this.checkFrame();
    if (opensLate) this.namedMap = CLOSED;
    else if (hasFrame) this.openFrame();
    else if (beginsStack) this.restoreFrame();
  }

  private openFrame(): void {
    this.restoreFrame();
    const { symbols, mapOnEntry } = this.indices!;
    this.namedMap = UNNAMED;
    if (mapOnEntry && symbols !== null) this.nameMap(NONE, symbols);
  }

  /** Traps if the frame is below its limit, before anything is put there. Signed: it may have gone below 0. */
  private checkFrame(): void {
    const { stackLimit } = this.indices!;
    if (stackLimit === 0) return;
    this.pushFrameAddress(0);
    this.i32Const(stackLimit);
    this.op(WasmOp.I32LtS);
    this.trapIf(STACK_OVERFLOW);
  }

  /** Makes this frame the innermost one; in a handler that gives back what is below. */
  protected restoreFrame(): void {
    this.pushFrameAddress(0);
    this.opIndex(WasmOp.GlobalSet, this.indices!.stackPointer);
  }

  /** Gives the frame back; what is on the operand stack stays there. */
  protected leaveFrame(): void {
    if (this.frame.sizeBytes === 0 || this.namedMap === CLOSED) return;
    this.pushFrameAddress(this.frame.sizeBytes);
    this.opIndex(WasmOp.GlobalSet, this.indices!.stackPointer);
  }
}
