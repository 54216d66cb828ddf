/**
 * The module of one memory that the main module cannot name: beside a heap, on a target with one memory a module, or because of its
 * addresses or pages, which the target does not have. Each operator on it is a call of a function here.
 *
 *     imports   "input" "memory", "size"   the memory itself, if the input imports it
 *     exports   "0", "1" …                the functions, by their number in `OutputPlan.memoryUses`
 *               "memory"                   the memory, of the one kind that all targets have: 32-bit addresses, pages of 64 KiB
 *               "size"                     with pages of another size: a global with the memory's size in bytes
 *               "read8", "write8", …       for copies between memories (`memory-copies.ts`)
 *
 * So memories are isolated by construction, grow on their own, and are what the host sees as `WebAssembly.Memory`; an access costs
 * a call. A function that accesses takes the address and the offset, adds them with a check, and does the rest at no offset.
 *
 * 64-bit addresses beyond 2³² are out of bounds: no memory here is so large. With pages of one byte the engine's memory is rounded
 * up, and every access is checked against the size.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { encodeLowered } from "../lowering/lower-module.ts";
import { writeMemoryAccess, writeOpcode } from "../wasm/encode-operators.ts";
import type { ByteRange, DataSegment, Export, Import, Limits, MemoryType, Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { CLASS_ATOMIC, OP_ALIGN_LOG2, OP_CLASS, OP_IMMEDIATES } from "../wasm/opcodes.ts";
import { I32, I64, TypeTable, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { ConstantValues, type ImportedBits } from "./constant-value.ts";
import { ACTIVE_DATA, type NumberFunctionType } from "./memory-functions.ts";
import { isCopyBetween } from "./memory-plan.ts";
import { memoryTooLarge, notConstant } from "./messages.ts";
import type { MemoryUse } from "./module-usage.ts";
import { addFunctionType } from "./output-types.ts";
import type { OutputPlan } from "./plan.ts";

const EMPTY_BLOCK = 0x40;
const PAGE_LOG2 = 16;
const MAX_PAGES = 65536n;
/** The one global: the size in bytes, where pages are of another size. */
const SIZE = 0;

/** A memory's type on the target. */
function hostType({ limits, shared, pageSizeLog2 }: MemoryType): MemoryType {
  const pages = (count: bigint): bigint => {
    const bytes = count << BigInt(pageSizeLog2);
    const rounded = (bytes + (1n << BigInt(PAGE_LOG2)) - 1n) >> BigInt(PAGE_LOG2);
    return rounded > MAX_PAGES ? MAX_PAGES : rounded;
  };
  const host: Limits = { min: pages(limits.min), max: limits.max === null ? null : pages(limits.max) };
  return { limits: host, is64: false, shared, pageSizeLog2: PAGE_LOG2 };
}

/** The module of a memory of the input. Throws `InputError` for one that is too large from the start. */
export function linkMemoryModule(plan: OutputPlan, memory: number, importedBits: ImportedBits): Uint8Array {
  const { type, offset } = plan.module.memories[memory]!;
  if (type.limits.min << BigInt(type.pageSizeLog2) > MAX_PAGES << BigInt(PAGE_LOG2))
    throw memoryTooLarge(offset);
  return new MemoryModule(plan, memory, importedBits).encode();
}

class MemoryModule {
  private readonly plan: OutputPlan;
  private readonly module: Module;
  private readonly memory: number;
  private readonly type: MemoryType;
  private readonly constants: ConstantValues;
  private readonly out: ByteWriter;
  private readonly types: TypeTable;
  private readonly functionTypes: I32List;
  private readonly code: { readonly starts: I32List; readonly ends: I32List };
  private readonly data: DataSegment[];
  private readonly exports: Export[];

  constructor(plan: OutputPlan, memory: number, importedBits: ImportedBits) {
    this.plan = plan;
    this.module = plan.module;
    this.memory = memory;
    this.type = plan.module.memories[memory]!.type;
    this.constants = new ConstantValues(plan.module, importedBits);
    this.out = new ByteWriter();
    this.out.append(plan.module.bytes);
    this.types = new TypeTable();
    this.functionTypes = new I32List();
    this.code = { starts: new I32List(), ends: new I32List() };
    this.data = [];
    this.exports = [];
  }

