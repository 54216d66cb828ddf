/**
 * `npm run demo`: runs `examples/demo.mjs` on the Node that npm itself runs on, which is the user's. In scripts `node` is the
 * project's own, which has garbage collection and would have nothing to show.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const node = process.env["npm_node_execpath"] ?? process.execPath;
const demo = join(import.meta.dirname, "..", "examples", "demo.mjs");
const { status, error } = spawnSync(node, [demo], { stdio: "inherit" });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
