/**
 * Whether results are what a script expects, and how both are written, in the syntax of scripts.
 *
 * A NaN is canonical when its payload is the most significant bit alone, arithmetic when it has that bit;
 * nothing else is compared loosely.
 */
import type { ActionOutcome, ReferenceHierarchy, ResultValue } from "./engine.ts";
import { f32FromBits, f64FromBits } from "./literals.ts";
import { laneType, laneWidth } from "./parse-values.ts";
import type { Expectation, LaneShape, NumberPattern, NumberType, ReferencePattern } from "./script.ts";

/** Whether the values are as many as expected and each as expected. */
export function matchesAll(expected: readonly Expectation[], values: readonly ResultValue[]): boolean {
  return expected.length === values.length && expected.every((one, i) => matches(one, values[i]!));
}

/** Whether `value` is what `expected` describes. */
export function matches(expected: Expectation, value: ResultValue): boolean {
  switch (expected.type) {
    case "either":
      return expected.choices.some((choice) => matches(choice, value));
    case "v128": {
      if (value.type !== "v128") return false;
      const width = laneWidth(expected.shape);
      const type = laneType(expected.shape);
      const bits = (value.high << 64n) | value.low;
      return expected.lanes.every((lane, i) =>
        matchesNumber(lane, BigInt.asUintN(width, bits >> BigInt(i * width)), type),
      );
    }
    case "ref.null":
      return value.type === "ref" && value.kind === "null" && inHierarchy(expected.heap, value.hierarchy);
    case "ref":
      return value.type === "ref" && matchesReference(expected.kind, expected.host, value);
    default:
      return value.type === expected.type && matchesNumber(expected.pattern, value.bits, expected.type);
  }
}

/** The exponent field, all ones, and the most significant bit of the payload. */
const F32_CANONICAL = 0x7fc00000n;
const F64_CANONICAL = 0x7ff8000000000000n;

function matchesNumber(pattern: NumberPattern, bits: bigint, type: NumberType | "i8" | "i16"): boolean {
  if (typeof pattern === "bigint") return pattern === bits;
  const canonical = type === "f32" ? F32_CANONICAL : F64_CANONICAL;
  if (pattern === "nan:arithmetic") return (bits & canonical) === canonical;
  return BigInt.asUintN(type === "f32" ? 31 : 63, bits) === canonical;
}

const HIERARCHY_OF: Readonly<Record<string, ReferenceHierarchy>> = {
  any: "any",
  eq: "any",
  i31: "any",
  struct: "any",
  array: "any",
  none: "any",
  func: "func",
  nofunc: "func",
  extern: "extern",
  noextern: "extern",
  exn: "exn",
  noexn: "exn",
};

/** A heap type given by an index or not at all can be of more than one hierarchy. */
function inHierarchy(heap: string | undefined, hierarchy: ReferenceHierarchy): boolean {
  const named = heap === undefined ? undefined : HIERARCHY_OF[heap];
  if (heap !== undefined && named === undefined) return hierarchy === "any" || hierarchy === "func";
  return named === undefined || named === hierarchy;
}

function matchesReference(
  pattern: ReferencePattern,
  host: number | undefined,
  value: ResultValue & { type: "ref" },
): boolean {
  const { hierarchy, kind } = value;
  if (kind === "null" || (host !== undefined && value.host !== host)) return false;
  switch (pattern) {
    case "any":
    case "extern":
    case "func":
    case "exn":
      return hierarchy === pattern;
    case "eq":
      return hierarchy === "any" && (kind === "i31" || kind === "struct" || kind === "array");
    default:
      return hierarchy === "any" && kind === pattern;
  }
}

/** The results as the script would write them; nothing is `()`. */
export function describeExpected(expected: readonly Expectation[]): string {
  return expected.length === 0 ? "()" : expected.map(describeExpectation).join(" ");
}

/** What happened, in a line. */
export function describeOutcome(outcome: ActionOutcome): string {
  switch (outcome.kind) {
    case "values":
      return outcome.values.length === 0 ? "()" : outcome.values.map(describeValue).join(" ");
    case "skipped":
      return `skipped: ${outcome.why}`;
    default:
      return `${outcome.kind}: ${outcome.message}`;
  }
}

function describeExpectation(expected: Expectation): string {
  switch (expected.type) {
    case "either":
      return `(either ${expected.choices.map(describeExpectation).join(" ")})`;
    case "v128":
      return describeVector(expected.shape, expected.lanes);
    case "ref.null":
      return expected.heap === undefined ? "(ref.null)" : `(ref.null ${expected.heap})`;
    case "ref": {
      const keyword = expected.kind === "any" && expected.host !== undefined ? "host" : expected.kind;
      return `(ref.${keyword}${expected.host === undefined ? "" : ` ${expected.host}`})`;
    }
    default:
      return `(${expected.type}.const ${describeNumber(expected.pattern, expected.type)})`;
  }
}

function describeValue(value: ResultValue): string {
  switch (value.type) {
    case "v128": {
      const bits = (value.high << 64n) | value.low;
      const lanes = [0n, 32n, 64n, 96n].map((shift) => BigInt.asUintN(32, bits >> shift));
      return `(v128.const i32x4 ${lanes.map((lane) => `0x${lane.toString(16)}`).join(" ")})`;
    }
    case "ref":
      if (value.kind === "null") return `(ref.null ${value.hierarchy})`;
      if (value.kind === "host") {
        const keyword = value.hierarchy === "extern" ? "extern" : "host";
        return value.host === undefined ? `(ref.${keyword})` : `(ref.${keyword} ${value.host})`;
      }
      return value.kind === "other" ? `(ref.${value.hierarchy})` : `(ref.${value.kind})`;
    default:
      return `(${value.type}.const ${describeNumber(value.bits, value.type)})`;
  }
}

function describeVector(shape: LaneShape, lanes: readonly NumberPattern[]): string {
  return `(v128.const ${shape} ${lanes.map((lane) => describeNumber(lane, laneType(shape))).join(" ")})`;
}

function describeNumber(pattern: NumberPattern, type: NumberType | "i8" | "i16"): string {
  if (typeof pattern === "string") return pattern;
  if (type === "f32") return describeFloat(f32FromBits(Number(pattern)), pattern, 0x7fffffn, 31);
  if (type === "f64") return describeFloat(f64FromBits(pattern), pattern, 0xfffffffffffffn, 63);
  return BigInt.asIntN(Number(type.slice(1)), pattern).toString();
}

function describeFloat(value: number, bits: bigint, payload: bigint, signBit: number): string {
  const sign = bits >> BigInt(signBit) === 0n ? "" : "-";
  if (Number.isNaN(value)) return `${sign}nan:0x${(bits & payload).toString(16)}`;
  if (!Number.isFinite(value)) return `${sign}inf`;
  return Object.is(value, -0) ? "-0" : String(value);
}
