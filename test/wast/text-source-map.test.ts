/** Source maps of module text: the word at a place is the instruction's own, or nothing is claimed but the function. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eachMapping, originalPositionFor, sourceContentFor, TraceMap } from "@jridgewell/trace-mapping";
import fc from "fast-check";
import { ModuleSource } from "../../src/lab/wasm-fuzz/module-source.ts";
import {
  binaryToText,
  canReadLegacyText,
  parseScript,
  sourceMapOfText,
  textToBinary,
} from "../../src/wast/index.ts";
import { type Operator, operatorsOf } from "../driver/source-map-judge.ts";
import { projectRoot } from "../support/project.ts";

/** What the text has for the opcodes that the tables call something else. */
const WORDS: Readonly<Record<string, string>> = {
  select_t: "select",
  "ref.test_null": "ref.test",
  "ref.cast_null": "ref.cast",
};

interface Judgement {
  /** Functions whose instructions all have their own words. */
  readonly exact: number;
  /** Functions whose instructions all have the function's place. */
  readonly whole: number;
}

/** Fails where an instruction has a place that is neither its own word nor its function. */
async function judge(text: string, bytes: Uint8Array): Promise<Judgement> {
  const map = new TraceMap(await sourceMapOfText(text, bytes, "a.wat"));
  const lines = text.split("\n");
  const kinds = new Map<number, Set<string>>();
  const operators = operatorsOf(bytes);
  for (const one of operators) {
    const { line, column } = originalPositionFor(map, { line: 1, column: one.offset });
    assert.ok(line !== null, `${one.name} at ${one.offset} has no place`);
    const kind = kindOf(one, lines[line - 1]!.slice(column));
    kinds.set(one.body, (kinds.get(one.body) ?? new Set()).add(kind));
  }
  const count = (kind: string): number =>
    Array.from(kinds.values(), (found) => {
      assert.equal(found.size, 1, "some instructions of a function have places");
      return found.has(kind) ? 1 : 0;
    }).reduce((sum: number, one) => sum + one, 0);
  return { exact: count("word"), whole: count("function") };
}

