/**
 * What a compilation came to: bytes, frames, slots, stack maps, static data, and where the time went. `CompileMeasurement` watches one
 * compilation; `finish` gives its figures.
 */
import type { SpillCounts } from "../frontend/safepoints/spiller.ts";
import type { Function } from "../ir/function.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { OutputPlan } from "../link/plan.ts";
import type { StaticLayout, StaticSummary } from "../link/static-layout.ts";
import { decodeModule } from "../wasm/decode.ts";
import type { Module } from "../wasm/module.ts";
import { type SectionSize, sectionSizes } from "../wasm/section-sizes.ts";
import type { CompileObserver, Phase } from "./observers.ts";

export interface BinaryReport {
  readonly bytes: number;
  /** In order, custom sections by name. */
  readonly sections: readonly SectionSize[];
}

export interface CompileReport {
  readonly input: BinaryReport;
  readonly output: BinaryReport;
  /** What the linker gave, before an optimiser made the output of it. */
  readonly linkedBytes: number;
  /** Of the input, those with a body. */
  readonly functions: number;
  /** What was added for `struct.new`, and what sets an instance up. */
  readonly addedFunctions: number;
  /** Functions with a frame on the shadow stack, and the bytes of these. */
  readonly frames: number;
  readonly frameBytes: number;
  readonly largestFrameBytes: number;
  readonly slots: number;
  readonly spills: number;
  readonly reloads: number;
  /** Calls that may collect in functions with references, and how many of them have a map. */
  readonly safepoints: number;
  readonly mappedSafepoints: number;
  readonly mapEntries: number;
  /** Null for a module without references, which has none. */
  readonly staticData: StaticSummary | null;
  /** Code of the collector in the output. */
  readonly runtimeFunctions: number;
  readonly runtimeCodeBytes: number;
  /** By phase, those that did not happen left out; the optimiser behind the linker included. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

type SpillTotals = { -readonly [K in keyof SpillCounts]: number };

export class CompileMeasurement implements CompileObserver {
  private readonly times: Map<string, number>;
  private phase: string | null;
  private since: number;
  private readonly totals: SpillTotals;
  private frames: number;
  private frameBytes: number;
  private largestFrame: number;
  private code: CompiledCode | null;
  private statics: StaticSummary | null;
  private runtime: Module | null;

  constructor() {
    this.times = new Map();
    this.phase = null;
    this.since = 0;
    this.totals = {
      slots: 0,
      spills: 0,
      reloads: 0,
      safepoints: 0,
      mapped: 0,
      mapEntries: 0,
      splitEdges: 0,
    };
    this.frames = 0;
    this.frameBytes = 0;
    this.largestFrame = 0;
    this.code = null;
    this.statics = null;
    this.runtime = null;
  }

  readonly enter = (phase: Phase): void => this.begin(phase);

  readonly afterSpilling = (_index: number, _func: Function, counts: SpillCounts): void => {
    const { totals } = this;
    for (const key of Object.keys(totals) as (keyof SpillCounts)[]) totals[key] += counts[key];
  };

  readonly emitted = (_index: number, frameBytes: number): void => {
    if (frameBytes > 0) this.frames++;
    this.frameBytes += frameBytes;
    this.largestFrame = Math.max(this.largestFrame, frameBytes);
  };

  readonly compiled = (code: CompiledCode): void => {
    this.code = code;
  };

  readonly placed = (layout: StaticLayout, runtime: Module): void => {
    this.statics = layout.summary();
    this.runtime = runtime;
  };

  /** A phase begins, also one of the caller's own. */
  begin(phase: string): void {
    const now = performance.now();
    this.end(now);
    this.phase = phase;
    this.since = now;
  }

  private end(now: number): void {
    if (this.phase !== null) this.times.set(this.phase, (this.times.get(this.phase) ?? 0) + now - this.since);
    this.phase = null;
  }

  /** The figures of the compilation that has ended: it gave `linked`, and something made `output` of that. */
  finish(input: Uint8Array, linked: Uint8Array, output: Uint8Array = linked): CompileReport {
    this.end(performance.now());
    const { totals } = this;
    const { plan, bodies, initializers } = this.code!;
    const first = plan.module.importedFunctionCount;
    const added = bodies.filter((_, i) => (plan.typeFunctions?.roleOf(first + i) ?? null) !== null).length;
    return {
      input: binaryReport(input),
      output: binaryReport(output),
      linkedBytes: linked.length,
      functions: bodies.length - added,
      addedFunctions: added + initializers.length,
      frames: this.frames,
      frameBytes: this.frameBytes,
      largestFrameBytes: this.largestFrame,
      slots: totals.slots,
      spills: totals.spills,
      reloads: totals.reloads,
      safepoints: totals.safepoints,
      mappedSafepoints: totals.mapped,
      mapEntries: totals.mapEntries,
      staticData: this.statics,
      ...this.runtimeFigures(plan, linked),
      milliseconds: Object.fromEntries(this.times),
    };
  }

  /** The runtime's functions stand behind the input's. */
  private runtimeFigures(
    plan: OutputPlan,
    linked: Uint8Array,
  ): Pick<CompileReport, "runtimeFunctions" | "runtimeCodeBytes"> {
    const runtimeFunctions = this.runtime?.code.starts.length ?? 0;
    const { code, importedFunctionCount } = decodeModule(linked);
    let runtimeCodeBytes = 0;
    for (let i = 0; i < runtimeFunctions; i++) {
      const body = plan.functionsEnd - importedFunctionCount + i;
      runtimeCodeBytes += code.ends.get(body) - code.starts.get(body);
    }
    return { runtimeFunctions, runtimeCodeBytes };
  }
}

function binaryReport(bytes: Uint8Array): BinaryReport {
  return { bytes: bytes.length, sections: sectionSizes(bytes) };
}