  private get isWide(): boolean {
    return this.type.is64;
  }

  /** Whether the engine's pages are not the memory's. */
  private get hasSize(): boolean {
    return this.type.pageSizeLog2 !== PAGE_LOG2;
  }

  private get isImported(): boolean {
    return this.memory < this.module.importedMemoryCount;
  }

  encode(): Uint8Array {
    const { module, plan } = this;
    plan.memoryUses.forEach((use, number) => {
      if (use.memory !== this.memory || isCopyBetween(use)) return;
      this.addUse(use, number);
    });
    if (plan.memoryUses.some((use) => isCopyBetween(use))) this.addPeers();
    this.exports.push({ name: "memory", kind: "memory", index: 0, offset: 0 });
    if (this.hasSize) this.exports.push({ name: "size", kind: "global", index: SIZE, offset: 0 });
    module.data.forEach(({ mode, memory, data }, i) => {
      // An active segment is dropped before anything else could use it, so it is nowhere but beside its memory.
      const isKept = mode === "active" ? memory === this.memory : plan.memories.isInitialized(i, this.memory);
      const kept = isKept ? data : { start: data.start, end: data.start };
      this.data.push({ mode: "passive", flags: 1, memory: 0, offsetExpr: null, data: kept, offset: 0 });
    });
    const zero = this.hasSize && !this.isImported ? this.sizeConstant() : null;
    return encodeLowered(plan.target, {
      ...module,
      types: this.types,
      imports: this.imports(),
      functionTypes: this.functionTypes,
      importedFunctionCount: 0,
      tables: [],
      importedTableCount: 0,
      memories: this.isImported ? [] : [{ type: hostType(this.type), offset: 0 }],
      importedMemoryCount: 0,
      tags: [],
      importedTagCount: 0,
      globals: zero === null ? [] : [{ type: I32, mutable: true, initStart: zero.start, initEnd: zero.end }],
      importedGlobalCount: 0,
      exports: this.exports,
      start: -1,
      elements: [],
      dataCount: this.data.length,
      code: this.code,
      data: this.data,
      customs: [],
      bytes: this.out.bytes(),
    });
  }

  private imports(): Import[] {
    if (!this.isImported) return [];
    const host = hostType(this.type);
    // What is given has been judged by the types of the input.
    const limits = host.shared ? host.limits : { min: 0n, max: null };
    const imports: Import[] = [
      { module: "input", name: "memory", type: { kind: "memory", memory: { ...host, limits } }, offset: 0 },
    ];
    if (this.hasSize) {
      const global = { type: I32, mutable: true };
      imports.push({ module: "input", name: "size", type: { kind: "global", global }, offset: 0 });
    }
    return imports;
  }

  private sizeConstant(): ByteRange {
    const out = new ByteWriter();
    const bytes = this.type.limits.min << BigInt(this.type.pageSizeLog2);
    writeOpcode(out, WasmOp.I32Const);
    out.s32(Number(BigInt.asIntN(32, bytes)));
    writeOpcode(out, WasmOp.End);
    return this.append(out);
  }

  private append(bytes: ByteWriter): ByteRange {
    const start = this.out.length;
    this.out.append(bytes.bytes());
    return { start, end: this.out.length };
  }

  private add(
    name: string,
    { params, results }: NumberFunctionType,
    write: (body: ByteWriter) => void,
  ): void {
    const body = new ByteWriter();
    body.u32(0);
    write(body);
    writeOpcode(body, WasmOp.End);
    const range = this.append(body);
    this.exports.push({ name, kind: "func", index: this.functionTypes.length, offset: 0 });
    this.code.starts.push(range.start);
    this.code.ends.push(range.end);
    this.functionTypes.push(addFunctionType(this.types, params, results));
  }

