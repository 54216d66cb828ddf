/**
 * What is measured: each stage prepares an input, untimed, and then does one thing with it, timed. The objects that a
 * user would keep between functions (contexts, the spiller, the verifier) are kept here, too.
 */
import { readFileSync } from "node:fs";
import { FunctionBuilderContext, SafepointSpiller } from "../src/frontend/index.ts";
import type { Function } from "../src/ir/function.ts";
import { parseFunctions, writeFunction } from "../src/text/index.ts";
import { Verifier } from "../src/verify/index.ts";
import { instructionCount, makeShape, makeShapeWithVariables } from "./shapes.ts";

export const STAGES = ["parse", "print", "verify", "ssa", "spill"] as const;
export type StageName = (typeof STAGES)[number];

export interface CaseSpec {
  readonly stage: StageName;
  /** A shape's name, or `corpus` for all functions of upstream's filetests. */
  readonly shape: string;
  readonly n: number;
  readonly live: number;
  /** Of `corpus`: the file of the functions' texts. */
  readonly corpus?: string;
  /** How long to measure, in milliseconds, after the least number of runs. */
  readonly budgetMs: number;
}

/** One run: what is to be done, and how much of it there is. */
export interface Run {
  readonly insts: number;
  readonly blocks: number;
  /** Bytes of text read or written. */
  readonly bytes: number;
  readonly work: () => void;
}

/** Prepares runs of a case; called before each run. */
export function runner(spec: CaseSpec): () => Run {
  switch (spec.stage) {
    case "parse":
      return parseRunner(spec);
    case "print":
      return printRunner(spec);
    case "verify":
      return verifyRunner(spec);
    case "ssa":
      return ssaRunner(spec);
    case "spill":
      return spillRunner(spec);
  }
}

function parseRunner(spec: CaseSpec): () => Run {
  const text = sourceText(spec);
  const functions = parseFunctions(text);
  const run = sized(functions, text.length, () => {
    parseFunctions(text);
  });
  return () => run;
}

function printRunner(spec: CaseSpec): () => Run {
  const functions = inputFunctions(spec);
  let bytes = 0;
  const work = (): void => {
    bytes = 0;
    for (const func of functions) {
      writeFunction(func, (chunk) => {
        bytes += chunk.length;
      });
    }
  };
  work();
  const run = sized(functions, bytes, work);
  return () => run;
}

function verifyRunner(spec: CaseSpec): () => Run {
  const functions = inputFunctions(spec);
  const verifier = new Verifier();
  const run = sized(functions, 0, () => {
    for (const func of functions) verifier.verify(func);
  });
  return () => run;
}

function ssaRunner(spec: CaseSpec): () => Run {
  const context = new FunctionBuilderContext();
  const make = (): Function => makeShapeWithVariables(spec.shape, spec.n, spec.live, context);
  const run = sized([make()], 0, () => {
    make();
  });
  return () => run;
}

function spillRunner(spec: CaseSpec): () => Run {
  const spiller = new SafepointSpiller();
  return () => {
    // The spiller changes the function, so that each run needs a fresh one.
    const func = makeShape(spec.shape, spec.n, spec.live);
    return sized([func], 0, () => {
      spiller.run(func, { policy: "cranelift" });
    });
  };
}

function sized(functions: readonly Function[], bytes: number, work: () => void): Run {
  let insts = 0;
  let blocks = 0;
  for (const func of functions) {
    insts += instructionCount(func);
    blocks += func.dfg.numBlocks;
  }
  return { insts, blocks, bytes, work };
}

function inputFunctions(spec: CaseSpec): readonly Function[] {
  if (spec.shape === "corpus") return parseFunctions(sourceText(spec));
  return [makeShape(spec.shape, spec.n, spec.live)];
}

/** The text to parse, as bytes: that of a large function does not fit a string. */
function sourceText(spec: CaseSpec): Uint8Array {
  if (spec.corpus !== undefined) return readFileSync(spec.corpus);
  const chunks: Uint8Array[] = [];
  writeFunction(makeShape(spec.shape, spec.n, spec.live), (chunk) => chunks.push(chunk.slice()));
  return Buffer.concat(chunks);
}
