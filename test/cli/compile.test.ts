/** `spillway compile` as people call it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { CompileReport } from "../../src/driver/report.ts";
import { restore, Store } from "../../src/embed/index.ts";
import { binaryToText } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { type CliResult, runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-cli-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const LIST = `(module
  (type $cell (struct (field i32) (field (ref null $cell))))
  (func $make (param i32) (result (ref null $cell)) (local $list (ref null $cell))
    (loop $again
      (local.set $list (struct.new $cell (local.get 0) (local.get $list)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $list))
  (func $sum (export "sum") (param i32) (result i32) (local $list (ref null $cell)) (local $sum i32)
    (local.set $list (call $make (local.get 0)))
    (drop (call $make (i32.const 3)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (struct.get $cell 0 (local.get $list))))
      (br_if $again (i32.eqz (ref.is_null (local.tee $list (struct.get $cell 1 (local.get $list)))))))
    (local.get $sum))
  (func (export "null") (result i32) (struct.get $cell 0 (ref.null $cell))))`;

/** The reference is used at the top of a loop only, and lives around it. */
const AROUND_A_LOOP = `(module
  (type $p (struct (field (mut i32))))
  (func $make (result (ref $p)) (struct.new $p (i32.const 7)))
  (func $keep (export "keep") (param i32) (result i32) (local $a (ref null $p)) (local $sum i32)
    (local.set $a (call $make))
    (loop $again
      (local.set $sum (i32.add (struct.get $p 0 (local.get $a)) (local.get $sum)))
      (drop (call $make))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum)))`;

const list = file("list.wat", LIST);
const output = (name: string): string => join(folder, name);

function sumOf(path: string): unknown {
  return (exportsOf(readFileSync(path))["sum"] as (count: number) => number)(1000);
}

