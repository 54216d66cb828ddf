/** Scripts on the native engine, with every module that can be taken through our own compiler first. */
import { readFileSync } from "node:fs";
import { InputError } from "../../src/base/diagnostics.ts";
import type { Features } from "../../src/wasm/index.ts";
import { fileFeatures, readHeader } from "../../src/wast/file-features.ts";
import { hostModules } from "../../src/wast/host-modules.ts";
import { NativeEngine, type NativeModule } from "../../src/wast/native-engine.ts";
import { parseScript } from "../../src/wast/parse-script.ts";
import type { ScriptReport } from "../../src/wast/report.ts";
import { runScript } from "../../src/wast/runner.ts";
import { runThread } from "./recompiling-threads.ts";

export interface Counts {
  recompiled: number;
  /** Modules that ran as they were, by the reason. */
  readonly refused: Map<string, number>;
}

/** Throws `InputError` for a module that is to run as it is. */
export type Recompile = (bytes: Uint8Array, features: Features) => Uint8Array;

export class RecompilingEngine extends NativeEngine {
  private readonly recompile: Recompile;
  private readonly counts: Counts;

  constructor(recompile: Recompile, counts: Counts) {
    super();
    this.recompile = recompile;
    this.counts = counts;
  }

  override compile(bytes: Uint8Array, features: Features): NativeModule {
    let recompiled: Uint8Array;
    try {
      recompiled = this.recompile(bytes, features);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const native = super.compile(bytes, features);
      this.counts.refused.set(error.message, (this.counts.refused.get(error.message) ?? 0) + 1);
      return native;
    }
    this.counts.recompiled++;
    return super.compile(recompiled, features);
  }
}

export async function runOn(engine: NativeEngine, file: string): Promise<ScriptReport> {
  const source = readFileSync(file, "utf8");
  const features = fileFeatures(file, readHeader(source), []);
  return runScript(parseScript(source), {
    file,
    engine,
    features,
    checkMessages: false,
    hosts: await hostModules(engine, features),
    instances: new Map(),
    startThread: (body, shared) =>
      runThread({ file, source, features, body, recompiles: engine instanceof RecompilingEngine }, shared),
  });
}

/** What was recompiled, and what was not and why, in a line. */
export function summary({ recompiled, refused }: Counts, passed: number): string {
  const reasons = [...refused].sort((a, b) => b[1] - a[1]).map(([why, count]) => `${count} × ${why}`);
  return `${recompiled} modules recompiled, ${passed} directives passed; refused: ${reasons.join("; ")}`;
}
