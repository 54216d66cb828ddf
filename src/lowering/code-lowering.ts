/**
 * Bodies of the output, instruction by instruction: what the target has is copied, the rest is replaced. Replacements stand on the
 * operand stack alone; what needs locals or loops is a function of the output.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { writeOpcode, writeOperator } from "../wasm/encode-operators.ts";
import { FEATURE_NAMES, type FeatureName, type Features, featureMask } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { OP_FEATURES, OP_IMMEDIATES, opcodeName } from "../wasm/opcodes.ts";
import { OperatorReader } from "../wasm/operators.ts";
import { I32, I64, V128, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { Additions } from "./additions.ts";
import { copyBody, fillBody, THREE_I32 } from "./bulk-memory.ts";
import type { DataLowering } from "./data-segments.ts";
import { targetLacks } from "./messages.ts";
import { SATURATIONS, saturationBody } from "./saturation.ts";
import type { ResultLowering } from "./several-results.ts";
import { type EmitOp, type TailCalls, ZEROS } from "./tail-calls.ts";

const ALL_FEATURES = -1;
const I32_BYTE = 0x7f;

/** By the operator that extends a sign: how far the sign is from the top. */
const SIGN_EXTENSIONS: ReadonlyMap<number, readonly [shift: number, type: ValType]> = new Map([
  [WasmOp.I32Extend8S, [24, I32]],
  [WasmOp.I32Extend16S, [16, I32]],
  [WasmOp.I64Extend8S, [56, I64]],
  [WasmOp.I64Extend16S, [48, I64]],
  [WasmOp.I64Extend32S, [32, I64]],
]);

/** What the parts of a module's lowering are to each other. */
export interface LoweringParts {
  readonly module: Module;
  readonly target: Features;
  readonly additions: Additions;
  readonly results: ResultLowering;
  readonly data: DataLowering;
  /** Null where the target has tail calls. */
  readonly tails: TailCalls | null;
}

export class CodeLowering implements EmitOp {
  private readonly parts: LoweringParts;
  private readonly mask: number;
  private readonly reader: OperatorReader;
  private readonly out: ByteWriter;
  /** Of the body at hand, as `BodyPositions` has them. */
  private readonly positions: I32List;
  private ownType: number;
  private paramCount: number;
  /** The local that holds the index of an indirect call. */
  private temp: number;
  private depth: number;

  constructor(parts: LoweringParts) {
    this.parts = parts;
    this.mask = featureMask(parts.target);
    this.reader = new OperatorReader(parts.module.bytes, 0, 0, ALL_FEATURES);
    this.reader.typeLimit = parts.module.types.length;
    this.out = new ByteWriter();
    this.positions = new I32List();
    this.ownType = 0;
    this.paramCount = 0;
    this.temp = 0;
    this.depth = 0;
  }

  /** The new body of the i-th defined function, whose instructions come from there. */
  body(i: number, positions: Int32Array | null = null): Uint8Array {
    const { module, tails } = this.parts;
    const { reader } = this;
    const func = module.importedFunctionCount + i;
    this.ownType = module.functionTypes.get(func);
    this.paramCount = module.types.paramCount(this.ownType);
    this.depth = 0;
    this.out.clear();
    reader.seek(module.code.starts.get(i), module.code.ends.get(i));
    this.locals();
    if (tails?.clearsRelayed(func) === true) {
      this.i32(0);
      this.index(WasmOp.GlobalSet, tails.relayedGlobal);
    }
    this.positions.clear();
    const start = module.code.starts.get(i);
    let pair = 0;
    while (reader.pos < reader.end) {
      if (positions !== null) pair = this.movePositions(positions, pair, reader.pos - start);
      this.operator(reader.next());
    }
    return this.out.bytes().slice();
  }

  /** Of the body made last. */
  positionsOfBody(): Int32Array {
    return Int32Array.from({ length: this.positions.length }, (_, i) => this.positions.get(i));
  }

