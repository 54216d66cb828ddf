/**
 * Writes one function's code: opcodes by id, operands where the trees put them, and a few temporary locals. The lowerings
 * stand on it, and know nothing of control flow.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { InputError } from "../base/diagnostics.ts";
import { type Inst, NONE, type StackSlot, type Value } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { aliasRegion, type MemFlags } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { isCall, opcodeName } from "../ir/opcodes.ts";
import { HEAP_OUT_OF_BOUNDS, type TrapCode } from "../ir/trap-codes.ts";
import { bitsOf, I32, I64, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { addressPlace, codePlace, indexPlace } from "../object/code.ts";
import { opcodeBytes, OPCODE_COUNT as WASM_OPCODE_COUNT } from "../wasm/opcodes.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { isNarrow } from "./direct-ops.ts";
import type { ModuleIndices } from "./environment.ts";
import { Frame } from "./frame.ts";
import { Locals } from "./locals.ts";
import { unsupportedInst } from "./messages.ts";
import { Place, Trees } from "./trees.ts";
import { WASM_TYPE_COUNT, wasmTypeOf } from "./wasm-types.ts";

const PREFIXES = Uint8Array.from({ length: WASM_OPCODE_COUNT }, (_, id) => opcodeBytes(id).prefix);
const LOCAL_TEE = opcodeBytes(WasmOp.LocalTee).code;
const CODES = Uint16Array.from({ length: WASM_OPCODE_COUNT }, (_, id) => opcodeBytes(id).code);

/** No engine has a memory of so many bytes: what lies behind it is as far out as what lies further behind. */
const BEYOND_MEMORY = 2 ** 52;

export abstract class CodeWriter {
  protected readonly out: ByteWriter;
  /** Pairs: where in the code an address is missing, and of which symbol. */
  protected readonly places: I32List;
  /** Pairs: where in the code an instruction begins that comes from elsewhere than the one before it, and its location. */
  protected readonly positions: I32List;
  protected readonly trees: Trees;
  protected readonly locals: Locals;
  protected readonly frame: Frame;
  func: Function;
  indices: ModuleIndices | null;
  /** The local that holds the frame's address, and the parameter that says where the caller's stack ends; or -1. */
  protected framePointer: number;
  protected stackParam: number;
  /** Of the CLIF instruction at hand, and of what was emitted last; `NONE` in a function without locations. */
  protected location: number;
  private located: number;
  /** Temporary locals by Wasm type, two of each, or -1. */
  private readonly temps: Int32Array;
  /** The last `local.set`: where it stands and ends, and of which local. */
  private setStart: number;
  private setEnd: number;
  private setLocal: number;

  constructor() {
    this.out = new ByteWriter();
    this.places = new I32List();
    this.positions = new I32List();
    this.trees = new Trees();
    this.locals = new Locals();
    this.frame = new Frame();
    this.func = new Function();
    this.indices = null;
    this.framePointer = -1;
    this.stackParam = -1;
    this.location = NONE;
    this.located = NONE;
    this.temps = new Int32Array(WASM_TYPE_COUNT * 2);
    this.setStart = 0;
    this.setEnd = -1;
    this.setLocal = 0;
  }

  protected beginCode(func: Function, indices: ModuleIndices): void {
    this.func = func;
    this.indices = indices;
    this.framePointer = -1;
    this.stackParam = -1;
    this.setEnd = -1;
    this.out.clear();
    this.places.clear();
    this.positions.clear();
    this.location = NONE;
    this.located = NONE;
    this.temps.fill(-1);
  }

  /** Pushes the value that an instruction inlined into a tree computes. */
  protected abstract emitInst(inst: Inst): void;

  // Opcodes.

  op(id: number): void {
    if (this.location !== this.located) this.notePosition();
    const prefix = PREFIXES[id]!;
    if (prefix === 0) {
      this.out.byte(CODES[id]!);
    } else {
      this.out.byte(prefix);
      this.out.u32(CODES[id]!);
    }
  }

  private notePosition(): void {
    this.positions.push(this.out.length);
    this.positions.push(this.location);
    this.located = this.location;
  }

  /** What is emitted from here on comes from where the instruction does; one that a pass added, from where the one before it did. */
  protected locate(inst: Inst): void {
    const location = this.func.sourceLoc(inst);
    if (location !== NONE) this.location = location;
  }

  /** An opcode with one index behind it. */
  opIndex(id: number, index: number): void {
    this.op(id);
    this.out.u32(index);
  }

  /** An immediate of one byte. */
  rawByte(value: number): void {
    this.out.byte(value);
  }

  /** Four bytes, little-endian. */
  rawWord(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.out.byte((value >>> shift) & 0xff);
  }

