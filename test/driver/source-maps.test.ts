/**
 * Source maps of compiled modules. What traps says by its offset which line it is of, for every way in which a target has its code made;
 * and whatever is mapped is an instruction on both sides.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eachMapping, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import fc from "fast-check";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile, compileCode } from "../../src/driver/compile.ts";
import { compileLinked } from "../../src/driver/compile-async.ts";
import { compileFunctions } from "../../src/driver/compile-functions.ts";
import {
  compileWithSourceMap,
  type MappedModule,
  mappedModule,
} from "../../src/driver/compile-with-source-map.ts";
import { optimizeLinked } from "../../src/driver/optimize-output.ts";
import { prepareModule } from "../../src/driver/prepare.ts";
import { settingsText } from "../../src/driver/recorded-settings.ts";
import { readModuleMap, withSourceMappingUrl } from "../../src/driver/source-map.ts";
import { restoredCode, storedCode } from "../../src/driver/stored-code.ts";
import { ModuleSource } from "../../src/lab/wasm-fuzz/module-source.ts";
import { NOWHERE } from "../../src/link/code-positions.ts";
import type { LinkedModule } from "../../src/link/output-module.ts";
import { decodeModule } from "../../src/wasm/decode.ts";
import { DEFAULT_FEATURES } from "../../src/wasm/features.ts";
import { readSourceMappingUrl } from "../../src/wasm/names.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { projectRoot } from "../support/project.ts";
import { linkedModule, manyFunctions } from "./many-functions.ts";
import { mapOfOperators, operatorsOf, trapOffsets } from "./source-map-judge.ts";

/** Each export traps, by an operator that no other one has, or by the one of several that `SPECIAL` says. */
const TRAPPING = `(module
  (type $cell (struct (field (mut i32)) (field (ref null $cell))))
  (type $words (array (mut i32)))
  (type $unary (func (param i32) (result i32)))
  (type $number (func (result i64)))
  (memory 1)
  (table 2 2 funcref)
  (elem (i32.const 0) func $number)
  (func $number (type $number) (i64.const 1))
  (func $quotient (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "i32.div_s") (param i32) (result i32)
    (i32.add (call $quotient (i32.const 4) (i32.const 2)) (call $quotient (i32.const 1) (local.get 0))))
  (func (export "i32.rem_u") (param i32) (result i32) (i32.rem_u (i32.const 7) (local.get 0)))
  (func (export "struct.set") (param i32) (result i32)
    (struct.set $cell 0 (ref.null $cell) (local.get 0)) (i32.const 0))
  (func (export "array.get") (param i32) (result i32)
    (array.get $words (array.new $words (i32.const 1) (i32.const 3)) (i32.sub (local.get 0) (i32.const 1))))
  (func (export "array.set") (param i32) (result i32) (local $a (ref $words))
    (local.set $a (array.new $words (i32.const 1) (i32.const 3)))
    (array.set $words (local.get $a) (i32.const 2) (i32.const 1))
    (array.set $words (local.get $a) (i32.const 3) (i32.const 1))
    (i32.const 0))
  (func (export "ref.cast") (param i32) (result i32)
    (ref.cast (ref $cell) (ref.i31 (local.get 0))) drop (i32.const 0))
  (func (export "ref.as_non_null") (param i32) (result i32)
    (ref.as_non_null (ref.null $cell)) drop (i32.const 0))
  (func (export "unreachable") (param i32) (result i32) unreachable)
  (func (export "i64.load") (param i32) (result i32) (drop (i64.load (i32.const 65530))) (i32.const 0))
  (func (export "i32.trunc_f64_s") (param i32) (result i32) (i32.trunc_f64_s (f64.const 1e20)))
  (func (export "call_indirect") (param i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (i32.const 0)))
  (func (export "call_ref") (param i32) (result i32)
    (call_ref $unary (local.get 0) (ref.null $unary)))
  (func $either (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.store (i32.const 0) (i32.const 1)) (i64.store (i32.const 65530) (i64.const 1)) (i32.const 5))
      (else (i32.store (i32.const 4) (i32.const 1)) (i64.store (i32.const 65530) (i64.const 1)) (i32.const 5))))
  (func (export "then") (param i32) (result i32) (call $either (i32.eqz (local.get 0))))
  (func (export "else") (param i32) (result i32) (call $either (local.get 0)))
  (func (export "memory.fill") (param i32) (result i32)
    (memory.fill (i32.const 65530) (i32.const 1) (i32.const 20)) (i32.const 0))
  (func $get (param i32 (ref null $cell) (ref null $cell)) (result i32)
    (local.set 0 (struct.get $cell 0 (local.get 1)))
    (i32.add (local.get 0) (struct.get $cell 0 (local.get 2))))
  (func (export "first") (param i32) (result i32)
    (call $get (i32.const 0) (ref.null $cell) (struct.new $cell (i32.const 1) (ref.null $cell))))
  (func (export "second") (param i32) (result i32)
    (call $get (i32.const 0) (struct.new $cell (i32.const 1) (ref.null $cell)) (ref.null $cell))))`;

