/**
 * Calls in the body of a Wasm function, and the frame on the shadow stack that tells a collector of the function's references.
 *
 * Where the stack ends is passed on from call to call, so a frame is made by a subtraction and needs no giving back, whatever ends the function. What
 * is called from outside, or calls outside, finds it in a global: there it is as of the last call that leaves compiled code.
 */
import { I32List } from "../base/column.ts";
import { EpochTable } from "../base/epoch-table.ts";
import { type Inst, NONE, type SigRef, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { WASM_OPERATORS } from "../ir/names.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, isCall } from "../ir/opcodes.ts";
import { STACK_OVERFLOW } from "../ir/trap-codes.ts";
import { FIRST_FRAMES } from "../object/symbol-spaces.ts";
import type { SymbolTable } from "../object/symbols.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { CodeWriter } from "./code-writer.ts";
import type { ModuleIndices } from "./environment.ts";
import { lowerMemoryOperator } from "./lower-memory.ts";
import { isEmpty, UNNAMED } from "./named-maps.ts";
import { immediateCount, isMemoryOperator } from "./operators.ts";
import { WasmType, wasmTypeOf } from "./wasm-types.ts";

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
  /** Whether the frame holds more than references, or nobody says when they are live: it stays as it is during all calls. */
  protected keepsFrame: boolean;
  /** The offsets of the stack map at hand. */
  private readonly offsets: I32List;
  /** The symbols of the function's stack maps, as far as they were named. */
  private readonly mapSymbols: EpochTable;

  constructor() {
    super();
    this.namedMap = UNNAMED;
    this.keepsFrame = false;
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
    if (!tail) this.nameStackMap(inst);
    const passing = indirect
      ? this.indices!.indirectStackPassing(table)
      : this.indices!.stackPassing(this.func, dfg.funcRef(inst));
    if (passing === "argument" || passing === "exit" || passing === "import") this.pushStackEnd(inst, tail);
    if (indirect) this.pushAddress(this.arg(inst, 0), this.indices!.isTable64(table));
    if (passing === "global") {
      this.pushStackEnd(inst, tail);
      this.opIndex(WasmOp.GlobalSet, this.indices!.stackPointer);
    }
    if (passing === "import") this.linkedCode(this.indices!.importEndSymbol(this.func, dfg.funcRef(inst)));
    if (passing === "exit") {
      const symbol = indirect
        ? this.indices!.indirectExitSymbol(signature, tail)
        : this.indices!.exitSymbol(this.func, dfg.funcRef(inst), tail);
      this.callSymbol(tail ? WasmOp.ReturnCall : WasmOp.Call, symbol);
    } else if (indirect) {
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
    const { symbols } = this.indices!;
    if (symbols === null || this.frame.sizeBytes === 0 || !this.func.mayCollect(inst)) return;
    const map = this.func.dfg.stackMap(inst);
    if (!this.passesFrame(inst)) this.namedMap = UNNAMED;
    else if (map + 1 !== this.namedMap) this.nameMap(map, symbols);
  }

  /** Makes the frame name a map. */
  private nameMap(map: StackMap | typeof NONE, symbols: SymbolTable): void {
    this.namedMap = map + 1;
    this.pushFrameAddress(0);
    this.symbolAddress(this.symbolOfMap(map, symbols));
    this.memoryAccess(WasmOp.I32Store, 2, this.frame.baseBytes);
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
      offsets.push(
        this.frame.offsetBytes(slot) - this.frame.baseBytes + stackMaps.entryOffset(map as StackMap, i),
      );
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
   * Makes the frame, if the function has one: from then on it is where the stack ends for those calls that need something of it. Of a
   * function that makes others, as well as of one without a frame, the stack ends where it did on entry.
   */
  protected enterFrame(): void {
    this.keepsFrame = this.indices!.symbols === null || !this.frame.holdsOnlyReferences(this.func);
    if (this.frame.sizeBytes === 0) return;
    const { stackSource, symbols } = this.indices!;
    switch (stackSource) {
      case "none":
        throw new Error("a function has a frame, and is not told where");
      case "top":
        this.symbolAddress(symbols!.intern(FIRST_FRAMES, this.frame.sizeBytes));
        break;
      default:
        this.localGet(this.stackParam);
        this.i32Const(this.frame.sizeBytes);
        this.op(WasmOp.I32Sub);
    }
    const isSole = stackSource === "parameter" && !this.passesEntry();
    this.framePointer = isSole ? this.stackParam : this.locals.addLocal(WasmType.I32);
    this.localSet(this.framePointer);
    this.checkFrame();
  }

  /** Whether a call passes where the stack ended on entry, though there is a frame. */
  private passesEntry(): boolean {
    const { dfg, layout } = this.func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        if (!isCall(dfg.opcode(inst))) continue;
        const op = dfg.opcode(inst);
        if (op === Op.ReturnCall || op === Op.ReturnCallIndirect || !this.passesFrame(inst)) return true;
      }
    }
    return false;
  }

  /** Whether the frame must stay as it is during a call, other than a tail call. */
  private passesFrame(inst: Inst): boolean {
    if (this.frame.sizeBytes === 0) return false;
    return (
      this.keepsFrame || !this.func.mayCollect(inst) || !isEmpty(this.func, this.func.dfg.stackMap(inst))
    );
  }

  /** Pushes where the shadow stack ends for a call. */
  private pushStackEnd(inst: Inst, tail: boolean): void {
    const { stackSource, symbols } = this.indices!;
    if (!tail && this.passesFrame(inst)) this.pushFrameAddress(0);
    else if (stackSource === "parameter") this.localGet(this.stackParam);
    else if (stackSource === "top") this.symbolAddress(symbols!.intern(FIRST_FRAMES, 0));
    else if (this.func.mayCollect(inst)) throw new Error("a call may collect, and is not told where");
    // Who has no frame and calls nobody with one has no use for it.
    else this.i32Const(0);
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
}
