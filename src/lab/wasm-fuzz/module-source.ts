/**
 * The module of a seed: random bytes that binaryen's `wasm-opt -ttf` turns into a valid module, which calls functions to log what it
 * computes, and ends its loops and recursions itself.
 *
 * Of most modules `--denan` takes what a NaN's bits would show of: those are not determined. Every other module exports all that it
 * has, so that its state can be compared in the end; the others are left as they are, since what is exported is compiled in another way.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryenTool } from "../../driver/node/binaryen-tool.ts";
import { parseTarget } from "../../driver/targets.ts";
import {
  decodeModule,
  type Export,
  type ExternKind,
  encodeModule,
  type FeatureName,
  type Module,
} from "../../wasm/index.ts";
import { Random } from "../fuzz/random.ts";

const FEATURES: readonly string[] = [
  "gc",
  "reference-types",
  "tail-call",
  "multivalue",
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "sign-ext",
  "nontrapping-float-to-int",
  "mutable-globals",
  "extended-const",
];
const OPTIONAL_FEATURES: readonly string[] = ["multimemory", "memory64", "relaxed-simd"];
/** What nothing stands for where a target lacks it. */
const NOT_LOWERED: Readonly<Record<string, FeatureName>> = {
  simd: "simd",
  "relaxed-simd": "simd",
  memory64: "memory64",
  multimemory: "multi-memory",
};
const LEAST_BYTES = 200;
const MOST_BYTES = 6000;

export class ModuleSource {
  private readonly tool: BinaryenTool;
  private readonly folder: string;
  private readonly startFrom: readonly string[];
  private readonly isFor: (feature: string) => boolean;

  /**
   * `startFrom`: paths of modules that half of the random ones are built upon. With a target, no module has what that can only
   * refuse.
   */
  constructor(startFrom: readonly string[] = [], target?: string) {
    this.startFrom = startFrom;
    const has = target === undefined ? null : parseTarget(target);
    this.isFor = (feature) => has === null || !(feature in NOT_LOWERED) || has.has(NOT_LOWERED[feature]!);
    this.tool = new BinaryenTool("wasm-opt");
    this.folder = mkdtempSync(join(tmpdir(), "spillway-ttf-"));
  }

  /** The binary; the same for the same seed. */
  async at(seed: number): Promise<Uint8Array> {
    const random = new Random(seed);
    const input = join(this.folder, "random");
    const output = join(this.folder, "module.wasm");
    const length = random.between(LEAST_BYTES, MOST_BYTES);
    writeFileSync(
      input,
      Uint8Array.from({ length }, () => random.below(256)),
    );
    const flags = flagsOf(random, this.isFor);
    if (this.startFrom.length > 0 && random.chance(50)) {
      flags.push(`--initial-fuzz=${random.pick(this.startFrom)}`);
    }
    await this.tool.run(["-ttf", input, "-o", output, "--quiet", ...flags]);
    const bytes = new Uint8Array(readFileSync(output));
    return random.chance(50) ? exportingAll(bytes) : bytes;
  }

  end(): void {
    rmSync(this.folder, { recursive: true });
  }
}

function flagsOf(random: Random, isFor: (feature: string) => boolean): string[] {
  const features = [...FEATURES, ...OPTIONAL_FEATURES.filter(() => random.chance(10))];
  const flags = features.filter(isFor).map((name) => `--enable-${name}`);
  if (random.chance(85)) flags.push("--denan");
  if (random.chance(40)) flags.push(random.pick(["-O1", "-O3", "-Os"]));
  // Both dialects in one module are more than V8 takes.
  if (random.chance(40)) flags.push("--enable-exception-handling", "--translate-to-exnref");
  return flags;
}

/** The module with its tables, memories and globals exported, besides what it exports already. */
export function exportingAll(bytes: Uint8Array): Uint8Array {
  const module = decodeModule(bytes);
  const exports: Export[] = [...module.exports];
  const add = (kind: ExternKind, count: number): void => {
    for (let index = 0; index < count; index++) {
      exports.push({ name: `${kind} ${index}`, kind, index, offset: 0 });
    }
  };
  add("table", module.tables.length);
  add("memory", module.memories.length);
  add("global", module.globals.length);
  return encodeModule({ ...module, exports } satisfies Module);
}
