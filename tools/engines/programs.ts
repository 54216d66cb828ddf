/**
 * The programs of `npm run engines`: those of the benchmark with small arguments, and those of `programs/` for what they do not have.
 *
 * A call must not depend on calls before it: some engines make a new instance for each. With the larger argument a program that
 * allocates more than a little collects, in the small heap that it is given.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programText } from "../../bench/programs.ts";
import type { FeatureName } from "../../src/wasm/index.ts";
import type { Form } from "./engine.ts";

export interface Program {
  readonly name: string;
  readonly text: string;
  readonly form: Form;
  readonly words: readonly string[];
  /** What a target has to have besides, or the compiler refuses the program by name. */
  readonly needs?: FeatureName;
}

const BENCHMARK: Readonly<Record<string, readonly number[]>> = {
  "binary-trees": [5, 10],
  lists: [20, 2500],
  "hash-table": [100, 2500],
  sort: [100, 4000],
  splay: [200, 2500],
  "ray-tracer": [6, 25],
  visitors: [1, 20],
  richards: [1, 4],
  json: [12, 420],
  churn: [400, 60_000],
  nbody: [30, 1000],
  sieve: [1000, 30_000],
  integers: [100, 1000],
  mandelbrot: [20, 40],
};

const CALLS: Readonly<Record<string, readonly number[]>> = {
  casts: [17, 20_000],
  exceptions: [10, 10_000],
  "tail-calls": [10, 100_000],
  "own-memory": [-300_000, -104, 50, 40_000],
  "multi-memory": [100, 5000],
  "bulk-memory": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  i64: [10, 10_000],
  strings: [10, 1600],
  globals: [10, 10_000],
  vectors: [10, 8000],
  traps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "wasi-output": [],
  "wasi-arguments": ["one", "and two", "drei"],
};

const NEEDS: Readonly<Record<string, FeatureName>> = { "multi-memory": "multi-memory", vectors: "simd" };

export const PROGRAMS: readonly Program[] = [
  ...Object.entries(BENCHMARK).map(([name, words]) => callsOf(name, programText(name), words)),
  ...Object.entries(CALLS).map(([name, words]) => callsOf(name, textOf(name), words)),
  ...Object.entries(COMMANDS).map(
    ([name, words]): Program => ({ name, text: textOf(name), form: "command", words }),
  ),
];

function callsOf(name: string, text: string, numbers: readonly number[]): Program {
  const program: Program = { name, text, form: "calls", words: numbers.map(String) };
  const needs = NEEDS[name];
  return needs === undefined ? program : { ...program, needs };
}

function textOf(name: string): string {
  return readFileSync(join(import.meta.dirname, "programs", `${name}.wat`), "utf8");
}
