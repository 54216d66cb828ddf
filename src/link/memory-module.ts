/**
 * The module that has the memories of one with references, on a target with one memory a module: the heap is the one memory of the
 * main module, and each operator on another memory is a call of a function here.
 *
 *     imports   "input" "<position>"   the input's imported memories
 *     exports   "0", "1" …            the functions, in the order of `OutputPlan.memoryUses`; the last copies active data
 *               m<index>               the memories
 *
 * A function that accesses takes the address and the offset, adds them with a check, and does the rest at no offset. So memories
 * are isolated by construction, grow on their own, and are what the host sees as `WebAssembly.Memory`; an access costs a call.
 * Several memories, or 64-bit ones, need an engine that has them: there the operators stay as they are, here.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { encodeModule } from "../wasm/encode.ts";
import { writeMemoryAccess, writeOpcode } from "../wasm/encode-operators.ts";
import type { ByteRange, DataSegment, Export, Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { CLASS_ATOMIC, OP_ALIGN_LOG2, OP_CLASS, OP_IMMEDIATES } from "../wasm/opcodes.ts";
import { I64, TypeTable, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { ConstantValues, type ImportedBits, writeConstant } from "./constant-value.ts";
import { notConstant } from "./messages.ts";
import type { MemoryUse } from "./module-usage.ts";
import { addFunctionType, type OutputPlan } from "./plan.ts";

const EMPTY_BLOCK = 0x40;

export function linkMemoryModule(
  plan: OutputPlan,
  { importedBits }: { readonly importedBits: ImportedBits },
): Uint8Array {
  return new MemoryModule(plan, importedBits).encode();
}

class MemoryModule {
  private readonly plan: OutputPlan;
  private readonly module: Module;
  private readonly constants: ConstantValues;
  private readonly out: ByteWriter;
  private readonly types: TypeTable;
  private readonly functionTypes: I32List;
  private readonly code: { readonly starts: I32List; readonly ends: I32List };
  private readonly data: DataSegment[];
  private readonly exports: Export[];

  constructor(plan: OutputPlan, importedBits: ImportedBits) {
    this.plan = plan;
    this.module = plan.module;
    this.constants = new ConstantValues(plan.module, importedBits);
    this.out = new ByteWriter();
    this.out.append(plan.module.bytes);
    this.types = new TypeTable();
    this.functionTypes = new I32List();
    this.code = { starts: new I32List(), ends: new I32List() };
    this.data = [];
    this.exports = [];
  }

  encode(): Uint8Array {
    const { plan, module } = this;
    plan.memoryUses.forEach((use, i) => {
      this.add(i, (body) => this.operator(body, use));
    });
    if (plan.dataInitializer >= 0) this.add(plan.dataInitializer, (body) => this.copyActiveData(body));
    for (const { kind, index } of module.exports) {
      const name = `m${index}`;
      if (kind !== "memory" || this.exports.some((other) => other.name === name)) continue;
      this.exports.push({ name, kind: "memory", index, offset: 0 });
    }
    module.data.forEach(({ mode, data }, i) => {
      const isKept = mode === "active" || plan.hasRemoteData(i);
      const kept = isKept ? data : { start: data.start, end: data.start };
      this.data.push({ mode: "passive", flags: 1, memory: 0, offsetExpr: null, data: kept, offset: 0 });
    });
    const imports = module.imports
      .map((imported, i) => ({ ...imported, module: "input", name: String(i) }))
      .filter(({ type }) => type.kind === "memory");
    return encodeModule({
      ...module,
      bytes: this.out.bytes(),
      types: this.types,
      imports,
      functionTypes: this.functionTypes,
      importedFunctionCount: 0,
      tables: [],
      importedTableCount: 0,
      tags: [],
      importedTagCount: 0,
      globals: [],
      importedGlobalCount: 0,
      exports: this.exports,
      start: -1,
      elements: [],
      dataCount: this.data.length,
      code: this.code,
      data: this.data,
      customs: [],
    });
  }

  private add(number: number, write: (body: ByteWriter) => void): void {
    const { params, results } = this.plan.memoryFunctionType(number);
    const body = new ByteWriter();
    write(body);
    writeOpcode(body, WasmOp.End);
    const range = this.append(body);
    this.code.starts.push(range.start);
    this.code.ends.push(range.end);
    this.functionTypes.push(addFunctionType(this.types, params, results));
    this.exports.push({ name: String(number), kind: "func", index: number, offset: 0 });
  }

  private append(bytes: ByteWriter): ByteRange {
    const start = this.out.length;
    this.out.append(bytes.bytes());
    return { start, end: this.out.length };
  }

  private operator(body: ByteWriter, use: MemoryUse): void {
    body.u32(0);
    const { operator, memory, other } = use;
    const { params } = this.plan.memoryFunctionType(this.plan.memoryFunction(operator, memory, other));
    switch (OP_IMMEDIATES[operator]) {
      case imm.IMM_MEMORY_ACCESS:
      case imm.IMM_MEMORY_ACCESS_LANE:
        this.access(body, use, params);
        return;
      default:
    }
    for (let local = 0; local < params.length; local++) get(body, local);
    writeOpcode(body, operator);
    switch (OP_IMMEDIATES[operator]) {
      case imm.IMM_MEMORY_MEMORY:
      case imm.IMM_DATA_MEMORY: {
        const [first, second] =
          OP_IMMEDIATES[operator] === imm.IMM_DATA_MEMORY ? [other, memory] : [memory, other];
        body.u32(first);
        body.u32(second);
        return;
      }
      default:
        body.u32(memory);
    }
  }

  /** The sum of address and offset goes into the address's own local; a sum that wraps around traps as the access would. */
  private access(body: ByteWriter, { operator, memory, other }: MemoryUse, params: readonly ValType[]): void {
    const wide = params[0] === I64;
    get(body, 0);
    get(body, 1);
    writeOpcode(body, wide ? WasmOp.I64Add : WasmOp.I32Add);
    tee(body, 0);
    get(body, 1);
    writeOpcode(body, wide ? WasmOp.I64LtU : WasmOp.I32LtU);
    writeOpcode(body, WasmOp.If);
    body.byte(EMPTY_BLOCK);
    trapOutOfBounds(body, memory, wide);
    writeOpcode(body, WasmOp.End);
    get(body, 0);
    for (let local = 2; local < params.length; local++) get(body, local);
    writeOpcode(body, operator);
    // An atomic access claims its natural alignment, any other none, as what the input claims is only a hint.
    const align = OP_CLASS[operator] === CLASS_ATOMIC ? OP_ALIGN_LOG2[operator]! : 0;
    writeMemoryAccess(body, align, memory, 0, 0);
    if (OP_IMMEDIATES[operator] === imm.IMM_MEMORY_ACCESS_LANE) body.byte(other);
  }

  /** Each in turn, so that what precedes one that is out of bounds is written; then they are gone. */
  private copyActiveData(body: ByteWriter): void {
    body.u32(0);
    this.module.data.forEach(({ mode, memory, offsetExpr, data }, i) => {
      if (mode !== "active") return;
      const value = this.constants.ofExpression(offsetExpr!);
      if (value === null || value.kind === "import") throw notConstant(offsetExpr!.start);
      const expression = new ByteWriter();
      writeConstant(expression, this.module, value, () => 0);
      // Without its `end`.
      body.range(expression.bytes(), 0, expression.length - 1);
      for (const operand of [0, data.end - data.start]) {
        writeOpcode(body, WasmOp.I32Const);
        body.s32(operand);
      }
      writeOpcode(body, WasmOp.MemoryInit);
      body.u32(i);
      body.u32(memory);
      writeOpcode(body, WasmOp.DataDrop);
      body.u32(i);
    });
  }
}

function get(body: ByteWriter, local: number): void {
  writeOpcode(body, WasmOp.LocalGet);
  body.u32(local);
}

function tee(body: ByteWriter, local: number): void {
  writeOpcode(body, WasmOp.LocalSet);
  body.u32(local);
  get(body, local);
}

/** Reads a word that no memory has: it would end behind 2³² or 2⁶⁴. */
function trapOutOfBounds(body: ByteWriter, memory: number, wide: boolean): void {
  writeOpcode(body, wide ? WasmOp.I64Const : WasmOp.I32Const);
  if (wide) body.s64(-1, -1);
  else body.s32(-1);
  writeOpcode(body, WasmOp.I32Load);
  writeMemoryAccess(body, 0, memory, 0, 0);
  writeOpcode(body, WasmOp.Drop);
}
