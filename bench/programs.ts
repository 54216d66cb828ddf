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
  /** Whether it uses references at all. */
  readonly references: boolean;
}

export const PROGRAMS: readonly Program[] = [
  { name: "binary-trees", size: 16, testSize: 5, references: true },
  { name: "lists", size: 60_000, testSize: 20, references: true },
  { name: "hash-table", size: 40_000, testSize: 100, references: true },
  { name: "sort", size: 30_000, testSize: 100, references: true },
  { name: "splay", size: 20_000, testSize: 200, references: true },
  { name: "ray-tracer", size: 250, testSize: 6, references: true },
  { name: "visitors", size: 100, testSize: 1, references: true },
  { name: "richards", size: 200, testSize: 1, references: true },
  { name: "json", size: 20_000, testSize: 12, references: true },
  { name: "churn", size: 1_000_000, testSize: 400, references: true },
  { name: "nbody", size: 60_000, testSize: 30, references: true },
  { name: "sieve", size: 1_000_000, testSize: 1000, references: true },
  { name: "integers", size: 30_000, testSize: 100, references: false },
  { name: "mandelbrot", size: 400, testSize: 20, references: false },
];

/** The program's text. */
export function programText(name: string): string {
  return readFileSync(join(import.meta.dirname, "programs", `${name}.wat`), "utf8");
}