/** Which operator of its name traps, from the first, where it is not the only one. */
const SPECIAL: Readonly<Record<string, readonly [name: string, which: number]>> = {
  first: ["struct.get", 0],
  second: ["struct.get", 1],
  "array.set": ["array.set", 1],
  // What two ways have in common stays two things.
  // biome-ignore lint/suspicious/noThenProperty: a name of an export
  then: ["i64.store", 0],
  else: ["i64.store", 1],
};

const TARGETS = ["node20", "mvp", "wasm2", "wasm3.0-nogc"];

describe("a trap's offset leads to the line of the input's source that trapped", async () => {
  const bytes = await textToBinary(TRAPPING);
  const operators = operatorsOf(bytes);
  const inputMap = mapOfOperators(operators);
  const exported = Object.keys(SPECIAL).concat(
    decodeModule(bytes).exports.flatMap(({ name }) => (name in SPECIAL ? [] : [name])),
  );
  const check = ({ bytes: output, sourceMap }: MappedModule, callersStay: boolean): void => {
    const map = new TraceMap(sourceMap);
    assert.deepEqual(map.sources, ["program.src"]);
    assert.match(map.sourcesContent![0]!, /i32\.div_s\n/);
    const functions = exportsOf(output) as Record<string, (argument: number) => number>;
    for (const name of exported) {
      const [opcode, which] = SPECIAL[name] ?? [name, 0];
      const places = trapOffsets(() => functions[name]!(0)).map((column) =>
        originalPositionFor(map, { line: 1, column }),
      );
      const innermost = places.find(({ source }) => source !== null);
      const matching = operators.flatMap((one, i) => (one.name === opcode ? [i + 1] : []));
      assert.ok(innermost !== undefined, `${name}: no frame is mapped`);
      assert.deepEqual(
        [innermost.name, innermost.line, innermost.column],
        [opcode, matching[which], 2],
        name,
      );
    }
    if (!callersStay) return;
    // The caller's place is that of its second call.
    const calls = operators.flatMap((one, i) => (one.name === "call" ? [i + 1] : []));
    const lines = trapOffsets(() => functions["i32.div_s"]!(0)).flatMap((column) => {
      const { line } = originalPositionFor(map, { line: 1, column });
      return line === null ? [] : [line];
    });
    assert.equal(lines.at(-1), calls[1]);
  };
  for (const target of TARGETS) {
    for (const gcStress of [false, true]) {
      test(`${target}${gcStress ? ", collecting at every safepoint" : ""}`, async () => {
        check(await compileWithSourceMap(bytes, { target, gcStress, sourceMap: { inputMap } }), true);
      });
    }
    test(`${target}, optimised by binaryen`, async () => {
      const linked = await compileLinked(bytes, { target, positions: true });
      const optimized = await optimizeLinked(linked);
      assert.ok(optimized.bytes.length < linked.bytes.length);
      check(await mappedModule(optimized, bytes, { inputMap }, DEFAULT_FEATURES), false);
    });
  }
});

test("an input without a map is its own source; what the linker adds has none", async () => {
  const bytes = await textToBinary(TRAPPING);
  const { bytes: output, sourceMap } = await compileWithSourceMap(bytes, {
    sourceMap: { source: "a/b.wasm", url: "c.map" },
  });
  assert.deepEqual(new TraceMap(sourceMap).sources, ["a/b.wasm"]);
  assert.equal(readSourceMappingUrl(decodeModule(output)), "c.map");
  judge(bytes, output, pairsOf(sourceMap));
  assert.ok(pairsOf(sourceMap).length > 50);
  const ends = operatorsOf(output).filter(({ name }) => name === "end");
  const last = originalPositionFor(new TraceMap(sourceMap), { line: 1, column: ends.at(-1)!.offset });
  assert.equal(last.source, null, "the start function, which the linker makes, has a source");
});

