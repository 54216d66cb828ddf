/** The `test` commands there are. To add one: write `test-NAME.ts` and list it here. */
import type { FiletestCommand } from "./command.ts";
import { testCat } from "./test-cat.ts";
import { testDomtree } from "./test-domtree.ts";
import { testPass } from "./test-pass.ts";
import { testPrintCfg } from "./test-print-cfg.ts";
import { testInterpret, testRun } from "./test-run.ts";
import { testSafepoints } from "./test-safepoints.ts";
import { testSsa } from "./test-ssa.ts";
import { testVerifier } from "./test-verifier.ts";

/** In the order that `--help` shows them. */
export const COMMANDS: readonly FiletestCommand[] = [
  testCat,
  testVerifier,
  testPrintCfg,
  testDomtree,
  testSsa,
  testSafepoints,
  testPass,
  testInterpret,
  testRun,
];

/** Commands of Cranelift's filetests that test what Spillway does not have; they are skipped, and counted. */
export const UPSTREAM_ONLY: ReadonlySet<string> = new Set([
  "compile",
  "optimize",
  "inline",
  "alias-analysis",
  "unwind",
  "safepoint",
]);

export function findCommand(name: string): FiletestCommand | undefined {
  return COMMANDS.find((command) => command.name === name);
}
