/**
 * Runs the test files under `test/` with Node's own runner, and ends with one line `N passed, N failed`.
 *
 *     npm test                          all of them
 *     node tools/run-tests.ts wasm      only the files whose path contains "wasm"
 */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter((file) => filters.every((filter) => file.includes(filter)))
  .sort()
  .map((file) => join(root, file));
if (files.length === 0) {
  console.error(`no test file's path contains ${filters.join(" and ")}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
let skipped = 0;
// What is tested is compiled, and leaves nothing in the user's folders; tests of the cache say where it is.
process.env["SPILLWAY_CACHE"] = "off";
const stream = run({ files, concurrency: availableParallelism(), timeout: 30 * 60_000 });
stream.on("test:pass", (event) => {
  if (event.details.type === "suite") return;
  if (event.skip !== undefined && event.skip !== false) skipped++;
  else passed++;
});
stream.on("test:fail", () => failed++);
stream.on("end", () => {
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
});
stream.compose(spec).pipe(process.stdout, { end: false });
