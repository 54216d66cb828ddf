/**
 * What ended a program before its end, as people read it: the specification's word for a trap, and the functions of the program that
 * were running, the innermost first, under the names that the input has for them.
 *
 * Where the input has a source map, a frame says its place in the source, too, and the operator that trapped is known: where the engine has
 * the same words for the traps of several operators, only those count that it can be.
 *
 * The engine's stack names functions of the output. Those of the collector, of memories and of the functions of types are left out.
 */
import { hostWebAssembly, type Module, StoreException } from "../embed/index.ts";
import { NOWHERE } from "../link/code-positions.ts";
import { OperatorReader, opcodeName, readNames, types, valTypeName } from "../wasm/index.ts";
import { exportedFunctionNames } from "../wasm/names.ts";
import { plainMessage, specificationMessage } from "../wast/trap-wording.ts";

export interface Failure {
  readonly message: string;
  /** One line a function, `at main (function 3)`. */
  readonly frames: readonly string[];
}

const MOST_FRAMES = 20;

/** The engine keeps that many frames of a stack; some of them are not shown. */
export const FRAMES_KEPT = 100;

/** What an instruction of the output, by its offset, or by that of the function that it is the first of, was made from: `main.kt:3:5`, or null. */
export type PlaceOf = (offset: number, isEntry: boolean) => string | null;

/** What is known of the instructions of the output. */
export interface CodePlaces {
  readonly placeOf: PlaceOf;
  /** Of an instruction, by its offset: the offset in the input of the operator that it was made from, or `NOWHERE`. */
  readonly originOf: (offset: number) => number;
}

/** Null for what is neither a trap nor an exception of the program's: a defect, or a host function's own error. */
export function failureOf(module: Module, error: unknown, places: CodePlaces): Failure | null {
  const frames = framesIn(error);
  const message = failureMessage(error, () => operatorOf(module, frames, places));
  if (message === null) return null;
  return { message, frames: framesOf(module, error, frames, places.placeOf) };
}

function failureMessage(error: unknown, operator: () => string | null): string | null {
  if (error instanceof hostWebAssembly.RuntimeError) {
    return `trap: ${specificationMessage(plainMessage(error.message), operator())}`;
  }
  if (error instanceof StoreException) return ["uncaught exception", payloadText(error)].join("");
  if (error instanceof RangeError && /call stack/i.test(error.message)) return "trap: call stack exhausted";
  return null;
}

/** What an exception carries: numbers, and of what type its references are. */
function payloadText(exception: StoreException): string {
  const values = exception.types.map((type, i) => {
    const name = valTypeName(type);
    return types.isRef(type) || type === types.V128 ? name : `${name} ${exception.value(i)}`;
  });
  return values.length === 0 ? "" : `: ${values.join(", ")}`;
}

/** Of the engine's error, if the message is ours. */
function stackOf(error: unknown): string {
  const { cause, stack } = error as Error;
  return (cause instanceof Error ? cause.stack : stack) ?? "";
}

const FRAME = /^\s+at (?:(?:.* )?\()?(wasm:\/\/wasm\/.+):wasm-function\[(\d+)\]:0x([\da-f]+)\)?$/;

/** A function of an engine's module that is running, at an offset of the module. */
interface Frame {
  readonly url: string;
  readonly index: number;
  readonly offset: number;
}

/** The innermost first. */
function framesIn(error: unknown): Frame[] {
  return stackOf(error)
    .split("\n")
    .flatMap((line) => {
      const match = FRAME.exec(line);
      if (match === null) return [];
      return [{ url: match[1]!, index: Number(match[2]), offset: Number.parseInt(match[3]!, 16) }];
    });
}

const ALL_FEATURES = -1;

/** The program's operator that the innermost frame is at, where that is the program's and it is known. */
function operatorOf(
  { code: { plan } }: Module,
  frames: readonly Frame[],
  { originOf }: CodePlaces,
): string | null {
  const [innermost] = frames;
  if (innermost === undefined || innermost.url !== frames.at(-1)!.url) return null;
  const origin = originOf(innermost.offset);
  if (origin === NOWHERE) return null;
  const { bytes, types: table } = plan.module;
  const reader = new OperatorReader(bytes, origin, bytes.length, ALL_FEATURES);
  reader.typeLimit = table.length;
  return opcodeName(reader.next());
}

function framesOf(
  { code: { plan } }: Module,
  error: unknown,
  frames: readonly Frame[],
  placeOf: PlaceOf,
): string[] {
  // The host calls the program, so the outermost frame is one of its own.
  const url = frames.at(-1)?.url;
  const added = plan.importedFunctionCount - plan.module.importedFunctionCount;
  const names = new Map([...exportedFunctionNames(plan.module), ...readNames(plan.module).functions]);
  const shown: Run[] = [];
  for (const frame of frames) {
    const index = frame.index - added;
    const isInput =
      index < plan.module.functionTypes.length && (plan.typeFunctions?.roleOf(index) ?? null) === null;
    if (frame.url !== url || !isInput) continue;
    const last = shown.at(-1);
    if (last?.index === index) last.count++;
    else shown.push({ index, offset: frame.offset, count: 1 });
  }
  // An engine looks at what is left of its own stack before the first instruction.
  const endsAtEntry = error instanceof RangeError && !(error.cause instanceof Error);
  const lines = shown.slice(0, MOST_FRAMES).map(({ index, offset, count }, i) => {
    const name = names.get(index);
    const text = name === undefined ? `function ${index}` : `${printable(name)} (function ${index})`;
    const place = placeOf(offset, i === 0 && endsAtEntry);
    const at = place === null ? text : `${text} ${printable(place)}`;
    return count === 1 ? `at ${at}` : `at ${at}, ${count} times`;
  });
  return frames.length === FRAMES_KEPT || shown.length > MOST_FRAMES ? [...lines, "…"] : lines;
}

/** Calls of one function by itself. */
interface Run {
  readonly index: number;
  /** Of the innermost one. */
  readonly offset: number;
  count: number;
}

/** One line, without what a terminal would obey. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
}
