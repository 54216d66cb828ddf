/**
 * Runs random modules in the interpreter and, compiled, on the engine, and says where they differ: in results, in whether
 * they trap, or in the memory that both can see.
 */

import { type DataValue, Interpreter, nameKey, type Outcome } from "../../src/interp/index.ts";
import type { Function } from "../../src/ir/function.ts";
import { bytesOf, F32, F64, isVector, type Type } from "../../src/ir/types.ts";
import { compileFile, VALUE_BYTES } from "../../src/lab/compiled/file-module.ts";
import { Random } from "../../src/lab/fuzz/random.ts";
import { Verifier, verifierErrorText } from "../../src/verify/index.ts";
import { engine, type TestInstance } from "./engine.ts";
import { randomModule, VISITS } from "./random-module.ts";
import { REGION, REGION_BYTES } from "./random-values.ts";

const RESULTS = 4096;
const INPUTS = 4;
/** Blocks of a call in the interpreter; what takes more is not run on the engine. */
const INTERPRETER_FUEL = 30_000;

interface Call {
  readonly index: number;
  readonly args: readonly DataValue[];
  readonly outcome: Outcome;
  readonly memory: Uint8Array;
}

export class Comparison {
  functions: number;
  calls: number;
  returned: number;
  trapped: number;
  /** Calls that took too long in the interpreter. */
  long: number;
  /** How many functions were refused, by reason. */
  readonly refused: Map<string, number>;

  private readonly verifier: Verifier;

  constructor() {
    this.verifier = new Verifier();
    this.functions = 0;
    this.calls = 0;
    this.returned = 0;
    this.trapped = 0;
    this.long = 0;
    this.refused = new Map();
  }

  /** What differs in the module of that seed, or null. */
  compare(seed: number): string | null {
    return this.compareFunctions(randomModule(seed), seed);
  }

  /** Compiling may change them. */
  compareFunctions(functions: readonly Function[], seed: number): string | null {
    for (const func of functions) {
      const [error] = this.verifier.verify(func, { pointerType: func.pointerType });
      if (error !== undefined) return `the generator made a wrong function: ${verifierErrorText(error)}`;
    }
    const calls = interpret(functions, new Random(seed));
    const { bytes, refusals } = compileFile(functions);
    this.functions += functions.length;
    for (const refusal of refusals) {
      if (refusal !== null) this.refused.set(refusal, (this.refused.get(refusal) ?? 0) + 1);
    }
    // What calls a refused function is not compared either.
    if (refusals.some((refusal) => refusal !== null)) return null;
    for (const func of functions) {
      const [error] = this.verifier.verify(func, { pointerType: func.pointerType });
      if (error !== undefined) return `a pass made a wrong function: ${verifierErrorText(error)}`;
    }
    const instance = engine(bytes);
    for (const call of calls) {
      this.calls++;
      const difference = this.compareCall(instance, call);
      if (difference !== null)
        return `function ${call.index}(${call.args.map(hex).join(", ")}): ${difference}`;
    }
    return null;
  }

  private compareCall(instance: TestInstance, call: Call): string | null {
    const { memory } = instance;
    const { outcome } = call;
    if (outcome.kind === "out of fuel") {
      this.long++;
      return null;
    }
    memory.fill(0xab, 0, 2 * RESULTS);
    memory.fill(0, REGION, REGION + REGION_BYTES);
    memory.fill(0, VISITS, VISITS + 4);
    call.args.forEach((arg, at) => void memory.set(arg.bytes, at * VALUE_BYTES));
    const trap = instance.call(`f${call.index}`, RESULTS);
    if (outcome.kind === "trapped") this.trapped++;
    else this.returned++;
    if ((trap !== null) !== (outcome.kind === "trapped"))
      return `${outcome.kind}, on the engine: ${trap ?? "returned"}`;
    for (let at = 0; at < REGION_BYTES; at++) {
      const [wanted, got] = [call.memory[at], memory[REGION + at]];
      if (wanted !== got)
        return `after it ${outcome.kind}, memory at ${REGION + at} is ${wanted}, on the engine ${got}`;
    }
    if (outcome.kind !== "returned") return null;
    for (const [i, value] of outcome.values.entries()) {
      const at = RESULTS + i * VALUE_BYTES;
      const got = { type: value.type, bytes: memory.slice(at, at + value.bytes.length) };
      if (hex(got) !== hex(value)) return `result ${i} is ${hex(value)}, on the engine ${hex(got)}`;
    }
    return null;
  }
}

/** All functions on all inputs, before anything is compiled. */
function interpret(functions: readonly Function[], random: Random): Call[] {
  const interpreter = new Interpreter(functions);
  const calls: Call[] = [];
  functions.forEach((func, index) => {
    for (let i = 0; i < INPUTS; i++) {
      const args = func.signature.params.map(({ type }) => randomValue(random, type));
      const outcome = interpreter.call(nameKey(func.name), args, INTERPRETER_FUEL);
      calls.push({ index, args, outcome, memory: interpreter.memoryBytes(REGION, REGION_BYTES) });
    }
  });
  return calls;
}

const SPECIAL_32 = [
  0, 0x8000_0000, 0x3f80_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_1234, 0x7f80_0001, 1,
];

function randomValue(random: Random, type: Type): DataValue {
  const bytes = new Uint8Array(bytesOf(type));
  const draw = random.below(100);
  if (draw < 50) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.bits();
  } else if (draw < 70) {
    bytes[0] = random.below(10);
  } else if (draw < 80) {
    bytes.fill(0xff);
  } else if (draw < 90) {
    bytes[bytes.length - 1] = 0x80;
  }
  const view = new DataView(bytes.buffer);
  if (type === F32 && random.chance(60)) view.setUint32(0, random.pick(SPECIAL_32), true);
  if (type === F64 && random.chance(60))
    view.setFloat64(0, random.pick([0, -0, 1, -1.5, 1e10, -1e300, NaN, Infinity]), true);
  if (isVector(type) && random.chance(30)) bytes.copyWithin(8, 0, 8);
  return { type, bytes };
}

function hex(value: DataValue): string {
  return `0x${[...value.bytes]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")}`;
}
