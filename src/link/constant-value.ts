/**
 * Constant expressions of numbers, worked out when a module is linked: engines without extended constants take only a constant, or
 * the value of an imported global.
 */
import type { ByteWriter } from "../base/byte-writer.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import type { ByteRange, Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

export type ConstantValue =
  /** An integer or the bits of a float, unsigned. */
  | { readonly kind: "bits"; readonly operator: number; readonly bits: bigint }
  /** A vector: where its 16 bytes stand in the module. */
  | { readonly kind: "vector"; readonly start: number }
  /** The value of an imported global, by its index in the input. */
  | { readonly kind: "import"; readonly global: number };

const ALL_FEATURES = -1;

const ARITHMETIC: ReadonlyMap<number, readonly [32 | 64, (x: bigint, y: bigint) => bigint]> = new Map<
  number,
  readonly [32 | 64, (x: bigint, y: bigint) => bigint]
>([
  [WasmOp.I32Add, [32, (x, y) => x + y]],
  [WasmOp.I32Sub, [32, (x, y) => x - y]],
  [WasmOp.I32Mul, [32, (x, y) => x * y]],
  [WasmOp.I64Add, [64, (x, y) => x + y]],
  [WasmOp.I64Sub, [64, (x, y) => x - y]],
  [WasmOp.I64Mul, [64, (x, y) => x * y]],
]);

const CONSTANTS: ReadonlySet<number> = new Set([
  WasmOp.I32Const,
  WasmOp.I64Const,
  WasmOp.F32Const,
  WasmOp.F64Const,
]);

/** Whether the operator is a constant of a number. */
export function isConstant(op: number): boolean {
  return CONSTANTS.has(op);
}

/** Whether a constant has 64 bits. */
export function isWide(op: number): boolean {
  return op === WasmOp.I64Const || op === WasmOp.F64Const;
}

/** Bits of an imported global that are known when the module is linked, or null. */
export type ImportedBits = (global: number) => ConstantValue | null;

export class ConstantValues {
  private readonly module: Module;
  private readonly importedBits: ImportedBits;
  /** Of the globals so far, in order: an initialiser reads only what stands before it. */
  private readonly globals: (ConstantValue | null)[];

  constructor(module: Module, importedBits: ImportedBits) {
    this.module = module;
    this.importedBits = importedBits;
    this.globals = [];
  }

  /** The first value of a global that holds no reference; null when it has to be computed at run time. */
  ofGlobal(global: number): ConstantValue | null {
    const { module, globals } = this;
    for (let i = globals.length; i <= global; i++) {
      const { initStart, initEnd } = module.globals[i]!;
      const isImported = i < module.importedGlobalCount;
      globals.push(
        isImported
          ? (this.importedBits(i) ?? { kind: "import", global: i })
          : this.ofExpression({ start: initStart, end: initEnd }),
      );
    }
    return globals[global]!;
  }

  /** The value of a valid expression; null when it has references, or arithmetic on an import that is not known. */
  ofExpression({ start, end }: ByteRange): ConstantValue | null {
    const reader = new OperatorReader(this.module.bytes, start, end, ALL_FEATURES);
    reader.typeLimit = this.module.types.length;
    const stack: ConstantValue[] = [];
    for (let op = reader.next(); op !== WasmOp.End; op = reader.next()) {
      const value = this.step(reader, op, stack);
      if (value === null) return null;
      stack.push(value);
    }
    return stack[0]!;
  }

  /** Whether the operator takes two numbers and gives one. */
  isArithmetic(op: number): boolean {
    return ARITHMETIC.has(op);
  }

  /** What an operator that was read gives, its operands taken from the stack; null when it is not known. */
  step(reader: OperatorReader, op: number, stack: ConstantValue[]): ConstantValue | null {
    if (isConstant(op)) {
      const high = isWide(op) ? reader.hi >>> 0 : 0;
      return { kind: "bits", operator: op, bits: (BigInt(high) << 32n) | BigInt(reader.lo >>> 0) };
    }
    if (op === WasmOp.V128Const) return { kind: "vector", start: reader.vectorStart };
    if (op === WasmOp.GlobalGet) return this.ofGlobal(reader.index);
    const arithmetic = ARITHMETIC.get(op);
    if (arithmetic === undefined) return null;
    const y = stack.pop()!;
    const x = stack.pop()!;
    if (x.kind !== "bits" || y.kind !== "bits") return null;
    const [width, compute] = arithmetic;
    const operator = width === 32 ? WasmOp.I32Const : WasmOp.I64Const;
    return { kind: "bits", operator, bits: BigInt.asUintN(width, compute(x.bits, y.bits)) };
  }
}

/** Writes the value as a constant expression; `globalIndex` gives the output's index of an imported global. */
export function writeConstant(
  out: ByteWriter,
  module: Module,
  value: ConstantValue,
  globalIndex: (global: number) => number,
): void {
  switch (value.kind) {
    case "import":
      writeOpcode(out, WasmOp.GlobalGet);
      out.u32(globalIndex(value.global));
      break;
    case "vector":
      writeOpcode(out, WasmOp.V128Const);
      out.range(module.bytes, value.start, value.start + 16);
      break;
    default:
      writeBits(out, value.operator, value.bits);
  }
  writeOpcode(out, WasmOp.End);
}

function writeBits(out: ByteWriter, operator: number, bits: bigint): void {
  const low = Number(bits & 0xffff_ffffn) | 0;
  const high = Number(bits >> 32n) | 0;
  writeOpcode(out, operator);
  if (operator === WasmOp.I32Const) out.s32(low);
  else if (operator === WasmOp.I64Const) out.s64(low, high);
  else {
    out.u32le(low >>> 0);
    if (operator === WasmOp.F64Const) out.u32le(high >>> 0);
  }
}
