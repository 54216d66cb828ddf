/**
 * Arguments and results of a function that `spillway run --invoke` calls, as text.
 *
 *     i32, i64    -5, 0xff, 4294967295; printed with their sign
 *     f32, f64    1.5, -0x1p-3, inf, nan; the shortest text that reads back as the same number
 *     references  null; printed by kind: null, i31 5, struct, array, func, host
 *
 * In JSON a number is one where readers get it back as it was: an i32, and a float that is finite and not -0. All else is the same text.
 */
import { InputError } from "../base/diagnostics.ts";
import type { Store } from "../embed/index.ts";
import { types } from "../wasm/index.ts";
import { f32FromBits, f64FromBits, parseF32, parseF64, parseInteger } from "../wast/literals.ts";
import { badArgument } from "./messages.ts";

/** What JavaScript passes for an argument of the type. Throws `InputError` for text that is none. */
export function parseArgument(text: string, type: types.ValType): unknown {
  switch (type) {
    case types.I32: {
      const bits = parseInteger(text, 32);
      if (bits !== null) return Number(BigInt.asIntN(32, bits));
      break;
    }
    case types.I64: {
      const bits = parseInteger(text, 64);
      if (bits !== null) return BigInt.asIntN(64, bits);
      break;
    }
    case types.F32: {
      const bits = parseF32(text);
      if (bits !== null) return f32FromBits(bits);
      break;
    }
    case types.F64: {
      const bits = parseF64(text);
      if (bits !== null) return f64FromBits(bits);
      break;
    }
    default:
      if (text === "null" && types.isNullable(type)) return null;
  }
  throw new InputError(badArgument(text, types.valTypeName(type), noteFor(type)));
}

function noteFor(type: types.ValType): string {
  if (types.isRef(type)) return "of references only null can be given here";
  const isInteger = type === types.I32 || type === types.I64;
  return isInteger ? "it is a number such as -5 or 0xff that fits" : "it is a number such as 1.5, inf or nan";
}

/** As JSON has it. */
export function resultJson(store: Store, value: unknown, type: types.ValType): number | string {
  const isNumber = type === types.I32 || type === types.F32 || type === types.F64;
  if (isNumber && Number.isFinite(value) && !Object.is(value, -0)) return value as number;
  return resultText(store, value, type);
}

export function resultText(store: Store, value: unknown, type: types.ValType): string {
  if (type === types.F32) return singleText(value as number);
  if (type === types.F64) return doubleText(value as number);
  if (!types.isRef(type)) return String(value);
  const kind = store.kindOf(value);
  return kind === "i31" ? `i31 ${String(value)}` : kind;
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Nine digits tell any two apart; most need fewer. */
function singleText(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return doubleText(short);
  }
  return doubleText(value);
}
