/** Compares a compiled module with its input on the engine's own garbage collector, under every collector. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";

export interface Program {
  readonly name: string;
  readonly wat: string;
  /** Calls of the export `run`, one after the other on one instance. */
  readonly args: readonly number[];
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
export function agreesWithNative({ name, wat, args }: Program): void {
  for (const collector of COLLECTOR_NAMES) {
    test(`${name}: as natively, with collector ${collector}`, async () => {
      const native = await textToBinary(wat);
      assert.deepEqual(results(compile(native, { collector }), args), results(native, args));
    });
  }
}
