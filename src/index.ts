/**
 * `spillway`: what most users need of CLIF and the safepoint spiller, in one place. The rest is under `spillway/clif`,
 * `spillway/frontend` and `spillway/wasm`; what runs modules with garbage collection is under `spillway/embed` and
 * `spillway/polyfill`.
 *
 *     const [func] = parseFunctions(text);            // `; needs-stack-map: v0 v3` says what to keep alive
 *     const before = parseFunctions(text)[0]!;
 *     new SafepointSpiller().run(func!);              // slots, spills, reloads and stack maps
 *     checkSafepoints(before, func!);                 // [] when the rewrite is proven
 *     console.log(functionText(func!));
 */
export { type Diagnostic, InputError, type Place, renderDiagnostic } from "./base/diagnostics.ts";
export { checkSafepoints, SafepointChecker, type SafepointError } from "./check/index.ts";
export {
  POLICY_NAMES,
  type PolicyName,
  SafepointSpiller,
  type SpillCounts,
  type SpillOptions,
} from "./frontend/index.ts";
export { Oracle, type OracleDifference, type OracleOptions } from "./interp/index.ts";
export { Function } from "./ir/function.ts";
export { functionText, parseFunctions, writeFunction } from "./text/index.ts";
export { type VerifierError, type VerifyOptions, verifyFunction } from "./verify/index.ts";