function kindOf({ name, offset }: Operator, rest: string): string {
  const word = WORDS[name] ?? name;
  const found = /^[\w.]+/.exec(rest)?.[0];
  if (found === word || (name === "end" && rest.startsWith(")"))) return "word";
  if (/^\(\s*func/.test(rest)) return "function";
  return assert.fail(`${name} at ${offset} has the place of ${rest.slice(0, 30)}`);
}

const FORMS = `;; (func
(module $m (; (; (func) ;) ;)
  (import "a" "b" (func $imported (param i32)))
  (func $alias (import "a" "c") (param i32))
  (type $t (func (param i32) (result i32)))
  (type $s (struct (field $f i32)))
  (table 1 funcref) (memory 1)
  (global i32 (i32.add (i32.const 1) (i32.const 2)))
  (tag $e (param i32))
  (func $flat (export "(func") (type $t) (local i64)
    local.get 0
    if $l (result i32) i32.const 1 else i32.const 2 end $l
    block (result i32) local.get 0 i32.const 3 br_if 0 end
    i32.add)
  (func $folded (@name "a \\"(nop)\\"") (param $p i32) (result i32)
    (if (result i32) (i32.eqz (local.get $p))
      (then (i32.const 1))
      (else (select (result i32) (i32.const 2) (i32.const 3) (local.get $p))))
    (if (local.get 0) (then))
    (if (local.get 0) (then nop) (else))
    (drop (ref.test (ref null $s) (struct.new $s (i32.const 0))))
    (call_indirect (type $t) (i32.const 0))
    (v128.const i32x4 1 2 3 4) (i8x16.extract_lane_s 3) i32.add)
  (func (param i32) (result i32) ;; nop
    (block $b (result i32)
      (try_table (result i32) (catch $e $b) (call $imported (i32.const 1)) (i32.const 7))
      drop
      try_table (catch $e $b) end
      loop (result i32) (i32.load offset=4 align=1 (i32.const 0)) end))
  (func))`;

const at = (offset: number, lines: string): string => {
  const before = lines.slice(0, offset).split("\n");
  return `${before.length}:${before.at(-1)!.length}`;
};

describe("each instruction has the place of its word", () => {
  test("folded or flat, with labels, clauses, strings, comments and annotations", async () => {
    assert.deepEqual(await judge(FORMS, await textToBinary(FORMS)), { exact: 4, whole: 0 });
  });

  test("in the order in which they run", async () => {
    const text = `(func (param i32) (result i32)
  (i32.add (i32.const 1)
    (if (result i32) (local.get 0) (then (i32.const 2)) (else (i32.const 3)))))`;
    const bytes = await textToBinary(text);
    const map = new TraceMap(await sourceMapOfText(text, bytes));
    const places = operatorsOf(bytes).map(({ offset }) => {
      const { source, line, column } = originalPositionFor(map, { line: 1, column: offset });
      return `${source} ${line}:${column}`;
    });
    const wanted = ["i32.const 1", "local.get 0", "if", "i32.const 2", "else", "i32.const 3"]
      .map((word) => text.indexOf(word))
      .concat(text.length - 3, text.indexOf("i32.add"), text.length - 1);
    assert.deepEqual(
      places,
      wanted.map((offset) => `module.wat ${at(offset, text)}`),
    );
    assert.equal(sourceContentFor(map, "module.wat"), text);
  });

  test("with legacy exceptions, whose parser leaves out an empty else", async (t) => {
    if (!(await canReadLegacyText())) return t.skip("wabt is not installed");
    const text = `(module (tag $e)
      (func (result i32)
        (try (result i32)
          (do (if (i32.const 1) (then (throw $e)) (else)) (i32.const 1))
          (catch $e (i32.const 2))
          (catch_all (try (do nop) (delegate 0)) (i32.const 3))))
      (func try nop catch $e rethrow 0 end))`;
    assert.deepEqual(await judge(text, await textToBinary(text)), { exact: 2, whole: 0 });
  });

  test("in all programs here", async () => {
    const paths = globSync("{bench,tools/engines}/programs/*.wat", { cwd: projectRoot });
    assert.ok(paths.length > 20);
    for (const path of paths) {
      const text = readFileSync(join(projectRoot, path), "utf8");
      const { exact, whole } = await judge(text, await textToBinary(text));
      assert.ok(exact > 0 && whole === 0, path);
    }
  });

  test("in random modules, as they are printed", async () => {
    const modules = new ModuleSource();
    try {
      await fc.assert(
        fc.asyncProperty(fc.nat(1 << 20), async (seed) => {
          const text = await binaryToText(await modules.at(seed));
          assert.equal((await judge(text, await textToBinary(text))).whole, 0);
        }),
        { numRuns: 15 },
      );
    } finally {
      modules.end();
    }
  });

  test("in the modules of the spec suite", async (t) => {
    const paths = globSync("../shared/conformance/spec/core/**/*.wast", { cwd: projectRoot });
    if (paths.length === 0) return t.skip("the suite is not here");
    const sum = { exact: 0, whole: 0 };
    for (const path of paths) {
      for (const text of modulesOf(readFileSync(join(projectRoot, path), "utf8"))) {
        const { exact, whole } = await judge(text, await textToBinary(text));
        sum.exact += exact;
        sum.whole += whole;
      }
    }
    assert.ok(sum.exact > 5000, `${sum.exact} functions`);
    assert.equal(sum.whole, 0);
  });
});

function modulesOf(script: string): string[] {
  return parseScript(script).flatMap(({ body }) =>
    body.kind === "module" && body.module.source.form === "text" ? [body.module.source.text] : [],
  );
}

describe("no place is made up", () => {
  const text = "(module\n  (func i32.const 1 drop)\n  (func nop))";

  test("a function with other instructions has its own place alone", async () => {
    const bytes = await textToBinary(text.replace("i32.const 1", "i64.const 1"));
    assert.deepEqual(await judge(text, bytes), { exact: 1, whole: 1 });
    const shorter = await textToBinary(text.replace("nop", "nop nop"));
    assert.deepEqual(await judge(text, shorter), { exact: 1, whole: 1 });
  });

  test("another number of functions, and what is no text at all, have none", async () => {
    const bytes = await textToBinary(text);
    for (const other of [
      `${text.slice(0, -1)} (func))`,
      '(module binary "")',
      '(module "',
      "",
      "(",
      "(func",
    ]) {
      const segments: unknown[] = [];
      eachMapping(new TraceMap(await sourceMapOfText(other, bytes)), (one) => segments.push(one));
      assert.deepEqual(segments, [], other);
    }
  });

  test("nor for what stands before and behind the code", async () => {
    const bytes = await textToBinary(
      '(module (func) (global i32 (i32.const 1)) (memory 1) (data (i32.const 0) "a"))',
    );
    const map = new TraceMap(await sourceMapOfText("(module (func))", bytes));
    const [first] = operatorsOf(bytes);
    for (const column of [first!.offset - 3, first!.offset + 1, bytes.length - 1])
      assert.equal(originalPositionFor(map, { line: 1, column }).source, null, String(column));
  });
});