type Pair = readonly [offset: number, origin: number];

/** The pairs of offsets in a map of an input that is its own source. */
function pairsOf(sourceMap: string): Pair[] {
  const pairs: Pair[] = [];
  eachMapping(
    new TraceMap(sourceMap),
    ({ generatedLine, generatedColumn, source, originalLine, originalColumn }) => {
      assert.equal(generatedLine, 1);
      if (source === null) return;
      assert.equal(originalLine, 1);
      pairs.push([generatedColumn, originalColumn]);
    },
  );
  return pairs;
}

/** Fails for a pair that is not of two instructions, or whose function has others of another function. */
function judge(input: Uint8Array, output: Uint8Array, pairs: readonly Pair[]): void {
  const before = new Map(operatorsOf(input).map((one) => [one.offset, one]));
  const after = new Map(operatorsOf(output).map((one) => [one.offset, one]));
  const bodies = new Map<number, number>();
  for (const [offset, origin] of pairs) {
    const from = before.get(origin);
    const to = after.get(offset);
    if (to === undefined) assert.fail(`no instruction of the output begins at ${offset}`);
    if (from === undefined) assert.fail(`no instruction of the input begins at ${origin}`);
    if ((bodies.get(to.body) ?? from.body) !== from.body)
      assert.fail(`body ${to.body} comes from two of the input`);
    bodies.set(to.body, from.body);
  }
}

function pairsOfCode({ positions }: LinkedModule): Pair[] {
  const pairs: Pair[] = [];
  for (let row = 0; row < (positions?.length ?? 0); row++) {
    if (positions!.origin(row) !== NOWHERE) pairs.push([positions!.offset(row), positions!.origin(row)]);
  }
  return pairs;
}

describe("all that is mapped are instructions, of one function of the input each", () => {
  const folder = join(projectRoot, "bench", "programs");
  for (const name of readdirSync(folder)) {
    test(name, async () => {
      const bytes = await textToBinary(readFileSync(join(folder, name), "utf8"));
      for (const target of TARGETS) {
        const { bytes: output, sourceMap } = await compileWithSourceMap(bytes, { target });
        const pairs = pairsOf(sourceMap);
        judge(bytes, output, pairs);
        assert.ok(pairs.length > 10, target);
      }
    });
  }

  test("optimised by binaryen, where functions are put into others", async () => {
    const bytes = await textToBinary(readFileSync(join(folder, "richards.wat"), "utf8"));
    const linked = await compileLinked(bytes, { positions: true });
    const optimized = await optimizeLinked(linked);
    const before = new Set(pairsOfCode(linked).map(([, origin]) => origin));
    const instructions = new Set(operatorsOf(optimized.bytes).map(({ offset }) => offset));
    const pairs = pairsOfCode(optimized);
    assert.ok(pairs.length > 100);
    for (const [offset, origin] of pairs) assert.ok(before.has(origin) && instructions.has(offset));
    const last = optimized.positions!.length - 1;
    assert.ok(optimized.positions!.origin(last) === NOWHERE, "what comes last is the runtime's");
  });

  /** Null for what the target does not take. */
  const linkedFor = (bytes: Uint8Array, target: string): LinkedModule | null => {
    try {
      return linkedModule(compileCode(bytes, { target, positions: true }));
    } catch (error) {
      if (error instanceof InputError) return null;
      throw error;
    }
  };

  test("random modules", async () => {
    const modules = new ModuleSource();
    let mapped = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.nat(1 << 20), fc.constantFrom(...TARGETS), async (seed, target) => {
          const bytes = await modules.at(seed);
          const output = linkedFor(bytes, target);
          if (output === null) return;
          const pairs = pairsOfCode(output);
          judge(bytes, output.bytes, pairs);
          mapped += pairs.length;
        }),
        { numRuns: 30 },
      );
    } finally {
      modules.end();
    }
    assert.ok(mapped > 1000, `${mapped} mappings in all`);
  });
});

