/** wabt's validator and interpreter, with exactly the features of a target: they share nothing with ours. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Features } from "../../src/wasm/index.ts";
import { wabtSwitches } from "../../tools/engines/wabt-switches.ts";
import { projectRoot } from "../support/project.ts";

/** Throws with what the tool says unless it accepts the module. */
export function run(
  tool: "wasm-validate" | "wasm-interp",
  bytes: Uint8Array,
  target: Features,
  args: readonly string[] = [],
): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-"));
  try {
    const file = join(folder, "module.wasm");
    writeFileSync(file, bytes);
    const script = join(projectRoot, "node_modules", "wabt", "bin", tool);
    return execFileSync(process.execPath, [script, ...wabtSwitches(target), file, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
