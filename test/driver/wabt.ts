/** wabt's validator and interpreter, with exactly the features of a target: they share nothing with ours. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Features } from "../../src/wasm/index.ts";
import { WABT_FEATURES, wabtSwitches } from "../../tools/engines/wabt-switches.ts";
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

/** The part of wabt's JavaScript interface that is used; it has no types of its own. */
interface Wabt {
  readWasm(bytes: Uint8Array, features: Record<string, boolean>): { validate(): void; destroy(): void };
}

/** wabt's validator in this process, for many modules: what it returns throws unless a module is of the first version of Wasm. */
export async function mvpValidator(): Promise<(bytes: Uint8Array) => void> {
  const name: string = "wabt";
  const { default: load } = (await import(name)) as { default: () => Promise<Wabt> };
  const wabt = await load();
  // Its names for JavaScript, of which one is shorter.
  const names = WABT_FEATURES.map((word) => word.replaceAll("-", "_").replace("saturating", "sat"));
  const off = Object.fromEntries(names.map((word) => [word, false]));
  return (bytes) => {
    const module = wabt.readWasm(bytes, off);
    try {
      module.validate();
    } finally {
      module.destroy();
    }
  };
}
