/** `spillway fuzz` as people run it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "../cli/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-fuzz-"));
after(() => rmSync(folder, { recursive: true }));

test("nothing found: the seeds, the counts, exit code 0, and no folder", async () => {
  const output = join(folder, "none");
  const { code, stdout, stderr } = await runCli(["fuzz", "-n", "40", "-s", "9", "-j", "1", "-o", output]);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^40 functions \(seeds 9 to 48\), 0 failed\n\d+ with spills: .*\nknown mistakes, made on purpose: .* no failure /,
  );
  assert.equal(stderr, "note: first seed 9\n");
  assert.ok(!existsSync(output));
});

test("failures are saved with their seed, one of a kind reduced, and the exit code is 1", async () => {
  const output = join(folder, "some");
  const mistake = ["--policy", "wrong:one-pass-liveness"];
  const { code, stdout } = await runCli([
    "fuzz",
    "-n",
    "120",
    "-s",
    "0",
    "-j",
    "1",
    ...mistake,
    "-o",
    output,
  ]);
  assert.equal(code, 1);
  const files = readdirSync(output);
  const reduced = files.find((file) => file.endsWith("-reduced.clif"));
  assert.ok(reduced !== undefined, stdout);
  const whole = readFileSync(join(output, reduced.replace("-reduced", "")), "utf8");
  const small = readFileSync(join(output, reduced), "utf8");
  assert.match(small, /^; spillway fuzz --seed \d+ --count 1 --policy wrong:one-pass-liveness\n/);
  assert.ok(small.length < whole.length);
  // What was saved is CLIF that shows the mistake by itself.
  const check = await runCli(["check", ...mistake, join(output, reduced)]);
  assert.equal(check.code, 1);
  const again = await runCli(["check", join(output, reduced)]);
  assert.equal(again.code, 0);
});

test("of many failures the first are printed, the rest is counted", async () => {
  const asked = [
    "fuzz",
    "-n",
    "250",
    "-s",
    "0",
    "-j",
    "1",
    "--no-reduce",
    "--policy",
    "wrong:one-pass-liveness",
  ];
  const failuresOf = (text: string): number => text.match(/^seed \d+: /gm)?.length ?? 0;
  const few = await runCli([...asked, "--max-failures", "2", "-o", join(folder, "few")]);
  const all = await runCli([...asked, "--max-failures", "0", "-o", join(folder, "all")]);
  const usual = await runCli([...asked, "-o", join(folder, "usual")]);
  const failed = Number(/ (\d+) failed$/m.exec(few.stdout)![1]);
  assert.ok(failed > 10);
  assert.deepEqual(
    [few, usual, all].map(({ stderr }) => failuresOf(stderr)),
    [2, 10, failed],
  );
  assert.match(
    few.stderr,
    new RegExp(`^note: ${failed - 2} more failures \\(--max-failures 0 prints all\\)$`, "m"),
  );
  assert.doesNotMatch(all.stderr, /more failures/);
});

test("what was saved is reduced under its policy, also where upstream makes the same mistake", async () => {
  const output = join(folder, "shared");
  // Upstream's own mistake: the value that a try_call passes on.
  const seed = ["-n", "1", "-s", "23", "--policy", "wrong:freed-before-map"];
  await runCli(["fuzz", ...seed, "-o", output]);
  const files = readdirSync(output).map((file) => join(output, file));
  assert.equal(files.length, 2);
  for (const file of files) {
    const { code, stdout, stderr } = await runCli(["reduce", file, "--policy", "wrong:freed-before-map"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /try_call fn0\(\), sig0, block1\(v2\)/);
    assert.match(stderr, /still the checker rejects what policy wrong:freed-before-map makes of it \(/);
    const strict = ["reduce", file, "--policy", "wrong:freed-before-map", "--unlike", "cranelift"];
    assert.equal((await runCli(strict)).code, 1);
  }
});

test("--json says the same as data", async () => {
  const { code, stdout } = await runCli(["fuzz", "--json", "-n", "10", "-s", "5", "-j", "1"]);
  assert.equal(code, 0);
  const { firstSeed, done, failures } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([firstSeed, done, failures], [5, 10, []]);
});

test("a count that is no number is wrong usage", async () => {
  assert.equal((await runCli(["fuzz", "-n", "many"])).code, 2);
});
