/** Numbers and vectors as adapters hand them over: floats by their bits, a vector as two halves (`native-adapter.ts`). */
import type { ResultValue } from "./engine.ts";
import type { Shape } from "./native-adapter.ts";
import type { ScriptValue } from "./script.ts";

/** Adds what the argument is, flat; false for one that is not of the shape. */
export function pushFlat(flat: unknown[], arg: ScriptValue, shape: Shape): boolean {
  switch (arg.type) {
    case "i32":
    case "f32":
      flat.push(Number(BigInt.asIntN(32, arg.bits)));
      return arg.type === shape;
    case "i64":
    case "f64":
      flat.push(arg.bits);
      return arg.type === shape;
    case "v128":
      flat.push(arg.low, arg.high);
      return shape === "v128";
    default:
      return false;
  }
}

/** The number or vector at a place among flat results. */
export function fromFlat(shape: Shape, flat: readonly unknown[], at: number): ResultValue {
  switch (shape) {
    case "i32":
    case "f32":
      return { type: shape, bits: BigInt.asUintN(32, BigInt(flat[at] as number)) };
    case "i64":
    case "f64":
      return { type: shape, bits: BigInt.asUintN(64, flat[at] as bigint) };
    case "v128": {
      const low = BigInt.asUintN(64, flat[at] as bigint);
      return { type: "v128", low, high: BigInt.asUintN(64, flat[at + 1] as bigint) };
    }
    default:
      throw new Error(`no number: ${shape}`);
  }
}
