/** Vector instructions that are done lane by lane, and for lanes of which types. */
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import * as Op from "../ir/op.gen.ts";
import type { Opcode } from "../ir/opcodes.ts";
import { bitsOf, F32, I8, I16, I32, I64, type Type } from "../ir/types.ts";
import { fusedMultiplyAdd } from "./fused-multiply-add.ts";

export interface LaneOperation {
  /** Lanes of other types Wasm has an instruction for, or nothing is known here. */
  readonly lanes: readonly Type[];
  /** One lane's result, of the operands' lanes; operands that are no vectors as they are. */
  readonly make: (ins: InstBuilder, args: readonly Value[], lane: Type) => Value;
}

const INTS: readonly Type[] = [I8, I16, I32, I64];
const WIDE: readonly Type[] = [I32, I64];

function binary(
  lanes: readonly Type[],
  make: (ins: InstBuilder, x: Value, y: Value, lane: Type) => Value,
): LaneOperation {
  return { lanes, make: (ins, args, lane) => make(ins, args[0]!, args[1]!, lane) };
}

function least(lane: Type): bigint {
  return -(1n << BigInt(bitsOf(lane) - 1));
}

/** Constants are written without a sign. */
function constant(ins: InstBuilder, lane: Type, value: bigint): Value {
  return ins.iconst(lane, BigInt.asUintN(bitsOf(lane), value));
}

/** The bound on the side of `x`. */
function signedBound(ins: InstBuilder, x: Value, lane: Type): Value {
  const isNegative = ins.icmpImmS("slt", x, 0);
  return ins.select(isNegative, constant(ins, lane, least(lane)), constant(ins, lane, -1n - least(lane)));
}

/** Rounded `x · y / 2^31`; only the least number's square is beyond the range. */
function multiplyRounded(ins: InstBuilder, x: Value, y: Value): Value {
  const product = ins.imul(ins.sextend(I64, x), ins.sextend(I64, y));
  const rounded = ins.sshrImmS(ins.iaddImmS(product, 1 << 30), 31);
  return ins.ireduce(I32, ins.smin(rounded, ins.iconst(I64, 0x7fff_ffff)));
}

export const LANE_OPERATIONS: ReadonlyMap<Opcode, LaneOperation> = new Map<Opcode, LaneOperation>([
  [Op.Imul, binary([I8], (ins, x, y) => ins.imul(x, y))],
  [Op.Umulhi, binary(INTS, (ins, x, y) => ins.umulhi(x, y))],
  [Op.Smulhi, binary(INTS, (ins, x, y) => ins.smulhi(x, y))],
  [Op.Rotl, binary(INTS, (ins, x, y) => ins.rotl(x, y))],
  [Op.Rotr, binary(INTS, (ins, x, y) => ins.rotr(x, y))],
  [Op.Popcnt, { lanes: [I16, I32, I64], make: (ins, [x]) => ins.popcnt(x!) }],
  [Op.Fma, { lanes: [F32], make: (ins, [x, y, z]) => fusedMultiplyAdd(ins, x!, y!, z!) }],
  // The bits of both, less half of those that only one has.
  [Op.AvgRound, binary(WIDE, (ins, x, y) => ins.isub(ins.bor(x, y), ins.ushrImmS(ins.bxor(x, y), 1)))],
  [Op.SqmulRoundSat, binary([I32], multiplyRounded)],
  [
    Op.UaddSat,
    binary(WIDE, (ins, x, y, lane) => {
      const [sum, carry] = ins.uaddOverflow(x, y);
      return ins.select(carry, constant(ins, lane, -1n), sum);
    }),
  ],
  [
    Op.UsubSat,
    binary(WIDE, (ins, x, y, lane) => {
      const [difference, borrow] = ins.usubOverflow(x, y);
      return ins.select(borrow, ins.iconst(lane, 0), difference);
    }),
  ],
  [
    Op.SaddSat,
    binary(WIDE, (ins, x, y, lane) => {
      const [sum, overflow] = ins.saddOverflow(x, y);
      return ins.select(overflow, signedBound(ins, x, lane), sum);
    }),
  ],
  [
    Op.SsubSat,
    binary(WIDE, (ins, x, y, lane) => {
      const [difference, overflow] = ins.ssubOverflow(x, y);
      return ins.select(overflow, signedBound(ins, x, lane), difference);
    }),
  ],
]);
