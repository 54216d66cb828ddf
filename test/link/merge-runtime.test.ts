/**
 * Collectors merged into a module written by hand: its text declares the runtime's types, globals and functions
 * after its own, with bodies that only trap, and the runtime's relocated bodies then take their places.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { I32List } from "../../src/base/column.ts";
import { Descriptor, ZERO_BYTES } from "../../src/gc/layout.ts";
import { ConstantValues } from "../../src/link/constant-value.ts";
import { relocateBodies } from "../../src/link/merge-runtime.ts";
import { COLLECTOR_NAMES, type CollectorName, collectorModule } from "../../src/runtime/collectors.ts";
import { decodeModule } from "../../src/wasm/decode.ts";
import { encodeModule } from "../../src/wasm/encode.ts";
import { bodyBytes, type Module } from "../../src/wasm/module.ts";
import { I64 } from "../../src/wasm/types.ts";
import { validateModule } from "../../src/wasm/validate.ts";
import { systemNode } from "../support/project.ts";

/** What stands before the runtime's. */
const BASES = { typeBase: 3, functionBase: 2, globalBase: 2 };

/** The runtime's types, globals and functions, the exported ones by their names. */
function declarations(runtime: Module): string {
  const { types, functionTypes, globals, exports } = runtime;
  const name = (kind: string, index: number): string => {
    const found = exports.find((exported) => exported.kind === kind && exported.index === index);
    return found === undefined ? "" : `$${found.name}`;
  };
  const lines: string[] = [];
  for (let type = 0; type < types.length; type++) {
    const params = "i32 ".repeat(types.paramCount(type));
    lines.push(`(type (func (param ${params}) (result ${"i32 ".repeat(types.resultCount(type))})))`);
  }
  const constants = new ConstantValues(runtime, () => null);
  globals.forEach(({ type }, i) => {
    const number = type === I64 ? "i64" : "i32";
    const first = constants.ofGlobal(i);
    assert.equal(first?.kind, "bits");
    lines.push(
      `(global ${name("global", i)} (mut ${number}) (${number}.const ${first?.kind === "bits" ? first.bits : ""}))`,
    );
  });
  for (let i = 0; i < functionTypes.length; i++) {
    lines.push(`(func ${name("func", i)} (type ${BASES.typeBase + functionTypes.get(i)}) unreachable)`);
  }
  return lines.join("\n");
}

/**
 * `run(n)` builds a list of n nodes, with as many objects that it drops at once, collects, reports how many
 * collections there were, and adds up the numbers in the list. Its frame is 8 bytes with the list at +4, and its map six words above
 * the stack's top; a node is 16 bytes with its successor at +4 and its number at +8.
 */
function program(runtime: Module, memory: number): string {
  const head = `(i32.load ${memory} offset=${ZERO_BYTES + 4} (local.get $frame))`;
  const counts = runtime.exports.some(({ name }) => name === "increment");
  const count = counts ? `(call $increment ${head} (i32.const 1))` : "";
  return `(module
    (type (func (param i32) (result i32))) (type (func (param f64))) (type $report (func (param i32)))
    (import "host" "report" (func $host_report (type $report)))
    (global $first (export "first") (mut i64) (i64.const 7))
    (global $second (export "second") (mut i32) (i32.const 9))
    (memory (export "memory0") 1) ${memory === 1 ? `(memory (export "memory1") 1)` : ""}
    (data (memory ${memory}) (i32.const 1024) "\\10\\00\\00\\00\\00\\00\\01\\00")
    (data (memory ${memory}) (i32.const ${1024 + Descriptor.Offsets}) "\\04\\00\\00\\00")
    (data (memory ${memory}) (i32.const 1088) "\\08\\00\\00\\00\\02\\00\\00\\00")
    (func (export "run") (param $n i32) (result i32)
      (local $frame i32) (local $made i32) (local $node i32) (local $sum i32)
      (call $init (i32.const 1024) (i32.const 2048) (i32.const 0))
      (global.set $stackPointer (local.tee $frame (i32.sub (global.get $stackPointer) (i32.const 8))))
      (i32.store ${memory} offset=${ZERO_BYTES} (local.get $frame) (i32.const 16))
      (loop $more
        (local.set $node (call $allocSlow (i32.const 24)))
        (i32.store ${memory} (local.get $node) (i32.const 1024))
        (i32.store ${memory} offset=4 (local.get $node) (i32.const 0))
        (local.set $node (call $allocSlow (i32.const 16)))
        (i32.store ${memory} (local.get $node) (i32.const 1024))
        (i32.store ${memory} offset=4 (local.get $node) ${head})
        ${count}
        (i32.store ${memory} offset=8 (local.get $node) (local.get $made))
        (i32.store ${memory} offset=${ZERO_BYTES + 4} (local.get $frame) (local.get $node))
        (local.set $made (i32.add (local.get $made) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $made) (local.get $n))))
      (call $collect)
      (call $host_report (global.get $collections))
      (local.set $node ${head})
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load ${memory} offset=8 (local.get $node))))
        (br_if $next (local.tee $node (i32.load ${memory} offset=4 (local.get $node)))))
      (local.get $sum))
    ${declarations(runtime)})`;
}