  /** What began at an offset of the old body begins here. Returns the pair to move next. */
  private movePositions(positions: Int32Array, from: number, offset: number): number {
    let pair = from;
    for (; pair < positions.length && positions[pair]! <= offset; pair += 2) {
      this.positions.push(this.out.length);
      this.positions.push(positions[pair + 1]!);
    }
    return pair;
  }

  private get fillers(): number {
    return this.parts.results.fillersOf(this.ownType);
  }

  private locals(): void {
    const { reader, out } = this;
    const runs = reader.u32();
    const hasTemp = this.parts.results.hasFillers;
    out.u32(runs + (hasTemp ? 1 : 0));
    const start = reader.pos;
    let count = 0;
    for (let run = 0; run < runs; run++) {
      count += reader.u32();
      reader.readValType();
    }
    out.range(reader.bytes, start, reader.pos);
    this.temp = this.paramCount + this.fillers + count;
    if (!hasTemp) return;
    out.u32(1);
    out.byte(I32_BYTE);
  }

  // Writing.

  op(op: number): void {
    writeOpcode(this.out, op);
  }

  index(op: number, index: number): void {
    this.op(op);
    this.out.u32(index);
  }

  i32(value: number): void {
    this.op(WasmOp.I32Const);
    this.out.s32(value);
  }

  zero(type: ValType): void {
    this.op(ZEROS[type] ?? WasmOp.V128Const);
    const bytes = [0, 1, 1, 4, 8, 16][type]!;
    for (let i = 0; i < bytes; i++) this.out.byte(0);
  }

  private has(feature: FeatureName): boolean {
    return this.parts.target.has(feature);
  }

  // Instructions.

  private operator(op: number): void {
    const { reader } = this;
    switch (op) {
      case WasmOp.Block:
      case WasmOp.Loop:
      case WasmOp.If:
      case WasmOp.Try:
      case WasmOp.TryTable:
        this.depth++;
        break;
      case WasmOp.End:
        if (this.depth-- === 0) this.leaveResults();
        break;
      case WasmOp.Return:
        this.leaveResults();
        break;
      case WasmOp.Call:
        this.call(this.parts.module.functionTypes.get(reader.index), false);
        return;
      case WasmOp.CallIndirect:
        this.call(reader.index, true);
        return;
      case WasmOp.ReturnCall:
      case WasmOp.ReturnCallIndirect:
        this.tailCall(op === WasmOp.ReturnCallIndirect);
        return;
      default:
    }
    if (OP_IMMEDIATES[op] === imm.IMM_LOCAL && reader.index >= this.paramCount) reader.index += this.fillers;
    if ((OP_FEATURES[op]! & this.mask) === 0) this.replace(op);
    else writeOperator(this.out, op, reader);
  }

  private replace(op: number): void {
    const { reader } = this;
    const { data } = this.parts;
    const shift = SIGN_EXTENSIONS.get(op);
    if (shift !== undefined) {
      this.extendSign(...shift);
      return;
    }
    const saturation = SATURATIONS.get(op);
    if (saturation !== undefined) {
      const { from, to } = saturation;
      this.helper(opcodeName(op), [from], [to], () => saturationBody(saturation));
      return;
    }
    switch (op) {
      case WasmOp.MemoryFill:
        this.helper(`memory.fill ${reader.index}`, THREE_I32, [], () => fillBody(reader.index));
        return;
      case WasmOp.MemoryCopy:
        if (reader.index !== reader.index2) break;
        this.helper(`memory.copy ${reader.index}`, THREE_I32, [], () => copyBody(reader.index));
        return;
      case WasmOp.MemoryInit:
        this.index(WasmOp.Call, data.initializer(reader.index, reader.index2));
        return;
      case WasmOp.DataDrop:
        this.i32(0);
        this.index(WasmOp.GlobalSet, data.lengthOf(reader.index));
        return;
      // Where nothing can be put into a table, no segment is read that could be dropped.
      case WasmOp.ElemDrop:
        return;
      case WasmOp.TableSize:
        this.tableSize(reader.index);
        return;
      case WasmOp.SelectT:
        if (reader.list[0]! > V128) break;
        this.op(WasmOp.Select);
        return;
      default:
    }
    const features = OP_FEATURES[op]!;
    throw targetLacks(opcodeName(op), FEATURE_NAMES[31 - Math.clz32(features & -features)]!);
  }