  private addUse(use: MemoryUse, number: number): void {
    const type = this.plan.memoryFunctionType(number);
    this.add(String(number), type, (body) => this.use(body, use, type.params));
  }

  /** What copies between memories are made of; addresses are in bytes of the memory, and checked. */
  private addPeers(): void {
    const peer = (name: string, operator: number, params: ValType[], results: ValType[]): void =>
      this.add(name, { params, results }, (body) => {
        params.forEach((_, local) => void get(body, local));
        writeOpcode(body, operator);
        writeMemoryAccess(body, 0, 0, 0, 0);
      });
    peer("read8", WasmOp.I32Load8U, [I32], [I32]);
    peer("read64", WasmOp.I64Load, [I32], [I64]);
    peer("write8", WasmOp.I32Store8, [I32, I32], []);
    peer("write64", WasmOp.I64Store, [I32, I64], []);
    this.add("bytes", { params: [], results: [I64] }, (body) => this.pushBytes(body));
  }

  /** The size in bytes, as an i64. */
  private pushBytes(body: ByteWriter): void {
    if (this.hasSize) {
      writeOpcode(body, WasmOp.GlobalGet);
      body.u32(SIZE);
      writeOpcode(body, WasmOp.I64ExtendI32U);
      return;
    }
    writeOpcode(body, WasmOp.MemorySize);
    body.u32(0);
    writeOpcode(body, WasmOp.I64ExtendI32U);
    i64Const(body, PAGE_LOG2);
    writeOpcode(body, WasmOp.I64Shl);
  }

  private use(body: ByteWriter, use: MemoryUse, params: readonly ValType[]): void {
    const address = this.isWide ? I64 : I32;
    switch (use.operator) {
      case ACTIVE_DATA:
        this.copyActiveData(body, use.other);
        return;
      case WasmOp.DataDrop:
        writeOpcode(body, WasmOp.DataDrop);
        body.u32(use.other);
        return;
      case WasmOp.MemorySize:
        this.size(body);
        return;
      case WasmOp.MemoryGrow:
        if (this.hasSize) this.growBytes(body);
        else this.growPages(body);
        return;
      case WasmOp.MemoryFill:
        this.checkRange(body, [0, address], [2, address]);
        this.pushNarrow(body, 0);
        get(body, 1);
        this.pushNarrow(body, 2);
        writeOpcode(body, WasmOp.MemoryFill);
        body.u32(0);
        return;
      case WasmOp.MemoryCopy:
        this.checkRange(body, [1, address], [2, address]);
        this.checkRange(body, [0, address], [2, address]);
        for (let local = 0; local < 3; local++) this.pushNarrow(body, local);
        writeOpcode(body, WasmOp.MemoryCopy);
        body.u32(0);
        body.u32(0);
        return;
      case WasmOp.MemoryInit:
        this.checkRange(body, [0, address], [2, I32]);
        this.pushNarrow(body, 0);
        get(body, 1);
        get(body, 2);
        writeOpcode(body, WasmOp.MemoryInit);
        body.u32(use.other);
        body.u32(0);
        return;
      default:
        this.access(body, use, params);
    }
  }

  /** Whether the engine's own checks are not the memory's. */
  private get isChecked(): boolean {
    return this.isWide || this.hasSize;
  }

  /** Pushes an address or count, which has been checked, as an i32. */
  private pushNarrow(body: ByteWriter, local: number): void {
    get(body, local);
    if (this.isWide) writeOpcode(body, WasmOp.I32WrapI64);
  }

  /** Traps unless there are as many bytes from the start on, where the engine would not. */
  private checkRange(body: ByteWriter, start: Operand, count: Operand): void {
    if (!this.isChecked) return;
    push64(body, count);
    this.pushBytes(body);
    writeOpcode(body, WasmOp.I64GtU);
    push64(body, start);
    this.pushBytes(body);
    push64(body, count);
    writeOpcode(body, WasmOp.I64Sub);
    writeOpcode(body, WasmOp.I64GtU);
    writeOpcode(body, WasmOp.I32Or);
    trapIf(body);
  }

