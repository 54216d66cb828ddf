/** SIMD operators with immediates: lanes, shuffles, constants, and memory accesses of vectors and lanes. */
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import {
  F32X4,
  F64X2,
  I8,
  I8X16,
  I16,
  I16X8,
  I32,
  I32X4,
  I64,
  I64X2,
  isFloat,
  laneType,
  type Type,
} from "../ir/types.ts";
import { opcodeNamed } from "../wasm/opcode-names.ts";
import type { OperatorReader } from "../wasm/operators.ts";
import type { Address } from "./memories.ts";
import { as, LANE_ON_STACK, toStack } from "./vectors.ts";

/** What these operators need of the function's translator. */
export interface VectorTranslator {
  readonly ins: InstBuilder;
  readonly reader: OperatorReader;
  push(value: Value): void;
  pop(): Value;
  address(): Address;
}

type Handler = (t: VectorTranslator) => void;

const table = new Map<number, Handler>();

function row(name: string, handler: Handler): void {
  table.set(opcodeNamed(name), handler);
}

/** A lane as it is on the operand stack: narrow ones extended, as the operator says. */
function widened(t: VectorTranslator, lane: Value, shape: Type, signed: boolean): Value {
  const type = LANE_ON_STACK.get(shape)!;
  if (t.ins.func.dfg.valueType(lane) === type) return lane;
  return signed ? t.ins.sextend(type, lane) : t.ins.uextend(type, lane);
}

/** An operand cut to the width of a lane. */
function narrowed(t: VectorTranslator, value: Value, shape: Type): Value {
  const lane = laneType(shape);
  if (isFloat(lane) || t.ins.func.dfg.valueType(value) === lane) return value;
  return t.ins.ireduce(lane, value);
}

const SHAPES: readonly (readonly [string, Type])[] = [
  ["i8x16", I8X16],
  ["i16x8", I16X8],
  ["i32x4", I32X4],
  ["i64x2", I64X2],
  ["f32x4", F32X4],
  ["f64x2", F64X2],
];

for (const [name, shape] of SHAPES) {
  const extract =
    (signed: boolean): Handler =>
    (t) => {
      const lane = t.ins.extractlane(as(t.ins, shape, t.pop()), t.reader.lane);
      t.push(widened(t, lane, shape, signed));
    };
  if (shape === I8X16 || shape === I16X8) {
    row(`${name}.extract_lane_s`, extract(true));
    row(`${name}.extract_lane_u`, extract(false));
  } else {
    row(`${name}.extract_lane`, extract(false));
  }
  row(`${name}.replace_lane`, (t) => {
    const lane = narrowed(t, t.pop(), shape);
    t.push(toStack(t.ins, t.ins.insertlane(as(t.ins, shape, t.pop()), lane, t.reader.lane)));
  });
}

row("v128.const", (t) => {
  const { bytes, vectorStart } = t.reader;
  const constant = t.ins.func.dfg.constants.insert(bytes.slice(vectorStart, vectorStart + 16));
  t.push(t.ins.vconst(I8X16, constant));
});

row("i8x16.shuffle", (t) => {
  const { bytes, vectorStart } = t.reader;
  const second = t.pop();
  const first = t.pop();
  const mask = t.ins.func.dfg.immediates.push(bytes.slice(vectorStart, vectorStart + 16)) - 1;
  t.push(t.ins.shuffle(first, second, mask as Parameters<typeof t.ins.shuffle>[2]));
});

// Memory.

function loading(name: string, load: (ins: InstBuilder, address: Address) => Value): void {
  row(name, (t) => t.push(toStack(t.ins, load(t.ins, t.address()))));
}

loading("v128.load", (ins, { flags, base, offset }) => ins.load(I8X16, flags, base, offset));
loading("v128.load8x8_s", (ins, { flags, base, offset }) => ins.sload8x8(flags, base, offset));
loading("v128.load8x8_u", (ins, { flags, base, offset }) => ins.uload8x8(flags, base, offset));
loading("v128.load16x4_s", (ins, { flags, base, offset }) => ins.sload16x4(flags, base, offset));
loading("v128.load16x4_u", (ins, { flags, base, offset }) => ins.uload16x4(flags, base, offset));
loading("v128.load32x2_s", (ins, { flags, base, offset }) => ins.sload32x2(flags, base, offset));
loading("v128.load32x2_u", (ins, { flags, base, offset }) => ins.uload32x2(flags, base, offset));

const LANES: readonly (readonly [number, Type, Type])[] = [
  [8, I8, I8X16],
  [16, I16, I16X8],
  [32, I32, I32X4],
  [64, I64, I64X2],
];

for (const [bits, lane, shape] of LANES) {
  loading(`v128.load${bits}_splat`, (ins, { flags, base, offset }) =>
    ins.splat(shape, ins.load(lane, flags, base, offset)),
  );
  if (bits >= 32) {
    loading(`v128.load${bits}_zero`, (ins, { flags, base, offset }) =>
      ins.scalarToVector(shape, ins.load(lane, flags, base, offset)),
    );
  }
  row(`v128.load${bits}_lane`, (t) => {
    const vector = as(t.ins, shape, t.pop());
    const { base, offset, flags } = t.address();
    const value = t.ins.load(lane, flags, base, offset);
    t.push(toStack(t.ins, t.ins.insertlane(vector, value, t.reader.lane)));
  });
  row(`v128.store${bits}_lane`, (t) => {
    const value = t.ins.extractlane(as(t.ins, shape, t.pop()), t.reader.lane);
    const { base, offset, flags } = t.address();
    t.ins.store(flags, value, base, offset);
  });
}

row("v128.store", (t) => {
  const vector = t.pop();
  const { base, offset, flags } = t.address();
  t.ins.store(flags, vector, base, offset);
});

/** SIMD operators with immediates, by id. */
export const VECTOR_HANDLERS: ReadonlyMap<number, Handler> = table;