  private extendSign(shift: number, type: ValType): void {
    for (const op of type === I64 ? [WasmOp.I64Shl, WasmOp.I64ShrS] : [WasmOp.I32Shl, WasmOp.I32ShrS]) {
      if (type === I32) this.i32(shift);
      else {
        this.op(WasmOp.I64Const);
        this.out.s64(shift, 0);
      }
      this.op(op);
    }
  }

  /** A table that is neither grown nor seen by others stays as large as it was declared. */
  private tableSize(index: number): void {
    const { imports, exports, tables, importedTableCount } = this.parts.module;
    const imported = imports.filter(({ type }) => type.kind === "table").length;
    const isSeen = index < imported || exports.some((item) => item.kind === "table" && item.index === index);
    if (isSeen) throw targetLacks("table.size of a table that others see", "reference-types");
    this.i32(Number(tables[index - imported + importedTableCount]!.type.limits.min));
  }

  /** Calls a function of the output that is made at its first use. */
  private helper(
    key: string,
    params: readonly ValType[],
    results: readonly ValType[],
    body: () => Uint8Array,
  ): void {
    const { additions } = this.parts;
    this.index(
      WasmOp.Call,
      additions.once(key, () => additions.addFunction(additions.typeOf({ params, results }), body())),
    );
  }

  // Calls and returns.

  /** What a function leaves in globals goes there before it returns. */
  private leaveResults(): void {
    const globals = this.parts.results.globalsOf(this.ownType);
    for (let i = globals.length - 1; i >= 0; i--) this.index(WasmOp.GlobalSet, globals[i]!);
  }

  /** The parameters that nobody reads, below the index of an indirect call. */
  private pushFillers(type: number, isIndirect: boolean): void {
    const count = this.parts.results.fillersOf(type);
    if (count === 0) return;
    if (isIndirect) this.index(WasmOp.LocalSet, this.temp);
    for (let i = 0; i < count; i++) this.i32(0);
    if (isIndirect) this.index(WasmOp.LocalGet, this.temp);
  }

  private requireTable(isIndirect: boolean): void {
    if (isIndirect && this.reader.index2 !== 0 && !this.has("reference-types")) {
      throw targetLacks("a second table", "reference-types");
    }
  }

  private call(type: number, isIndirect: boolean): void {
    this.requireTable(isIndirect);
    this.pushFillers(type, isIndirect);
    writeOperator(this.out, isIndirect ? WasmOp.CallIndirect : WasmOp.Call, this.reader);
    for (const global of this.parts.results.globalsOf(type)) this.index(WasmOp.GlobalGet, global);
  }

  private tailCall(isIndirect: boolean): void {
    const { module, tails } = this.parts;
    const { index, index2 } = this.reader;
    const type = isIndirect ? index : module.functionTypes.get(index);
    this.requireTable(isIndirect);
    this.pushFillers(type, isIndirect);
    if (tails === null) {
      writeOperator(this.out, isIndirect ? WasmOp.ReturnCallIndirect : WasmOp.ReturnCall, this.reader);
      return;
    }
    const step = isIndirect ? tails.stepOfType(type, index2) : tails.stepOfFunction(index);
    if (step >= 0) {
      tails.leave(this, step, type, isIndirect, this.ownType);
      return;
    }
    // It makes no tail calls itself, and leaves its further results where this function would.
    this.index(WasmOp.Call, index);
    this.op(WasmOp.Return);
  }
}
