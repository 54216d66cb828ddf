/** The safepoint checker. */
export { type CheckOptions, checkSafepoints, SafepointChecker } from "./check-safepoints.ts";
export type { SafepointError, SafepointErrorCode } from "./safepoint-error.ts";
