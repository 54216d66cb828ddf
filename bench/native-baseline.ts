/** What native Cranelift takes, as recorded in `native-baseline.json`; its source stands there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseSpec } from "./stages.ts";

interface NativeSpill {
  readonly shape: string;
  readonly n: number;
  readonly live: number;
  readonly nsPerInst: number;
  readonly minMs: number;
  readonly insts: number;
  readonly peakMb: number;
}

interface NativeBaseline {
  readonly source: string;
  readonly reader: { readonly mbPerSecond: number };
  readonly printer: { readonly mbPerSecond: number };
  readonly verifier: { readonly nsPerInst: number };
  readonly spiller: readonly NativeSpill[];
}

export const NATIVE: NativeBaseline = JSON.parse(
  readFileSync(join(import.meta.dirname, "native-baseline.json"), "utf8"),
) as NativeBaseline;

export interface NativeFigure {
  /** Nanoseconds for one instruction, or where the figure is one of text, for one byte. */
  readonly ns: number;
  readonly per: "inst" | "byte";
  readonly peakMb: number | null;
}

/** The native figure to compare a case with, or `null` where none was recorded. */
export function nativeFigure(spec: CaseSpec): NativeFigure | null {
  switch (spec.stage) {
    case "parse":
      return { ns: 1000 / NATIVE.reader.mbPerSecond, per: "byte", peakMb: null };
    case "print":
      return { ns: 1000 / NATIVE.printer.mbPerSecond, per: "byte", peakMb: null };
    case "verify":
      return { ns: NATIVE.verifier.nsPerInst, per: "inst", peakMb: null };
    case "ssa":
      return null;
    case "spill": {
      const row = nativeSpill(spec);
      return row === undefined ? null : { ns: row.nsPerInst, per: "inst", peakMb: row.peakMb };
    }
  }
}

/** Whether the spiller was measured on this case: where it was not, the case is left out here as well. */
export function nativeSpill(spec: { shape: string; n: number; live: number }): NativeSpill | undefined {
  return NATIVE.spiller.find((row) => row.shape === spec.shape && row.n === spec.n && row.live === spec.live);
}