  /** The sum of address and offset goes into the address's own local; a sum that wraps around traps as the access would. */
  private access(body: ByteWriter, { operator, other }: MemoryUse, params: readonly ValType[]): void {
    const { isWide } = this;
    get(body, 0);
    get(body, 1);
    writeOpcode(body, isWide ? WasmOp.I64Add : WasmOp.I32Add);
    set(body, 0);
    get(body, 0);
    get(body, 1);
    writeOpcode(body, isWide ? WasmOp.I64LtU : WasmOp.I32LtU);
    trapIf(body);
    if (this.isChecked) this.checkAccess(body, 1 << OP_ALIGN_LOG2[operator]!);
    this.pushNarrow(body, 0);
    for (let local = 2; local < params.length; local++) get(body, local);
    writeOpcode(body, operator);
    // An atomic access claims its natural alignment, any other none, as what the input claims is only a hint.
    const align = OP_CLASS[operator] === CLASS_ATOMIC ? OP_ALIGN_LOG2[operator]! : 0;
    writeMemoryAccess(body, align, 0, 0, 0);
    if (OP_IMMEDIATES[operator] === imm.IMM_MEMORY_ACCESS_LANE) body.byte(other);
  }

  /** Traps unless `bytes` lie from the address in the first local on; the size is below 2³³, so nothing wraps around. */
  private checkAccess(body: ByteWriter, bytes: number): void {
    push64(body, [0, this.isWide ? I64 : I32]);
    this.pushBytes(body);
    writeOpcode(body, WasmOp.I64GeU);
    push64(body, [0, this.isWide ? I64 : I32]);
    i64Const(body, bytes);
    writeOpcode(body, WasmOp.I64Add);
    this.pushBytes(body);
    writeOpcode(body, WasmOp.I64GtU);
    writeOpcode(body, WasmOp.I32Or);
    trapIf(body);
  }

  // Sizes, in pages of the memory's own.

  private size(body: ByteWriter): void {
    if (!this.hasSize) {
      writeOpcode(body, WasmOp.MemorySize);
      body.u32(0);
      if (this.isWide) writeOpcode(body, WasmOp.I64ExtendI32U);
      return;
    }
    this.pushBytes(body);
    i64Const(body, this.type.pageSizeLog2);
    writeOpcode(body, WasmOp.I64ShrU);
    if (!this.isWide) writeOpcode(body, WasmOp.I32WrapI64);
  }

  private growPages(body: ByteWriter): void {
    if (!this.isWide) {
      get(body, 0);
      writeOpcode(body, WasmOp.MemoryGrow);
      body.u32(0);
      return;
    }
    get(body, 0);
    i64Const(body, Number(MAX_PAGES));
    writeOpcode(body, WasmOp.I64GtU);
    this.answerMinusOneIf(body);
    this.pushNarrow(body, 0);
    writeOpcode(body, WasmOp.MemoryGrow);
    body.u32(0);
    writeOpcode(body, WasmOp.I64ExtendI32S);
  }

  /** Grows the engine's memory to what the new size needs; then the new size counts. */
  private growBytes(body: ByteWriter): void {
    const { limits, pageSizeLog2 } = this.type;
    const mostBytes = (MAX_PAGES << BigInt(PAGE_LOG2)) - 1n;
    const declared = limits.max === null ? mostBytes : limits.max << BigInt(pageSizeLog2);
    const most = declared > mostBytes ? mostBytes : declared;
    const count: Operand = [0, this.isWide ? I64 : I32];
    // More pages than the room there is.
    push64(body, count);
    i64Const(body, most);
    this.pushBytes(body);
    writeOpcode(body, WasmOp.I64Sub);
    i64Const(body, pageSizeLog2);
    writeOpcode(body, WasmOp.I64ShrU);
    writeOpcode(body, WasmOp.I64GtU);
    this.answerMinusOneIf(body);
    // The old size stays on the stack, as the answer.
    this.size(body);
    this.pushNewBytes(body, count);
    i64Const(body, (1n << BigInt(PAGE_LOG2)) - 1n);
    writeOpcode(body, WasmOp.I64Add);
    i64Const(body, PAGE_LOG2);
    writeOpcode(body, WasmOp.I64ShrU);
    writeOpcode(body, WasmOp.I32WrapI64);
    writeOpcode(body, WasmOp.MemorySize);
    body.u32(0);
    writeOpcode(body, WasmOp.I32Sub);
    writeOpcode(body, WasmOp.MemoryGrow);
    body.u32(0);
    i32Const(body, -1);
    writeOpcode(body, WasmOp.I32Eq);
    this.answerMinusOneIf(body);
    this.pushNewBytes(body, count);
    writeOpcode(body, WasmOp.I32WrapI64);
    writeOpcode(body, WasmOp.GlobalSet);
    body.u32(SIZE);
  }

