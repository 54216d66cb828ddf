/** What the commands say about modules that are cut off, empty, text, or not valid: the same whichever command is given them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { textToBinary } from "../../src/wast/index.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-inputs-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const TEXT = `(module
  (func (export "one") (result i32) (i32.const 1)))`;
const binary = await textToBinary(TEXT);
const INVALID = `(module
  (func (export "one") (result i32)
    (i64.const 1)))`;

/** The commands that take a module, and the word before its path. */
const COMMANDS: readonly (readonly string[])[] = [
  ["validate"],
  ["run"],
  ["print"],
  ["compile", "-o", join(folder, "out.wasm")],
  ["compile", "--emit", "clif"],
  ["reduce", "--compile-fails="],
];

describe("inputs", { concurrency: 2 }, () => {
  const inputs: readonly [string, string | Uint8Array, string][] = [
    [
      "cut.wasm",
      binary.subarray(0, -2),
      "length out of bounds: the code section says that it has 6 bytes, of which 4 are there",
    ],
    ["empty.wasm", "", "unexpected end: it is empty"],
    ["header.wasm", binary.subarray(0, 6), "unexpected end: a module's header has 8 bytes"],
    [
      "text.wasm",
      `\ufeff;; a comment\n${TEXT}`,
      "magic header not detected: this looks like module text, not like a binary\n  note: a file of text is named .wat;",
    ],
    [
      "packed.wasm",
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0),
      "magic header not detected: it begins with 1f 8b 08 00, and a binary module with 00 61 73 6d",
    ],
  ];
  for (const [name, content, message] of inputs) {
    test(`${name}: what is wrong with it`, async () => {
      const path = file(name, content);
      for (const command of name === "cut.wasm" ? COMMANDS : COMMANDS.slice(0, 3)) {
        const { code, stderr } = await runCli([...command, path]);
        assert.equal(code, 1, command[0]);
        assert.match(stderr, new RegExp(`^.*${name}:0x[0-9a-f]+: error: `), command[0]);
        assert.ok(stderr.includes(`: error: ${message}`), `${command[0]}: ${stderr}`);
      }
    });
  }

  test("nothing on standard input is no module, and a binary is one under any name", async () => {
    const nothing = await runCli(["validate", "-"]);
    assert.equal(nothing.stderr, "<stdin>:0x0: error: unexpected end: it is empty\n");
    const path = file("binary.wat", binary);
    assert.equal((await runCli(["validate", path])).stdout, `${path}: valid\n`);
  });

  test("that a module is not valid comes before what it lacks for being run, and before functions that it has not", async () => {
    const text = file("invalid.wat", INVALID);
    const module = file("invalid.wasm", await textToBinary(INVALID));
    const message = "type mismatch: expected i32, found i64 (at end) in function 0";
    for (const options of [
      ["run"],
      ["run", "--invoke", "two"],
      ["compile", "--emit", "clif", "--function", "two"],
    ]) {
      const ofText = await runCli([...options, text]);
      assert.equal(
        ofText.stderr,
        `${text}:3:18: error: ${message}\n      (i64.const 1)))\n                   ^\n`,
      );
      const ofBinary = await runCli([...options, module]);
      assert.equal(ofBinary.stderr, `${module}:0x23: error: ${message}\n`);
    }
    const valid = await runCli(["run", file("valid.wat", TEXT)]);
    assert.match(valid.stderr, /exports no `_start`/);
  });

  test("what is wrong with a text, or refused of it, is shown at its line, in code and outside of it", async () => {
    const type = "  (type $t (struct (field i32)))";
    const compiled = ["compile", "-o", join(folder, "out.wasm")];
    const cases: readonly [readonly string[], string, string][] = [
      [compiled, '  (import "env" "g" (global $g (ref null $t)))', "3:3"],
      [compiled, '  (func $f (export "f") (result (ref $t)) (struct.new_default $t))', "3:12"],
      [compiled, '  (tag (export "e") (param (ref $t)))', "3:8"],
      [[...compiled, "--target", "mvp"], '  (func (import "a" "b") (param v128))', "3:3"],
      [["validate"], "  (global i32 (i64.const 0))", "3:3"],
      [["validate"], "  (memory 70000)", "3:3"],
      [
        ["validate", "-W", "-bulk-memory"],
        "  (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0))) (table 1 funcref)",
        "3:10",
      ],
      [["run"], "  (start $f) (func $f (param i32))", "3:3"],
    ];
    for (const [i, [command, field, place]] of cases.entries()) {
      const path = file(`refused${i}.wat`, `(module\n${type}\n${field})`);
      const { code, stderr } = await runCli([...command, path]);
      assert.equal(code, 1);
      const [line, column] = place.split(":").map(Number);
      const [first, shown, caret] = stderr.split("\n");
      assert.ok(first!.startsWith(`${path}:${place}: error: `), stderr);
      assert.deepEqual([line, shown, caret], [3, `  ${field})`, `${" ".repeat(column! + 1)}^`]);
      assert.doesNotMatch(stderr, /binary form/);
    }
  });
});
