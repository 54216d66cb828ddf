/** Operations on two 32-bit constants; null for what is not folded, among it whatever could trap. */
import { INT_CONDITIONS } from "../ir/conditions.ts";
import * as Op from "../ir/op.gen.ts";
import type { Opcode } from "../ir/opcodes.ts";

/** Operations that give their first operand when the second is zero. */
export const ZERO_IS_NEUTRAL: ReadonlySet<number> = new Set([
  Op.Iadd,
  Op.Isub,
  Op.Ishl,
  Op.Ushr,
  Op.Sshr,
  Op.Bor,
  Op.Bxor,
]);

/** An unsigned comparison with a zero that decides it, whatever the other operand is: nothing is below. */
export function foldWithZero(condition: number, x: number | null, y: number | null): number | null {
  switch (INT_CONDITIONS[condition]) {
    case "ult":
      return y === 0 ? 0 : null;
    case "uge":
      return y === 0 ? 1 : null;
    case "ugt":
      return x === 0 ? 0 : null;
    case "ule":
      return x === 0 ? 1 : null;
    default:
      return null;
  }
}

export function foldInt32(op: Opcode, condition: number, x: number, y: number): number | null {
  switch (op) {
    case Op.Iadd:
      return (x + y) | 0;
    case Op.Isub:
      return (x - y) | 0;
    case Op.Imul:
      return Math.imul(x, y);
    case Op.Band:
      return x & y;
    case Op.Bor:
      return x | y;
    case Op.Bxor:
      return x ^ y;
    case Op.Ishl:
      return x << (y & 31);
    case Op.Ushr:
      return (x >>> (y & 31)) | 0;
    case Op.Sshr:
      return x >> (y & 31);
    case Op.Icmp:
      return holds(condition, x, y) ? 1 : 0;
    default:
      return null;
  }
}

function holds(condition: number, x: number, y: number): boolean {
  const [a, b] = [x >>> 0, y >>> 0];
  switch (INT_CONDITIONS[condition]) {
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "slt":
      return x < y;
    case "sge":
      return x >= y;
    case "sgt":
      return x > y;
    case "sle":
      return x <= y;
    case "ult":
      return a < b;
    case "uge":
      return a >= b;
    case "ugt":
      return a > b;
    default:
      return a <= b;
  }
}