  private pushNewBytes(body: ByteWriter, count: Operand): void {
    push64(body, count);
    i64Const(body, this.type.pageSizeLog2);
    writeOpcode(body, WasmOp.I64Shl);
    this.pushBytes(body);
    writeOpcode(body, WasmOp.I64Add);
  }

  private answerMinusOneIf(body: ByteWriter): void {
    writeOpcode(body, WasmOp.If);
    body.byte(EMPTY_BLOCK);
    if (this.isWide) i64Const(body, -1);
    else i32Const(body, -1);
    writeOpcode(body, WasmOp.Return);
    writeOpcode(body, WasmOp.End);
  }

  // Active data, copied when the instance is initialised; then it is gone.

  private copyActiveData(body: ByteWriter, segment: number): void {
    const { offsetExpr, data } = this.module.data[segment]!;
    const value = this.constants.ofExpression(offsetExpr!);
    if (value === null || value.kind !== "bits") throw notConstant(offsetExpr!.start);
    const size = data.end - data.start;
    const start = value.bits;
    if (this.isChecked) {
      // What does not fit traps before anything is written.
      i64Const(body, start + BigInt(size));
      this.pushBytes(body);
      writeOpcode(body, WasmOp.I64GtU);
      i64Const(body, start);
      this.pushBytes(body);
      writeOpcode(body, WasmOp.I64GtU);
      writeOpcode(body, WasmOp.I32Or);
      trapIf(body);
    }
    i32Const(body, Number(BigInt.asIntN(32, start)));
    i32Const(body, 0);
    i32Const(body, size);
    writeOpcode(body, WasmOp.MemoryInit);
    body.u32(segment);
    body.u32(0);
    writeOpcode(body, WasmOp.DataDrop);
    body.u32(segment);
  }
}

/** A local and its type. */
type Operand = readonly [local: number, type: ValType];

function push64(body: ByteWriter, [local, type]: Operand): void {
  get(body, local);
  if (type === I32) writeOpcode(body, WasmOp.I64ExtendI32U);
}

function get(body: ByteWriter, local: number): void {
  writeOpcode(body, WasmOp.LocalGet);
  body.u32(local);
}

function set(body: ByteWriter, local: number): void {
  writeOpcode(body, WasmOp.LocalSet);
  body.u32(local);
}

function i32Const(body: ByteWriter, value: number): void {
  writeOpcode(body, WasmOp.I32Const);
  body.s32(value);
}

function i64Const(body: ByteWriter, value: number | bigint): void {
  const bits = BigInt.asUintN(64, BigInt(value));
  writeOpcode(body, WasmOp.I64Const);
  body.s64(Number(bits & 0xffff_ffffn) | 0, Number(bits >> 32n) | 0);
}

/** Traps as an access out of bounds does, when the i32 on the stack is not zero: by reading a word that would end behind 2³². */
function trapIf(body: ByteWriter): void {
  writeOpcode(body, WasmOp.If);
  body.byte(EMPTY_BLOCK);
  i32Const(body, -1);
  writeOpcode(body, WasmOp.I32Load);
  writeMemoryAccess(body, 0, 0, 0, 0);
  writeOpcode(body, WasmOp.Drop);
  writeOpcode(body, WasmOp.End);
}
