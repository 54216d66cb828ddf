/** Compares a compiled module with its input on the engine's own garbage collector, under every collector. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { parseTarget } from "../../src/driver/targets.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import { decodeModule, validateModule } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { run as runWabt } from "./wabt.ts";

export interface Program {
  readonly name: string;
  readonly wat: string;
  /** Calls of the export `run`, one after the other on one instance. */
  readonly args: readonly number[];
  /** What reads the text, if not the parser that scripts go through. */
  readonly assemble?: (wat: string) => Uint8Array;
}

export async function binaryOf({ wat, assemble }: Program): Promise<Uint8Array> {
  return assemble === undefined ? textToBinary(wat) : assemble(wat);
}

type Run = (argument: number) => number;

/** What the calls give, a trap as such. */
export function results(bytes: Uint8Array, args: readonly number[]): (number | string)[] {
  const run = exportsOf(bytes)["run"] as Run;
  return args.map((argument) => {
    try {
      return run(argument);
    } catch {
      return "trap";
    }
  });
}

/** One test for each collector. */
export function agreesWithNative(program: Program): void {
  const { name, args } = program;
  for (const collector of COLLECTOR_NAMES) {
    test(`${name}: as natively, with collector ${collector}`, async () => {
      const native = await binaryOf(program);
      assert.deepEqual(results(compile(native, { collector }), args), results(native, args));
    });
  }
}

/** One test for each target, under a collector that moves everything; validators with just its features accept the output. */
export function agreesForTargets(program: Program, targets: readonly string[]): void {
  const { name, args } = program;
  for (const target of targets) {
    test(`${name}: as natively, for ${target}`, async () => {
      const native = await binaryOf(program);
      const output = compile(native, { target, collector: "stress" });
      const features = parseTarget(target);
      validateModule(decodeModule(output, features), features);
      runWabt("wasm-validate", output, features);
      assert.deepEqual(results(output, args), results(native, args));
    });
  }
}

/** One test where every function and allocation collects, with the spiller's work proven. */
export function agreesWhenStressed(program: Program): void {
  const { name, args } = program;
  test(`${name}: as natively, collecting everywhere, and proven`, async () => {
    const native = await binaryOf(program);
    const stressed = compile(native, { gcStress: true, prove: true });
    assert.deepEqual(results(stressed, args), results(native, args));
  });
}
