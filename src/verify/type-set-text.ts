/** Sets of types as messages show them: `{i32, i64}`, `{i8 … i128, f16 … f128, 2 … 256 lanes}`. */
import { TYPE_SET_MASKS } from "../ir/opcode-tables.gen.ts";
import { isFloat, isInt, laneBitsLog2, type Type } from "../ir/types.ts";

const SCALAR = 1;

/** A numbered type set of the opcode table. */
export function typeSetText(set: number): string {
  const row = set * 4;
  return setText(
    TYPE_SET_MASKS[row]!,
    TYPE_SET_MASKS[row + 1]!,
    TYPE_SET_MASKS[row + 2]!,
    TYPE_SET_MASKS[row + 3]!,
  );
}

/** The scalars narrower than `type`. */
export function narrowerSetText(type: Type): string {
  const below = (1 << laneBitsLog2(type)) - 1;
  return setText(isInt(type) ? below & 0xf8 : 0, isFloat(type) ? below & 0xf0 : 0, SCALAR, 0);
}

/** The scalars wider than `type`. */
export function widerSetText(type: Type): string {
  const above = ~((2 << laneBitsLog2(type)) - 1) & 0xff;
  return setText(isInt(type) ? above : 0, isFloat(type) ? above : 0, SCALAR, 0);
}

/** Masks of log2 widths and log2 lane counts, as in the opcode table. */
function setText(ints: number, floats: number, lanes: number, dynamicLanes: number): string {
  const parts = [rangeText(ints, "i"), rangeText(floats, "f")];
  if (lanes !== SCALAR) {
    const scalars = (lanes & SCALAR) !== 0 ? "scalar or " : "";
    parts.push(`${scalars}${rangeText(lanes & ~SCALAR, "")} lanes`);
  }
  if (dynamicLanes !== 0) parts.push("dynamic vectors");
  return `{${parts.filter((part) => part !== "").join(", ")}}`;
}

function rangeText(mask: number, prefix: string): string {
  if (mask === 0) return "";
  const low = 31 - Math.clz32(mask & -mask);
  const high = 31 - Math.clz32(mask);
  return low === high ? `${prefix}${2 ** low}` : `${prefix}${2 ** low} … ${prefix}${2 ** high}`;
}
