/** Source maps as people meet them: the files that `spillway compile` writes, and the lines in what `spillway run` says of a trap. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { withSourceMappingUrl } from "../../src/driver/source-map.ts";
import { decodeModule } from "../../src/wasm/decode.ts";
import { readSourceMappingUrl } from "../../src/wasm/names.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { mapOfOperators, operatorsOf, trapOffsets } from "../driver/source-map-judge.ts";
import { type CliResult, runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-maps-"));
after(() => rmSync(folder, { recursive: true }));

const TEXT = `(module
  (type $cell (struct (field i32)))
  (func $read (param (ref null $cell)) (result i32) (struct.get $cell 0 (local.get 0)))
  (func (export "read") (result i32) (i32.add (i32.const 1) (call $read (ref.null $cell)))))`;

const bytes = await textToBinary(TEXT);
const map = mapOfOperators(operatorsOf(bytes));
const line = (name: string): number => operatorsOf(bytes).findIndex((one) => one.name === name) + 1;

const path = (name: string): string => join(folder, name);
mkdirSync(path("input"));
mkdirSync(path("output"));
writeFileSync(path("text.wat"), TEXT);
writeFileSync(path("plain.wasm"), bytes);
writeFileSync(path("input/app.wasm"), withSourceMappingUrl(bytes, "app.wasm.map"));
writeFileSync(path("input/app.wasm.map"), map);
writeFileSync(path("dangling.wasm"), withSourceMappingUrl(bytes, "nowhere.map"));
writeFileSync(path("elsewhere.wasm"), withSourceMappingUrl(bytes, "https://example.org/app.map"));

const compile = (...args: string[]): Promise<CliResult> => runCli(["compile", ...args], "", folder);
const mapAt = (name: string): TraceMap => new TraceMap(readFileSync(path(name), "utf8"));

describe("compile --source-map", { concurrency: 2 }, () => {
  test("writes the map beside the output, which names it, and takes the one beside the input", async () => {
    const result = await compile("input/app.wasm", "-o", "output/app.core.wasm", "--source-map", "--report");
    assert.equal(result.code, 0, result.stderr);
    const output = new Uint8Array(readFileSync(path("output/app.core.wasm")));
    assert.equal(readSourceMappingUrl(decodeModule(output)), "app.core.wasm.map");
    const written = mapAt("output/app.core.wasm.map");
    assert.deepEqual(written.sources, ["../input/program.src"]);
    const lines = operatorsOf(output).map(
      ({ offset }) => originalPositionFor(written, { line: 1, column: offset }).line,
    );
    assert.ok(lines.includes(line("struct.get")) && lines.includes(line("call")));
  });

  test("of what binaryen optimised, too", async () => {
    const result = await compile("input/app.wasm", "-O", "-o", "output/o.wasm", "--source-map", "--report");
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /binaryen/);
    const output = new Uint8Array(readFileSync(path("output/o.wasm")));
    assert.equal(readSourceMappingUrl(decodeModule(output)), "o.wasm.map");
    const written = mapAt("output/o.wasm.map");
    assert.deepEqual(written.sources, ["../input/program.src"]);
    const lines = trapOffsets(exportsOf(output)["read"] as () => unknown).map(
      (column) => originalPositionFor(written, { line: 1, column }).line,
    );
    assert.ok(lines.includes(line("struct.get")));
  });

  test("to the lines of a module in text", async () => {
    const judge = (name: string, source: string, output: string): void => {
      const written = mapAt(name);
      assert.deepEqual([written.sources, written.sourcesContent], [[source], [TEXT]]);
      const bytes = new Uint8Array(readFileSync(path(output)));
      const places = trapOffsets(exportsOf(bytes)["read"] as () => unknown).map((column) =>
        originalPositionFor(written, { line: 1, column }),
      );
      const found = TEXT.split("\n")[2]!.indexOf("struct.get");
      assert.ok(places.some((place) => place.line === 3 && place.column === found));
    };
    await compile("text.wat", "-o", "output/text.wasm", "--source-map");
    judge("output/text.wasm.map", "../text.wat", "output/text.wasm");
    await compile("text.wat", "-O", "-o", "text-o.wasm", "--source-map", "--no-input-source-map");
    judge("text-o.wasm.map", "text.wat", "text-o.wasm");
    await runCli(["compile", "-", "-o", "stdin.wasm", "--source-map"], TEXT, folder);
    judge("stdin.wasm.map", "input.wat", "stdin.wasm");
    writeFileSync(path("other.map"), map);
    await compile("text.wat", "-o", "t.wasm", "--source-map", "--input-source-map", "other.map");
    assert.deepEqual(mapAt("t.wasm.map").sources, ["program.src"]);
  });

  test("the same for any number of threads", async () => {
    for (const jobs of ["1", "2"])
      await compile("plain.wasm", "-o", `j${jobs}.wasm`, "-j", jobs, "--source-map", `j${jobs}.map`);
    const output = readFileSync(path("j1.wasm"));
    const renamed = Buffer.from(output.toString("latin1").replace("j1.map", "j2.map"), "latin1");
    assert.deepEqual(readFileSync(path("j2.wasm")), renamed);
    assert.deepEqual(readFileSync(path("j2.map")), readFileSync(path("j1.map")));
    assert.deepEqual(mapAt("j1.map").sources, ["plain.wasm"]);
  });

  test("takes another map of the input, or none", async () => {
    writeFileSync(path("other.map"), map);
    await compile("dangling.wasm", "-o", "a.wasm", "--source-map", "--input-source-map", "other.map");
    assert.deepEqual(mapAt("a.wasm.map").sources, ["program.src"]);
    await compile("dangling.wasm", "-o", "b.wasm", "--source-map", "output/b.map", "--no-input-source-map");
    assert.deepEqual(mapAt("output/b.map").sources, ["../dangling.wasm"]);
    assert.equal(
      readSourceMappingUrl(decodeModule(new Uint8Array(readFileSync(path("b.wasm"))))),
      "output/b.map",
    );
  });

  for (const [name, message] of [
    [
      "dangling.wasm",
      /nowhere\.map, cannot be read: there is no such file\n {2}note: .*--no-input-source-map/,
    ],
    ["elsewhere.wasm", /https:\/\/example\.org\/app\.map, cannot be read: it is no file\n/],
  ] as const) {
    test(`${name} is refused, and nothing is written`, async () => {
      const { code, stderr } = await compile(name, "-o", `no-${name}`, "--source-map");
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.ok(!existsSync(path(`no-${name}`)) && !existsSync(path(`no-${name}.map`)));
    });
  }

  test("options that do not go together are wrong usage", async () => {
    for (const args of [
      ["--source-map"],
      ["-o", "c.wasm", "--source-map", "-"],
      ["-o", "c.wasm", "--input-source-map", "input/app.wasm.map"],
      ["--emit", "clif", "--source-map", "c.map"],
    ]) {
      const { code, stdout } = await compile("plain.wasm", ...args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    }
  });
});

describe("run", { concurrency: 2 }, () => {
  test("says the lines of a trap's frames where there is a map", async () => {
    const { stderr } = await runCli(["run", "--invoke", "read", "input/app.wasm"], "", folder);
    const frames = `  at read \\(function 0\\) program\\.src:${line("struct.get")}:3\n  at read \\(function 1\\) program\\.src:${line("call")}:3\n$`;
    assert.match(stderr, new RegExp(`trap: null structure reference\n${frames}`));
  });

  for (const name of ["dangling.wasm", "elsewhere.wasm", "plain.wasm"]) {
    test(`and of ${name} the functions alone`, async () => {
      const { stderr } = await runCli(["run", "--invoke", "read", name], "", folder);
      assert.match(
        stderr,
        /trap: null structure reference\n {2}at .*function 0\)?\n {2}at read \(function 1\)\n$/,
      );
    });
  }
});