/** The program with the runtime's code in it. */
async function merged(name: CollectorName, memory: number): Promise<Uint8Array<ArrayBuffer>> {
  const runtime = collectorModule(name);
  const module = decodeModule(await parse(program(runtime, memory)));
  const own = module.code.starts.length - runtime.code.starts.length;
  const bodies = relocateBodies(runtime, { ...BASES, memory });
  const pieces = [module.bytes];
  const code = { starts: new I32List(), ends: new I32List() };
  for (let i = 0; i < own; i++) {
    code.starts.push(module.code.starts.get(i));
    code.ends.push(module.code.ends.get(i));
  }
  let end = module.bytes.length;
  for (const body of bodies) {
    pieces.push(body);
    code.starts.push(end);
    end += body.length;
    code.ends.push(end);
  }
  const bytes = encodeModule({ ...module, bytes: Buffer.concat(pieces), code, customs: [] });
  validateModule(decodeModule(bytes));
  return new Uint8Array(bytes);
}

/** Runs `run(n)` and prints what it reports, what it gives, the program's own globals, and whether memory 0 was used. */
const SCRIPT = `
  const [base64, n] = JSON.parse(process.argv[1]);
  let reported = -1;
  const imports = { host: { report: (count) => (reported = count) } };
  const module = new WebAssembly.Module(Buffer.from(base64, "base64"));
  const { run, first, second, memory0 } = new WebAssembly.Instance(module, imports).exports;
  const sum = run(n);
  const used = new Uint32Array(memory0.buffer).some((word) => word !== 0);
  console.log(JSON.stringify([reported, sum, Number(first.value), second.value, used]));`;

function runOn(node: string, bytes: Uint8Array, n: number): [number, ...unknown[]] {
  const input = JSON.stringify([Buffer.from(bytes).toString("base64"), n]);
  return JSON.parse(execFileSync(node, ["-e", SCRIPT, input], { encoding: "utf8", timeout: 60_000 }));
}

/** How many nodes, and the least and the most collections that making and dropping 40 bytes for each brings. */
const RUNS: Readonly<Record<CollectorName, readonly [nodes: number, least: number, most: number]>> = {
  copying: [100_000, 3, 20],
  generational: [100_000, 3, 50],
  drc: [100_000, 10, 40],
  null: [100_000, 0, 0],
  stress: [300, 601, 601],
  "stress-generational": [300, 601, 800],
  "stress-drc": [300, 601, 601],
};

async function checkOn(node: string, name: CollectorName, memory: number): Promise<void> {
  const [nodes, least, most] = RUNS[name];
  const [reported, ...rest] = runOn(node, await merged(name, memory), nodes);
  const sum = ((nodes * (nodes - 1)) / 2) | 0;
  assert.deepEqual(rest, [sum, 7, 9, memory === 0], name);
  assert.ok(reported >= least && reported <= most, `${name}: ${reported} collections`);
}

test("a merged collector works", async () => {
  for (const name of COLLECTOR_NAMES) await checkOn(process.execPath, name, 0);
});

test("a merged collector works in a second memory and leaves the first alone", async () => {
  for (const name of COLLECTOR_NAMES) await checkOn(process.execPath, name, 1);
});

test("a merged collector works on an engine without garbage collection", async (t: TestContext) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  for (const name of COLLECTOR_NAMES) await checkOn(node, name, 0);
});

test("a runtime that stays where it is keeps its bytes", () => {
  for (const name of COLLECTOR_NAMES) {
    const runtime = collectorModule(name);
    const bodies = relocateBodies(runtime, { typeBase: 0, functionBase: 0, globalBase: 0, memory: 0 });
    bodies.forEach((body, i) => {
      assert.deepEqual(Buffer.from(body), Buffer.from(bodyBytes(runtime, i)), `${name}, function ${i}`);
    });
  }
});

test("every kind of index moves", async () => {
  const text = (base: number, memory: number): string => `(module
    ${"(type (func (param f32)))".repeat(base)} (type $pair (func (result i32 i32))) (type $v (func (result v128)))
    ${"(memory 1)".repeat(memory + 1)}
    ${"(global f32 (f32.const 0))".repeat(base)} (global $g (mut i32) (i32.const 1))
    ${"(func)".repeat(base)}
    (func $f (type $pair)
      (block (type $pair) (global.get $g) (memory.grow ${memory} (memory.size ${memory}))))
    (func (type $v)
      (memory.copy ${memory} ${memory} (i32.const 0) (i32.const 0) (i32.const 300))
      (memory.fill ${memory} (i32.const 0) (i32.const 0) (i32.const -300))
      (i64.store ${memory} offset=70000 (i32.const 0) (i64.const -5000000000))
      (block $b (br_table $b $b (i32.const 0)))
      (global.set $g (select (result i32) (call $f) (i32.const 1)))
      (v128.load8_lane ${memory} offset=4 3 (i32.const 1) (v128.const i32x4 1 2 3 4))))`;
  const runtime = decodeModule(await parse(text(0, 0)));
  const moved = decodeModule(await parse(text(200, 2)));
  const placement = { typeBase: 200, functionBase: 200, globalBase: 200, memory: 2 };
  const expected = [200, 201].map((i) => Buffer.from(bodyBytes(moved, i)));
  assert.deepEqual(
    relocateBodies(runtime, placement).map((body) => Buffer.from(body)),
    expected,
  );
});

test("what no runtime has is refused", async () => {
  const placement = { ...BASES, memory: 0 };
  const cases: readonly (readonly [string, RegExp])[] = [
    [`(module (import "a" "b" (func)))`, /imports nothing but its memory/],
    [`(module (import "a" "b" (global i32)))`, /imports nothing but its memory/],
    [`(module (table 1 funcref) (func (call_indirect (i32.const 0))))`, /no use for call_indirect/],
    [`(module (memory 1) (data "") (func (data.drop 0)))`, /no use for data.drop/],
  ];
  for (const [text, message] of cases) {
    const runtime = decodeModule(await parse(text));
    assert.throws(() => relocateBodies(runtime, placement), message);
  }
});
