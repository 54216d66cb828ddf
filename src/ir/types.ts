/**
 * CLIF types as small integers.
 *
 *     bit   8        7 … 4         3 … 0
 *           dynamic  log2(lanes)   lane type: 1 i8, 2 i16, 3 i32, 4 i64, 5 i128, 6 f16, 7 f32, 8 f64, 9 f128
 *
 * 0 is the invalid type. A dynamic vector is printed `i32x4xN`: its lane count is a multiple known at run time.
 */

declare const typeBrand: unique symbol;
export type Type = number & { readonly [typeBrand]: true };

const type = (code: number): Type => code as Type;

export const INVALID: Type = type(0);
export const I8: Type = type(1);
export const I16: Type = type(2);
export const I32: Type = type(3);
export const I64: Type = type(4);
export const I128: Type = type(5);
export const F16: Type = type(6);
export const F32: Type = type(7);
export const F64: Type = type(8);
export const F128: Type = type(9);
export const I8X16: Type = type(1 | (4 << 4));
export const I16X8: Type = type(2 | (3 << 4));
export const I32X4: Type = type(3 | (2 << 4));
export const I64X2: Type = type(4 | (1 << 4));
export const F32X4: Type = type(7 | (2 << 4));
export const F64X2: Type = type(8 | (1 << 4));

const LANE_MASK = 0xf;
const LANES_SHIFT = 4;
const DYNAMIC = 0x100;
const MAX_LANES_LOG2 = 8;

const LANE_NAMES = ["INVALID", "i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128"];
/** log2 of the lane's bits, by lane code. */
const LANE_BITS_LOG2 = [0, 3, 4, 5, 6, 7, 4, 5, 6, 7];

/** The lane type of a vector; a scalar is its own lane. */
export function laneType(ty: Type): Type {
  return type(ty & LANE_MASK);
}

export function lanesLog2(ty: Type): number {
  return (ty >> LANES_SHIFT) & 0xf;
}

export function laneCount(ty: Type): number {
  return 1 << lanesLog2(ty);
}

export function isDynamicVector(ty: Type): boolean {
  return (ty & DYNAMIC) !== 0;
}

/** A vector of fixed lane count. */
export function isVector(ty: Type): boolean {
  return ty >> LANES_SHIFT !== 0 && !isDynamicVector(ty);
}

export function isInt(ty: Type): boolean {
  return ty >= I8 && ty <= I128;
}

export function isFloat(ty: Type): boolean {
  return ty >= F16 && ty <= F128;
}

export function laneBitsLog2(ty: Type): number {
  return LANE_BITS_LOG2[ty & LANE_MASK]!;
}

export function laneBits(ty: Type): number {
  return ty === INVALID ? 0 : 1 << laneBitsLog2(ty);
}

/** Bits of the whole value; of a dynamic vector, the bits of its smallest form. */
export function bitsOf(ty: Type): number {
  return laneBits(ty) << lanesLog2(ty);
}

export function bytesOf(ty: Type): number {
  return bitsOf(ty) >>> 3;
}

/** The integer type of that many bits, or `INVALID`. */
export function intOfBits(bits: number): Type {
  switch (bits) {
    case 8:
      return I8;
    case 16:
      return I16;
    case 32:
      return I32;
    case 64:
      return I64;
    case 128:
      return I128;
    default:
      return INVALID;
  }
}

/** `count` lanes of `lane` (a power of two up to 256), or `INVALID`. */
export function vectorOf(lane: Type, count: number): Type {
  const log2 = Math.log2(count);
  if (!Number.isInteger(log2) || log2 > MAX_LANES_LOG2) return INVALID;
  return type((lane & LANE_MASK) | (log2 << LANES_SHIFT));
}

/** The dynamic vector whose smallest form is `ty`. */
export function dynamicOf(ty: Type): Type {
  return isVector(ty) ? type(ty | DYNAMIC) : INVALID;
}

/** The fixed vector that is the smallest form of a dynamic one. */
export function dynamicToVector(ty: Type): Type {
  return isDynamicVector(ty) ? type(ty & ~DYNAMIC) : INVALID;
}

function withLane(ty: Type, lane: Type): Type {
  return lane === INVALID ? INVALID : type((ty & ~LANE_MASK) | lane);
}

/** The type of a comparison of `ty`: `i8` for scalars, a mask of integers of the same width for vectors. */
export function asTruthy(ty: Type): Type {
  if (ty >> LANES_SHIFT === 0) return I8;
  return withLane(ty, intOfBits(laneBits(ty)));
}

const HALF_LANE = [0, 0, I8, I16, I32, I64, 0, F16, F32, F64];
const DOUBLE_LANE = [0, I16, I32, I64, I128, 0, F32, F64, F128, 0];

/** Lanes of half the width, as many of them; `INVALID` where there is none. */
export function halfWidth(ty: Type): Type {
  return withLane(ty, type(HALF_LANE[ty & LANE_MASK]!));
}

export function doubleWidth(ty: Type): Type {
  return withLane(ty, type(DOUBLE_LANE[ty & LANE_MASK]!));
}

/** Lanes of half the width, twice as many. */
export function splitLanes(ty: Type): Type {
  const half = halfWidth(ty);
  return half === INVALID || lanesLog2(ty) === MAX_LANES_LOG2 ? INVALID : type(half + (1 << LANES_SHIFT));
}

/** Lanes of twice the width, half as many. */
export function mergeLanes(ty: Type): Type {
  const double = doubleWidth(ty);
  return double === INVALID || lanesLog2(ty) === 0 ? INVALID : type(double - (1 << LANES_SHIFT));
}

/** The name CLIF text uses: `i32`, `f64x2`, `i32x4xN`. */
export function typeName(ty: Type): string {
  let name = LANE_NAMES[ty & LANE_MASK] ?? "INVALID";
  if (lanesLog2(ty) !== 0) name += `x${laneCount(ty)}`;
  return isDynamicVector(ty) ? `${name}xN` : name;
}

/** The type of that name, or `INVALID`; the inverse of `typeName`. */
export function typeOfName(name: string): Type {
  return TYPE_OF_NAME.get(name) ?? INVALID;
}

const TYPE_OF_NAME: ReadonlyMap<string, Type> = new Map(allTypes().map((ty) => [typeName(ty), ty]));

function allTypes(): Type[] {
  const types: Type[] = [];
  for (let lane = 1; lane < LANE_NAMES.length; lane++) {
    types.push(type(lane));
    for (let log2 = 1; log2 <= MAX_LANES_LOG2; log2++) {
      const vector = type(lane | (log2 << LANES_SHIFT));
      types.push(vector, dynamicOf(vector));
    }
  }
  return types;
}
