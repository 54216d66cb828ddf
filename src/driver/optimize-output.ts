/**
 * Binaryen's optimiser over a finished module, for engines that optimise little or not at all; loaded when it is asked for. Names stay,
 * and the result needs no feature of its engine that the module did not need: only what it uses already is allowed to the optimiser.
 */
import { InputError } from "../base/diagnostics.ts";
import { decodeModule } from "../wasm/decode.ts";
import {
  DEFAULT_FEATURES,
  FEATURE_NAMES,
  type FeatureName,
  type Features,
  withFeature,
} from "../wasm/features.ts";
import { validateModule } from "../wasm/validate.ts";

/** Binaryen's names; what has none here it knows nothing of, or is of garbage collection. */
const BINARYEN_FEATURES: Partial<Record<FeatureName, readonly string[]>> = {
  "mutable-global": ["MutableGlobals"],
  "saturating-float-to-int": ["NontrappingFPToInt"],
  "sign-extension": ["SignExt"],
  "multi-value": ["Multivalue"],
  "reference-types": ["ReferenceTypes", "CallIndirectOverlong"],
  "bulk-memory": ["BulkMemory", "BulkMemoryOpt"],
  simd: ["SIMD128"],
  "relaxed-simd": ["RelaxedSIMD"],
  "extended-const": ["ExtendedConst"],
  "tail-call": ["TailCall"],
  "multi-memory": ["MultiMemory"],
  memory64: ["Memory64"],
  exceptions: ["ExceptionHandling"],
  "legacy-exceptions": ["ExceptionHandling"],
  threads: ["Atomics"],
  "wide-arithmetic": ["WideArithmetic"],
  "custom-page-sizes": ["CustomPageSizes"],
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
  const allowed = [...used].flatMap((name) => BINARYEN_FEATURES[name] ?? []);
  const features = allowed.reduce((bits, name) => bits | featureOf(binaryen.Features, name), 0);
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