  i32Const(value: number): void {
    this.op(WasmOp.I32Const);
    this.out.s32(value);
  }

  /** Pushes the address of a symbol, which is put in when the code is linked. */
  symbolAddress(symbol: number): void {
    this.op(WasmOp.I32Const);
    this.places.push(this.out.length);
    this.places.push(addressPlace(symbol));
  }

  i64Const(low: number, high: number): void {
    this.op(WasmOp.I64Const);
    this.out.s64(low, high);
  }

  /** A small constant of either integer type. */
  intConst(type: Type, value: number): void {
    if (type === I64) this.i64Const(value | 0, value < 0 ? -1 : 0);
    else this.i32Const(value);
  }

  /** The `i32` or the `i64` form of an opcode. */
  intOp(type: Type, narrow: number, wide: number): void {
    this.op(type === I64 ? wide : narrow);
  }

  // Values.

  /** The value behind operand `index`. */
  arg(inst: Inst, index: number): Value {
    return this.func.dfg.resolveAliases(this.func.dfg.arg(inst, index));
  }

  typeOf(value: Value): Type {
    return this.func.dfg.valueType(value);
  }

  push(value: Value): void {
    switch (this.trees.placeOf(value)) {
      case Place.Local:
        if (this.isJustSet(value)) this.undoSet();
        else this.localGet(this.locals.localOf(value));
        return;
      default:
        this.emitInlined(this.func.dfg.valueInst(value));
    }
  }

  /** An operand has a place of its own; what takes it goes on with its. */
  private emitInlined(inst: Inst): void {
    const { location } = this;
    this.emitInst(inst);
    this.location = location;
  }

  /** The instruction whose result is inlined here, for lowerings that take it in; `NONE` for any other value. */
  inlinedInst(value: Value): Inst | typeof NONE {
    return this.trees.placeOf(value) === Place.Inline ? this.func.dfg.valueInst(value) : NONE;
  }

  pushArg(inst: Inst, index: number): void {
    this.push(this.arg(inst, index));
  }

  /** Pushes a value zero-extended to its Wasm type. */
  pushZero(value: Value): void {
    this.push(value);
    if (isNarrow(this.typeOf(value)) && !this.isClean(value)) this.zeroExtend(this.typeOf(value));
  }

  pushSign(value: Value): void {
    this.push(value);
    this.signExtend(this.typeOf(value));
  }

  /** Clears what lies above a narrow value on the stack. */
  zeroExtend(type: Type): void {
    if (!isNarrow(type)) return;
    this.i32Const((1 << bitsOf(type)) - 1);
    this.op(WasmOp.I32And);
  }

  signExtend(type: Type): void {
    if (isNarrow(type)) this.op(bitsOf(type) === 8 ? WasmOp.I32Extend8S : WasmOp.I32Extend16S);
  }

  /** Pushes a value as an i32 that is zero exactly when the value is. */
  pushCondition(value: Value): void {
    this.pushZero(value);
    if (this.typeOf(value) !== I64) return;
    this.i64Const(0, 0);
    this.op(WasmOp.I64Ne);
  }

  /** Pushes an address of a memory, or an index of a table, that takes an i64 (`isWide`) or an i32. */
  pushAddress(value: Value, isWide = false): void {
    this.push(value);
    if ((this.typeOf(value) === I64) === isWide) return;
    this.op(isWide ? WasmOp.I64ExtendI32U : WasmOp.I32WrapI64);
  }

  /** The memory that an access with these flags is in. */
  memoryOf(flags: MemFlags): number {
    const region = aliasRegion(flags);
    return region === NONE ? this.indices!.memory : this.indices!.memoryOf(this.func, region);
  }

  isMemory64(memory: number): boolean {
    return this.indices!.isMemory64(memory);
  }

  /** Whether nothing lies above a narrow value in its local. */
  private isClean(value: Value): boolean {
    const { dfg } = this.func;
    if (dfg.valueKind(value) !== ValueKind.Result) return false;
    switch (dfg.opcode(dfg.valueInst(value))) {
      case Op.Icmp:
      case Op.Fcmp:
      case Op.VanyTrue:
      case Op.VallTrue:
      case Op.Load:
      case Op.Uload8:
      case Op.Iconst:
        return true;
      default:
        // A carry or a high half; what a call gives is as its callee left it.
        return dfg.valueIndex(value) === 1 && !isCall(dfg.opcode(dfg.valueInst(value)));
    }
  }

  // Locals.

  /** One of two temporary locals of the type that values of `type` are held in. */
  temp(type: Type, which: 0 | 1 = 0): number {
    const slot = wasmTypeOf(type) * 2 + which;
    if (this.temps[slot]! < 0) this.temps[slot] = this.locals.addLocal(wasmTypeOf(type));
    return this.temps[slot]!;
  }