describe("positions are kept", () => {
  test("by threads, and with them the same bytes, however many", async () => {
    const bytes = await textToBinary(TRAPPING);
    const alone = await compileWithSourceMap(bytes, { jobs: 1 });
    for (const jobs of [2, 3])
      assert.deepEqual(await compileWithSourceMap(bytes, { jobs }), alone, `${jobs} threads`);
    assert.deepEqual(alone.bytes, compile(bytes, { positions: true, backwards: true }));
  });

  test("by the cache, where code with them is other code", async () => {
    const bytes = await manyFunctions();
    const options = { positions: true };
    const prepared = prepareModule(bytes, options, "store");
    const code = compileFunctions(prepared.plan, prepared.options);
    const restored = restoredCode(bytes, options, storedCode(prepared, code));
    assert.ok(pairsOfCode(linkedModule(code)).length > 500);
    assert.deepEqual(pairsOfCode(linkedModule(restored!)), pairsOfCode(linkedModule(code)));
    assert.deepEqual(linkedModule(restored!).bytes, linkedModule(code).bytes);
    assert.notEqual(settingsText(options), settingsText({}));
    assert.equal(linkedModule(compileCode(bytes)).positions, null);
  });
});

describe("the input's map", async () => {
  const bytes = await textToBinary(TRAPPING);
  const inputMap = mapOfOperators(operatorsOf(bytes));
  const sourcesOf = (map: string): readonly (string | null)[] => new TraceMap(map).sources;

  test("is found in the input, and left alone where it is not wanted", async () => {
    const url = `data:application/json;base64,${Buffer.from(inputMap).toString("base64")}`;
    const withMap = withSourceMappingUrl(bytes, url);
    assert.deepEqual(sourcesOf((await compileWithSourceMap(withMap)).sourceMap), ["program.src"]);
    const without = await compileWithSourceMap(withMap, { sourceMap: { inputMap: null } });
    assert.deepEqual(sourcesOf(without.sourceMap), ["input.wasm"]);
  });

  test("names its sources from where it is", async () => {
    const { sourceMap } = await compileWithSourceMap(bytes, {
      sourceMap: { inputMap, inputMapUrl: "../src/a.map" },
    });
    assert.deepEqual(sourcesOf(sourceMap), ["../src/program.src"]);
  });

  test("may have sections", async () => {
    const sections = [{ offset: { line: 0, column: 0 }, map: JSON.parse(inputMap) as object }];
    const { sourceMap } = await compileWithSourceMap(bytes, {
      sourceMap: { inputMap: JSON.stringify({ version: 3, sections }) },
    });
    assert.deepEqual(sourcesOf(sourceMap), ["program.src"]);
  });

  test("that is none is the input's fault", async () => {
    for (const wrong of ["", "{", "null", "[]", '{"version":3}', '{"version":3,"sources":[],"mappings":7}'])
      await assert.rejects(
        compileWithSourceMap(bytes, { sourceMap: { inputMap: wrong } }),
        InputError,
        wrong,
      );
  });
});

test("a published program with a map: each function's places are in it", async (t) => {
  const path = join(projectRoot, "node_modules", "@wasm-fmt", "dart_fmt", "dart_fmt.wasm");
  if (!existsSync(path)) return t.skip("dart_fmt is not installed");
  const bytes = new Uint8Array(readFileSync(path));
  assert.equal(readSourceMappingUrl(decodeModule(bytes)), "dart_fmt.wasm.map");
  const json = readFileSync(`${path}.map`, "utf8");
  const map = await readModuleMap(json, null);
  const linked = linkedModule(compileCode(bytes, { positions: true }));
  const pairs = pairsOfCode(linked);
  judge(bytes, linked.bytes, pairs);
  const reached = new Set<string>();
  for (const [, origin] of pairs) {
    const place = map.placeOf(origin);
    if (place !== null) reached.add(`${place.source}:${place.line}`);
  }
  const calls = new Set<string>();
  for (const { offset, name } of operatorsOf(bytes)) {
    const place = name === "call" ? map.placeOf(offset) : null;
    if (place !== null) calls.add(`${place.source}:${place.line}`);
  }
  const lost = [...calls].filter((line) => !reached.has(line));
  // Code that cannot be reached has calls, too.
  assert.ok(
    lost.length < calls.size / 100,
    `${lost.length} of ${calls.size} lines with calls are lost: ${lost.slice(0, 5).join()}`,
  );
});
