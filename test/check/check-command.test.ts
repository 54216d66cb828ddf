/** `spillway check` as people run it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "../cli/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-check-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const SOURCE = `function %kept(i32) -> i32 system_v {
    ; needs-stack-map: v0
    fn0 = %gc() system_v

block0(v0: i32):
    call fn0()
    return v0
}
`;
const source = file("kept.clif", SOURCE);
const unspilled = file("unspilled.clif", SOURCE);
const other = file("other.clif", SOURCE.replace("%kept", "%other"));

test("a file alone is spilled and proved", async () => {
  const { code, stdout, stderr } = await runCli(["check", source]);
  assert.deepEqual([code, stdout, stderr], [0, "1 function proved\n", ""]);
});

test("what `spill` prints is proved against its source", async () => {
  const spilled = await runCli(["spill", source]);
  const { code, stdout } = await runCli(["check", source, "-"], spilled.stdout);
  assert.deepEqual([code, stdout], [0, "1 function proved\n"]);
});

test("an error has the line, the function, the value and the reason; the exit code is 1", async () => {
  const { code, stdout, stderr } = await runCli(["check", source, unspilled]);
  assert.equal(code, 1);
  assert.equal(stdout, "1 function, 1 not proved\n");
  assert.equal(
    stderr,
    `${unspilled}:7: error: %kept: v0 does not reach \`return v0\` in block0: ` +
      "`call fn0()` in block0 may have moved it, and v0 is used without a reload [stale-use]\n",
  );
});

test("--json says the same as data", async () => {
  const { code, stdout } = await runCli(["check", "--json", source, unspilled]);
  assert.equal(code, 1);
  const [report] = (JSON.parse(stdout) as { functions: Record<string, unknown>[] }).functions;
  assert.equal(report!["proven"], false);
  const [error] = report!["errors"] as Record<string, unknown>[];
  assert.deepEqual(
    [error!["code"], error!["line"], error!["block"], error!["instruction"], error!["value"], error!["slot"]],
    ["stale-use", 7, "block0", "return v0", "v0", null],
  );
});

test("functions are matched by name", async () => {
  const { code, stderr } = await runCli(["check", source, other]);
  assert.equal(code, 1);
  assert.match(stderr, /kept\.clif:1:1: error: function %kept is not in the second file/);
  assert.match(stderr, /note: not checked, because .*kept\.clif lacks them: %other/);
});

test("a function that is not valid is shown with its errors, unless told otherwise", async () => {
  // Upstream's own test shape: a branch to the entry. The checker itself does not mind.
  const loop = file("loop.clif", SOURCE.replace("return v0", "jump block0(v0)"));
  const refused = await runCli(["check", loop]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /loop\.clif:1:1: error: function %kept is not valid CLIF/);
  const { code, stdout } = await runCli(["check", "--no-verify", loop]);
  assert.deepEqual([code, stdout], [0, "1 function proved\n"]);
});

test("wrong usage is exit code 2, an unreadable file 1", async () => {
  assert.equal((await runCli(["check"])).code, 2);
  assert.equal((await runCli(["check", "--policy", "none", source])).code, 2);
  assert.equal((await runCli(["check", join(folder, "absent.clif")])).code, 1);
});