async function compiled(args: readonly string[]): Promise<CliResult> {
  const result = await runCli(["compile", ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

describe("compile", { concurrency: 2 }, () => {
  test("a module that runs without garbage collection of the engine's, also under stress, proven and optimised", async () => {
    const plain = output("plain.wasm");
    assert.deepEqual(await compiled([list, "-o", plain]), { code: 0, stdout: "", stderr: "" });
    assert.equal(sumOf(plain), 500_500);
    const stressed = output("stressed.wasm");
    await compiled([list, "-o", stressed, "--gc-stress", "--prove", "--standalone"]);
    assert.equal(sumOf(stressed), 500_500);
    const optimized = output("optimized.wasm");
    await compiled([list, "-o", optimized, "-O", "--stack-size", "64k", "--max-heap", "1m"]);
    assert.equal(sumOf(optimized), 500_500);
    assert.ok(readFileSync(optimized).length < readFileSync(plain).length);
    // What a stack trace shows stays: functions by name, and the kind of a trap.
    const text = await binaryToText(readFileSync(optimized));
    assert.match(text, /\(func \$(sum|"sum")/);
    assert.match(text, /\(func \$"trap: null structure reference"/);
  });

  test("--emit gives CLIF that spill, check and verify take; --function chooses", async () => {
    const clif = file("list.clif", (await compiled([list, "--emit", "clif"])).stdout);
    const spilled = file("spilled.clif", (await compiled([list, "--emit", "spilled"])).stdout);
    assert.match(readFileSync(clif, "utf8"), /^; function 0 "make"\nfunction u0:0\(i32\) -> i32 /);
    assert.match(readFileSync(clif, "utf8"), /\n; needs-stack-map: v\d/);
    assert.match(readFileSync(spilled, "utf8"), /, stack_map=\[i32 @ ss0\+0\]/);
    // It verifies both sides first.
    assert.match((await runCli(["check", clif, spilled])).stdout, /^\d+ functions proved\n$/);
    const own = (await runCli(["spill", clif])).stdout;
    const withoutComments = readFileSync(spilled, "utf8").replace(/^; .*\n/gm, "");
    assert.equal(own, withoutComments);
    const one = (await compiled([list, "--emit", "clif", "--function", "sum"])).stdout;
    assert.deepEqual(one.match(/^function .*?\(/gm), ["function u0:1("]);
    const none = await runCli(["compile", list, "--emit", "clif", "--function", "frob"]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no function has the name, .*"frob"\n {2}note: .*functions 0 to 2/);
  });

  test("--report gives figures that agree with the module", async () => {
    const path = output("reported.wasm");
    const { stdout } = await compiled([list, "-o", path, "--json"]);
    const report = JSON.parse(stdout) as CompileReport;
    assert.equal(report.output.bytes, readFileSync(path).length);
    const sections = report.output.sections.reduce((sum, { bytes }) => sum + bytes, 8);
    assert.equal(sections, report.output.bytes);
    assert.equal(report.functions, 3);
    assert.ok(
      report.slots > 0 && report.mapEntries >= report.mappedSafepoints && report.mappedSafepoints > 0,
    );
    assert.equal(report.frameBytes, report.frames * report.largestFrameBytes);
    const sizeOf = (wanted: string): number =>
      report.output.sections.find(({ name }) => name === wanted)!.bytes;
    const { descriptors, maps } = report.staticData!;
    assert.equal(descriptors.count, 1);
    // Behind the section's and the segment's heads; zeros at its ends are left out.
    const written = sizeOf("data") - 10;
    assert.ok(written > 0 && written <= descriptors.bytes + maps.bytes);
    assert.ok(report.runtimeCodeBytes > 0 && report.runtimeCodeBytes < sizeOf("code"));
    for (const phase of ["decode", "validate", "translate", "optimize", "spill", "emit", "link"])
      assert.ok(report.milliseconds[phase]! >= 0, phase);
    const text = (await compiled([list, "-o", path, "--report"])).stdout;
    assert.match(text, /^section {2,}bytes in {2,}bytes out\n/);
    assert.match(text, /\nstack maps +\d+, \d+ bytes\n[\s\S]*\nphase +ms\n/);
    // Two columns, whatever the names are.
    const [, figures] = text.split("\n\n");
    for (const line of figures!.split("\n")) assert.match(line, /^[a-z ]{19} {2}\S/);
    assert.match(figures!, /^function references {2}\d/m);
  });

  test("what is not compiled is refused by name and place, and no file is written", async () => {
    const path = output("none.wasm");
    const text = "(module (func) (func $frob (drop (i32.trunc_sat_f32_s (f32.const 1)))))";
    const frob = file("frob.wat", text);
    const refused = await runCli(["compile", frob, "-W", "-saturating-float-to-int", "-o", path]);
    assert.equal(refused.code, 1);
    const sentence =
      /frob\.wat:1:35: error: .* needs the feature saturating-float-to-int.* in function 1 "frob"\n {2}\(module .*\n {36}\^\n/;
    assert.match(refused.stderr, sentence);
    assert.match(refused.stderr, /note: \/.*none\.wasm was not written/);
    assert.ok(!existsSync(path));
    // Types that functions write in place have no field of their own, so none is shown.
    const types = "(module (type (sub (struct (field i32)))) (type (sub 0 (struct (field i64)))))";
    const wrong = await runCli(["compile", file("types.wat", types), "-o", path]);
    assert.match(
      wrong.stderr,
      /types\.wat:0x[\da-f]+: error: sub type 1 does not match.*\n {2}note: the offset is in the module's binary form/,
    );
    const exported = '(module (func (export "f") (param anyref)))';
    const seen = await runCli(["compile", file("seen.wat", exported), "-o", path]);
    assert.match(
      seen.stderr,
      /:1:15: error: the exported function "f" with references, .*\n.*\n {16}\^\n {2}note: `spillway run`/,
    );
    assert.equal(seen.code, 1);
    // `spillway run` has WASI and no other host.
    const glued = '(module (import "js" "now" (func (result externref))))';
    const border = await runCli(["compile", file("border.wat", glued), "-o", path]);
    assert.equal(border.code, 1);
    assert.match(
      border.stderr,
      /: error: the imported function "js" "now" with references, .*\n.*\n {10}\^\n {2}note: .*`node --import spillway\/polyfill` and the module's own glue/,
    );
    assert.doesNotMatch(border.stderr, /spillway run/);
  });

  test("a function that is not proven is a defect: exit code 3, its name, and what to look at", async () => {
    const path = output("unproven.wasm");
    const around = file("around.wat", AROUND_A_LOOP);
    const args = ["compile", around, "-o", path, "--policy", "wrong:one-pass-liveness", "--prove"];
    const { code, stderr } = await runCli(args);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /error: function \d+ "keep" is not proven: .*\n {2}note: .*--emit clif \| spillway check/,
    );
    assert.ok(!existsSync(path));
  });

  test("the input stays what it is, and an output without a folder is known before the input is read", async () => {
    const source = file("source.wat", LIST);
    const link = output("link.wat");
    symlinkSync(source, link);
    for (const args of [
      [source, "-o", source],
      [source, "-o", link],
      [source, "-o", output("fine.wasm"), "--source-map", source],
    ]) {
      const { code, stderr } = await runCli(["compile", ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /is the input: name another file/);
    }
    assert.equal(readFileSync(source, "utf8"), LIST);
    const nowhere = await runCli(["compile", output("absent.wat"), "-o", output("no/such.wasm")]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /cannot write .*such\.wasm: the folder .*\/no does not exist\n/);
    const folderItself = await runCli(["compile", source, "-o", folder]);
    assert.equal(folderItself.code, 1);
    assert.match(folderItself.stderr, /cannot write .*: it is a folder\n/);
  });

  test("options that do not go together are wrong usage", async () => {
    for (const args of [
      ["--function", "sum"],
      ["--emit", "clif", "-O"],
      ["--emit", "clif", "--report"],
      ["--report"],
      ["--max-heap", "3"],
      ["--gc-stress", "--collector", "null"],
    ]) {
      const { code, stdout } = await runCli(["compile", list, ...args]);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    }
  });
});

describe("--emit precompiled", () => {
  test("writes the module with its code, which is restored", async () => {
    const path = output("list.precompiled.wasm");
    await compiled([list, "--emit", "precompiled", "-o", path]);
    const { exports } = new Store().instantiate(restore(readFileSync(path)));
    assert.equal((exports["sum"] as (count: number) => number)(1000), 500500);
  });

  test("is refused with what is for modules that stand alone", async () => {
    const path = output("none.wasm");
    for (const option of [
      ["--max-heap", "1m"],
      ["--stack-size", "64k"],
      ["-O"],
      ["--report"],
      ["--source-map"],
    ]) {
      const result = await runCli(["compile", list, "--emit", "precompiled", "-o", path, ...option]);
      assert.equal(result.code, 2, option.join(" "));
      assert.match(result.stderr, /--emit (wasm|precompiled)/);
      assert.ok(!existsSync(path));
    }
  });
});
