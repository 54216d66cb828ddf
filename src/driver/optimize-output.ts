/**
 * Binaryen's optimiser over a finished module, for engines that optimise little or not at all; loaded when it is asked for. Names stay,
 * and the result needs no feature of its engine that the module did not need: only what it uses already is allowed to the optimiser.
 */
import { InputError } from "../base/diagnostics.ts";
import type { LinkedModule } from "../link/output-module.ts";
import { decodeModule } from "../wasm/decode.ts";
import {
  DEFAULT_FEATURES,
  FEATURE_NAMES,
  type FeatureName,
  type Features,
  withFeature,
} from "../wasm/features.ts";
import { validateModule } from "../wasm/validate.ts";
import { loadNodeOnly } from "./on-node.ts";

/**
 * Binaryen's names, the library's and the command's; what has none here it knows nothing of, or is of garbage collection.
 */
const BINARYEN_FEATURES: Partial<Record<FeatureName, readonly (readonly [library: string, flag: string])[]>> =
  {
    "mutable-global": [["MutableGlobals", "mutable-globals"]],
    "saturating-float-to-int": [["NontrappingFPToInt", "nontrapping-float-to-int"]],
    "sign-extension": [["SignExt", "sign-ext"]],
    "multi-value": [["Multivalue", "multivalue"]],
    "reference-types": [
      ["ReferenceTypes", "reference-types"],
      ["CallIndirectOverlong", "call-indirect-overlong"],
    ],
    "bulk-memory": [
      ["BulkMemory", "bulk-memory"],
      ["BulkMemoryOpt", "bulk-memory-opt"],
    ],
    simd: [["SIMD128", "simd"]],
    "relaxed-simd": [["RelaxedSIMD", "relaxed-simd"]],
    "extended-const": [["ExtendedConst", "extended-const"]],
    "tail-call": [["TailCall", "tail-call"]],
    "multi-memory": [["MultiMemory", "multimemory"]],
    memory64: [["Memory64", "memory64"]],
    exceptions: [["ExceptionHandling", "exception-handling"]],
    "legacy-exceptions": [["ExceptionHandling", "exception-handling"]],
    threads: [["Atomics", "threads"]],
    "wide-arithmetic": [["WideArithmetic", "wide-arithmetic"]],
    "custom-page-sizes": [["CustomPageSizes", "custom-page-sizes"]],
  };

/** Speed first, then size: what `wasm-opt -O3` is. */
const OPTIMIZE_LEVEL = 3;
const SHRINK_LEVEL = 0;

/** A trap says by the name of its function, in the stack trace, what it is for: these stay functions. */
const TRAP_FUNCTIONS = "trap:*";

/** Throws when what comes out is not valid, a defect of the optimiser. */
export async function optimizeOutput(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: binaryen } = await import("binaryen");
  const used = usedFeatures(bytes);
  const features = binaryenFeatures(used).reduce(
    (bits, [name]) => bits | featureOf(binaryen.Features, name),
    0,
  );
  binaryen.setOptimizeLevel(OPTIMIZE_LEVEL);
  binaryen.setShrinkLevel(SHRINK_LEVEL);
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinaryWithFeatures(bytes, features);
  try {
    binaryen.setPassArgument("no-inline", TRAP_FUNCTIONS);
    module.runPasses(["no-inline"]);
    module.optimize();
    const optimized = module.emitBinary();
    validateModule(decodeModule(optimized, used), used);
    return optimized;
  } finally {
    module.dispose();
  }
}

/** As `optimizeOutput`, of a module whose code has positions: so has what comes out. On Node only. */
export async function optimizeLinked({ bytes, positions }: LinkedModule): Promise<LinkedModule> {
  if (positions === null) return { bytes: await optimizeOutput(bytes), positions };
  const node = await loadNodeOnly();
  if (node === null) throw new Error("positions are kept by wasm-opt, which runs on Node");
  const used = usedFeatures(bytes);
  const flags = binaryenFeatures(used).map(([, flag]) => `--enable-${flag}`);
  const passes = [`--no-inline=${TRAP_FUNCTIONS}`, "-O3"];
  const optimized = await node.optimizeMapped(bytes, positions, ["--mvp-features", ...flags, ...passes]);
  validateModule(decodeModule(optimized.bytes, used), used);
  return optimized;
}

function binaryenFeatures(used: Features): (readonly [library: string, flag: string])[] {
  return [...used].flatMap((name) => BINARYEN_FEATURES[name] ?? []);
}

function featureOf(features: object, name: string): number {
  const bit = (features as Readonly<Record<string, number>>)[name];
  if (bit === undefined) throw new Error(`this binaryen has no feature ${name}`);
  return bit;
}

/** The features that the module does not do without, one by one. */
export function usedFeatures(bytes: Uint8Array): Features {
  let features = DEFAULT_FEATURES;
  for (const name of FEATURE_NAMES) {
    const without = name === "mvp" ? features : withFeature(features, name, false);
    if (name !== "mvp" && isValid(bytes, without)) features = without;
  }
  return features;
}

function isValid(bytes: Uint8Array, features: Features): boolean {
  try {
    validateModule(decodeModule(bytes, features), features);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return false;
  }
}
