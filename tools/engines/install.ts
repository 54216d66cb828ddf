/** `npm run engines -- --install`: runs the package managers' own commands for engines that are not here. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Engine } from "./engine.ts";
import type { Places } from "./places.ts";

/** What has no such command, or whose command fails, stays missing, and the report says how to get it. */
export async function install(engines: readonly Engine[], places: Places): Promise<void> {
  if (places.folder === null) throw new Error("there is no folder for engines: set SPILLWAY_ENGINES");
  mkdirSync(places.folder, { recursive: true });
  for (const engine of engines) {
    if (engine.install === undefined || (await engine.find(places)) !== null) continue;
    for (const [program, ...words] of engine.install(places.folder)) {
      process.stderr.write(`${[program, ...words].join(" ")}\n`);
      // What it prints is not the report's.
      const { status } = spawnSync(program!, words, { stdio: ["ignore", 2, 2] });
      if (status !== 0) break;
    }
  }
}
