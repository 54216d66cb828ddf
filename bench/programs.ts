/**
 * The programs of `npm run bench:run`: Wasm text in `bench/programs/`, one file a program, each with an export
 * `run(i32) -> i32` whose result is a checksum.
 *
 * `size` is the argument to measure with (some milliseconds natively), `testSize` one that is fit for a collector that
 * collects at every allocation.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Program {
  /** Also the name of its file, without `.wat`. */
  readonly name: string;
  readonly size: number;
  readonly testSize: number;
  /** What it works on: objects, numbers, or its own memory, beside a heap that has next to nothing in it. */
  readonly worksOn: "references" | "numbers" | "memory";
}

export const PROGRAMS: readonly Program[] = [
  { name: "binary-trees", size: 16, testSize: 5, worksOn: "references" },
  { name: "lists", size: 60_000, testSize: 20, worksOn: "references" },
  { name: "hash-table", size: 40_000, testSize: 100, worksOn: "references" },
  { name: "sort", size: 30_000, testSize: 100, worksOn: "references" },
  { name: "splay", size: 20_000, testSize: 200, worksOn: "references" },
  { name: "ray-tracer", size: 250, testSize: 6, worksOn: "references" },
  { name: "visitors", size: 100, testSize: 1, worksOn: "references" },
  { name: "richards", size: 200, testSize: 1, worksOn: "references" },
  { name: "json", size: 20_000, testSize: 12, worksOn: "references" },
  { name: "churn", size: 1_000_000, testSize: 400, worksOn: "references" },
  { name: "nbody", size: 60_000, testSize: 30, worksOn: "references" },
  { name: "sieve", size: 1_000_000, testSize: 1000, worksOn: "references" },
  { name: "integers", size: 30_000, testSize: 100, worksOn: "numbers" },
  { name: "mandelbrot", size: 400, testSize: 20, worksOn: "numbers" },
  { name: "matrix", size: 128, testSize: 9, worksOn: "memory" },
  { name: "words", size: 400_000, testSize: 500, worksOn: "memory" },
];

/** The program's text. */
export function programText(name: string): string {
  return readFileSync(join(import.meta.dirname, "programs", `${name}.wat`), "utf8");
}