  /** Whether the value was put into its local right here, and nobody else reads it. */
  private isJustSet(value: Value): boolean {
    return (
      this.setEnd === this.out.length &&
      this.setLocal === this.locals.localOf(value) &&
      this.trees.isReadOnce(value)
    );
  }

  /** Leaves what was put into a local on the stack. */
  private undoSet(): void {
    this.out.truncate(this.setStart);
    this.setEnd = -1;
  }

  /** A `local.get` right behind a `local.set` of the same local makes that a `local.tee`. */
  localGet(local: number): void {
    if (this.setEnd === this.out.length && this.setLocal === local) {
      this.out.setByte(this.setStart, LOCAL_TEE);
      this.setEnd = -1;
    } else {
      this.opIndex(WasmOp.LocalGet, local);
    }
  }

  localSet(local: number): void {
    this.setStart = this.out.length;
    this.opIndex(WasmOp.LocalSet, local);
    this.setEnd = this.out.length;
    this.setLocal = local;
  }

  localTee(local: number): void {
    this.opIndex(WasmOp.LocalTee, local);
  }

  // Traps.

  /** Traps when the i32 on the stack is not zero. */
  trapIf(code: TrapCode): void {
    this.op(WasmOp.If);
    this.out.byte(0x40);
    this.trap(code);
    this.op(WasmOp.End);
  }

  trap(code: TrapCode): void {
    const symbol = this.indices!.trapSymbol(code);
    if (symbol >= 0) this.callSymbol(WasmOp.Call, symbol);
    this.op(WasmOp.Unreachable);
  }

  protected callSymbol(op: number, symbol: number): void {
    this.op(op);
    this.places.push(this.out.length);
    this.places.push(indexPlace(symbol));
  }

  /** Instructions that are put in when the code is linked. */
  protected linkedCode(symbol: number): void {
    this.places.push(this.out.length);
    this.places.push(codePlace(symbol));
  }

  // The frame.

  /** Pushes the frame's address plus `offset`. */
  pushFrameAddress(offset: number): void {
    this.localGet(this.framePointer);
    if (offset === 0) return;
    this.i32Const(offset);
    this.op(WasmOp.I32Add);
  }

  slotOffset(slot: StackSlot): number {
    return this.frame.offsetBytes(slot);
  }

  /** Where in the frame a value points that is a stack slot's address, or -1. */
  frameOffsetOf(value: Value): number {
    const { dfg } = this.func;
    if (dfg.valueKind(value) !== ValueKind.Result) return -1;
    const inst = dfg.valueInst(value);
    if (dfg.opcode(inst) !== Op.StackAddr) return -1;
    return this.frame.offsetBytes(dfg.stackSlot(inst)) + dfg.offset(inst);
  }

  /**
   * CLIF's offsets end at 2^31: a larger one is added with a check that traps like the access itself. Wasm's immediate takes
   * it, so the sum's base is pushed and the offset returned; -1 for any other address.
   */
  pushLargeOffset(address: Value, isWide: boolean): number {
    const { dfg } = this.func;
    if (this.trees.placeOf(address) !== Place.Inline) return -1;
    const sum = dfg.valueInst(address);
    if (dfg.opcode(sum) !== Op.UaddOverflowTrap || dfg.trapCode(sum) !== HEAP_OUT_OF_BOUNDS) return -1;
    const offset = this.arg(sum, 1);
    if (dfg.valueKind(offset) !== ValueKind.Result || this.typeOf(offset) !== (isWide ? I64 : I32)) return -1;
    const constant = dfg.valueInst(offset);
    if (dfg.opcode(constant) !== Op.Iconst) return -1;
    const high = isWide ? dfg.immHigh(constant) >>> 0 : 0;
    this.pushArg(sum, 0);
    return Math.min(high * 0x1_0000_0000 + (dfg.immLow(constant) >>> 0), BEYOND_MEMORY);
  }

  /** A load, store or atomic with its alignment and offset. */
  memoryAccess(
    opcode: number,
    alignLog2: number,
    offset: number,
    memory: number = this.indices!.memory,
  ): void {
    this.op(opcode);
    this.out.u32(memory === 0 ? alignLog2 : alignLog2 | 0x40);
    if (memory !== 0) this.out.u32(memory);
    this.out.u64(offset | 0, Math.floor(offset / 0x1_0000_0000));
  }

  refuse(inst: Inst): never {
    const name = opcodeName(this.func.dfg.opcode(inst));
    throw new InputError(unsupportedInst(name));
  }
}
