/**
 * Validates bodies and constant expressions, instruction by instruction.
 *
 * Regular opcodes are done by their signature; only what names a memory or lanes has something more to check.
 * The others go to their own function. `local.get` and the constants, half of all code, are taken first.
 */
import type { CodeValidator } from "./code-validator.ts";
import { FRAME_BLOCK } from "./code-validator.ts";
import { featureBit } from "./features.ts";
import { IRREGULAR_RULES } from "./irregular-opcodes.ts";
import {
  ACCESS_BITS,
  AFTER_END,
  ALIGNMENT,
  ATOMIC_ALIGNMENT,
  CONSTANT_REQUIRED,
  featureOff,
  LANE,
  malformed,
  OFFSET_RANGE,
  unknown,
} from "./messages.ts";
import type { ByteRange } from "./module.ts";
import {
  CLASS_ATOMIC,
  CLASS_IRREGULAR,
  CLASS_LANE,
  CLASS_MEMORY,
  CLASS_PLAIN,
  OP_ALIGN_LOG2,
  OP_CLASS,
  OP_CONSTANT,
  OP_LANES,
  OP_SIGNATURE,
  opcodeName,
} from "./opcodes.ts";
import { BOTTOM, I32, type ValType } from "./types.ts";
import { localGet } from "./validate-variables.ts";
import * as WasmOp from "./wasm-op.gen.ts";

const GC: number = featureBit("gc");
const EXTENDED_CONST: number = featureBit("extended-const");
const LOCAL_GET: number = WasmOp.LocalGet;
const I32_CONST: number = WasmOp.I32Const;
const SHUFFLE: number = WasmOp.I8x16Shuffle;

/** Validates one body, whose function has the canonical type `functionType`. */
export function validateBody(v: CodeValidator, functionType: number, start: number, end: number): void {
  v.globalLimit = -1;
  v.openBody(functionType, start, end);
  const reader = v.reader;
  do {
    const op = reader.next();
    v.op = op;
    if (op === LOCAL_GET) {
      localGet(v);
    } else if (op === I32_CONST) {
      v.push(I32);
    } else {
      validateOperator(v, op);
    }
  } while (v.frameCount > 0);
  if (reader.pos !== end) throw malformed(AFTER_END, reader.pos);
}

/** One step: the instruction `op`, which the reader has just read. */
export function validateOperator(v: CodeValidator, op: number): void {
  const opClass = OP_CLASS[op]!;
  if (opClass === CLASS_PLAIN) {
    v.applySignature(OP_SIGNATURE[op]!, BOTTOM);
  } else if (opClass === CLASS_IRREGULAR) {
    IRREGULAR_RULES[op]!(v);
  } else if (opClass === CLASS_MEMORY) {
    v.applySignature(OP_SIGNATURE[op]!, v.memoryAddress(v.reader.index));
  } else if (opClass === CLASS_LANE) {
    checkLanes(v, op);
    v.applySignature(OP_SIGNATURE[op]!, BOTTOM);
  } else {
    v.applySignature(OP_SIGNATURE[op]!, checkAccess(v, op, opClass === CLASS_ATOMIC));
  }
}

/** Checks the immediates of a load or store; returns the memory's address type. */
function checkAccess(v: CodeValidator, op: number, atomic: boolean): ValType {
  const { alignLog2, memory, offsetHi } = v.reader;
  const address = v.memoryAddress(memory);
  const natural = OP_ALIGN_LOG2[op]!;
  if (alignLog2 > natural) failAlignment(v, alignLog2, atomic);
  if (atomic && alignLog2 < natural) v.fail(ATOMIC_ALIGNMENT);
  if (offsetHi !== 0 && address === I32) v.fail(OFFSET_RANGE);
  if (OP_LANES[op] !== 0 && v.reader.lane >= OP_LANES[op]!) v.fail(LANE);
  return address;
}

/** Later proposals have taken bits of the alignment that are beyond all alignments. */
const MOST_ALIGN_LOG2 = 15;

function failAlignment(v: CodeValidator, alignLog2: number, atomic: boolean): never {
  const message = atomic ? ATOMIC_ALIGNMENT : ALIGNMENT;
  return v.fail(alignLog2 > MOST_ALIGN_LOG2 ? message + ACCESS_BITS : message);
}

function checkLanes(v: CodeValidator, op: number): void {
  const lanes = OP_LANES[op]!;
  if (op !== SHUFFLE) {
    if (v.reader.lane >= lanes) v.fail(LANE);
    return;
  }
  const start = v.reader.vectorStart;
  for (let i = start; i < start + 16; i++) if (v.reader.bytes[i]! >= lanes) v.fail(LANE);
}

/**
 * Validates a constant expression of the canonical type `expected`, which may read the globals below
 * `globalLimit`. The expression may end before the range does; returns where it ends.
 */
export function validateConstant(
  v: CodeValidator,
  range: ByteRange,
  expected: ValType,
  globalLimit: number,
): number {
  const reader = v.reader;
  reader.seek(range.start, range.end);
  v.globalLimit = globalLimit;
  v.functionType = -1;
  v.height = 0;
  v.frameCount = 0;
  v.openFrame(FRAME_BLOCK, ~expected);
  const extended = (v.mask & EXTENDED_CONST) !== 0;
  do {
    const op = reader.next();
    v.op = op;
    const level = OP_CONSTANT[op]!;
    if (level === 0) v.fail(CONSTANT_REQUIRED);
    if (level === 2 && !extended) {
      throw featureOff(`${opcodeName(op)} in a constant expression`, "extended-const", reader.opStart);
    }
    if (op === WasmOp.GlobalGet) checkConstantGlobal(v);
    validateOperator(v, op);
  } while (v.frameCount > 0);
  return reader.pos;
}

/** Only immutable globals; before GC, only imported ones. */
function checkConstantGlobal(v: CodeValidator): void {
  const index = v.reader.index;
  const limit = (v.mask & GC) !== 0 ? v.globalLimit : Math.min(v.globalLimit, v.module.importedGlobalCount);
  if (index >= limit) v.fail(unknown("global", index));
  if (v.module.globals[index]!.mutable) v.fail(CONSTANT_REQUIRED);
}
