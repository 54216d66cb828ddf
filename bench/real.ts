/**
 * `node bench/real.ts [--seconds N] [NAME…]`: published programs by their own JavaScript, on this engine's garbage collection and, in
 * turns with that, lowered under the polyfill: time once warm, and the peak of the process's memory.
 *
 * What is lowered was compiled before, and comes from the cache, in a folder of this script's. Each run is a process of its own; ratios are of
 * neighbours, which meet the same machine, and their medians count.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "./markdown-table.ts";
import { median } from "./statistics.ts";

const PROGRAM_NAMES: readonly string[] = ["dart_fmt", "kotlin-fmt", "jasm", "wasm_matches", "gg-bridge"];
const PAIRS = 3;
const DEFAULT_SECONDS = 8;
const MB = 1e6;
/**
 * V8 optimises a function of Wasm after a tenth of what is usual, natively and lowered: programs have thousands of functions that run a few times
 * a round, and would not be warm after minutes.
 */
const EARLY = "--wasm-tiering-budget=1300000";

interface Measured {
  readonly milliseconds: number;
  readonly peakBytes: number;
}

const child = join(import.meta.dirname, "real-program.mjs");
const polyfill = join(import.meta.dirname, "..", "dist", "bundled", "node", "polyfill.js");

function measure(name: string, seconds: number, cache: string | null): Measured {
  const preload = cache === null ? [EARLY] : [EARLY, "--import", polyfill];
  const env =
    cache === null ? process.env : { ...process.env, SPILLWAY_POLYFILL: "force", SPILLWAY_CACHE_DIR: cache };
  const { status, stdout } = spawnSync(process.execPath, [...preload, child, name, String(seconds)], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return JSON.parse(stdout) as Measured;
}

function row(name: string, seconds: number, cache: string): string[] {
  measure(name, 0, cache);
  const natives: Measured[] = [];
  const lowereds: Measured[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    natives.push(measure(name, seconds, null));
    lowereds.push(measure(name, seconds, cache));
  }
  const middle = (list: readonly Measured[], of: keyof Measured): number =>
    median(list.map((one) => one[of]));
  const ratio = (of: keyof Measured): string =>
    median(lowereds.map((lowered, i) => lowered[of] / natives[i]![of])).toFixed(2);
  return [
    name,
    middle(natives, "milliseconds").toFixed(2),
    middle(lowereds, "milliseconds").toFixed(2),
    ratio("milliseconds"),
    (middle(natives, "peakBytes") / MB).toFixed(0),
    (middle(lowereds, "peakBytes") / MB).toFixed(0),
    ratio("peakBytes"),
  ];
}

const HEAD = ["program", "native ms", "lowered ms", "ratio", "native MB", "lowered MB", "ratio"];

function main(args: readonly string[]): void {
  const [first, value, ...rest] = args;
  const seconds = first === "--seconds" ? Number(value) : DEFAULT_SECONDS;
  const names = first === "--seconds" ? rest : args;
  const cache = mkdtempSync(join(tmpdir(), "spillway-bench-"));
  try {
    const wanted = PROGRAM_NAMES.filter((name) => names.length === 0 || names.includes(name));
    process.stdout.write(
      markdownTable(
        HEAD,
        wanted.map((name) => row(name, seconds, cache)),
        1,
      ),
    );
  } finally {
    rmSync(cache, { recursive: true });
  }
}

main(process.argv.slice(2));
