/**
 * What a module that stands alone can have at its borders, by target: it does what the input does natively.
 * `standalone-refusals.test.ts` has what it cannot.
 */
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { parseTarget } from "../../src/driver/targets.ts";
import {
  type HostGlobal,
  type HostMemory,
  type HostTable,
  hostWebAssembly,
} from "../../src/embed/host-webassembly.ts";
import { decodeModule, validateModule } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** A heap, for a module that would have none. */
const HEAP = "(type $s (struct (field i32))) (func $h (drop (struct.new $s (i32.const 1))))";

const ALL = "mvp wasm2 node20 wasm3.0-nogc";

type Exports = Readonly<Record<string, never>>;
type Call = (...args: readonly unknown[]) => unknown;

interface Taken {
  readonly name: string;
  readonly targets: string;
  readonly wat: string;
  readonly imports?: () => Readonly<Record<string, Record<string, unknown>>>;
  /** What is seen of an instance. */
  readonly observe: (exports: Exports, imports: Readonly<Record<string, Record<string, unknown>>>) => unknown;
}

/** The result, or the kind of what was thrown. */
function outcome(call: Call, ...args: readonly unknown[]): unknown {
  try {
    return call(...args);
  } catch (error) {
    return error instanceof hostWebAssembly.RuntimeError ? "trap" : "exception";
  }
}

const TAKEN: readonly Taken[] = [
  {
    name: "an imported and an exported global that do not change",
    targets: ALL,
    wat: `(module (import "m" "g" (global i64)) (global (export "g") i64 (global.get 0)) ${HEAP})`,
    imports: () => ({ m: { g: 5n } }),
    observe: ({ g }) => (g as HostGlobal).value,
  },
  {
    name: "a mutable global, both ways",
    targets: "wasm2 wasm3 node20 wasm3.0-nogc",
    wat: `(module (import "m" "g" (global $g (mut i32))) (global (export "h") (mut i32) (i32.const 3)) ${HEAP}
      (func (export "f") (global.set $g (i32.add (global.get $g) (i32.const 1)))))`,
    imports: () => ({ m: { g: new hostWebAssembly.Global({ value: "i32", mutable: true }, 41) } }),
    observe: ({ f, h }, { m }) => {
      (f as Call)();
      return [(m!["g"] as HostGlobal).value, (h as HostGlobal).value];
    },
  },
  {
    name: "an exported table, and calls by it",
    targets: "mvp wasm2 node20",
    wat: `(module (table (export "t") 2 funcref) (elem (i32.const 0) $f) (func $f (result i32) (i32.const 7))
      (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))`,
    observe: ({ t, call }) => {
      const table = t as HostTable;
      const before = [(table.get(0) as Call)(), outcome(call, 1)];
      table.set(1, table.get(0));
      return [...before, outcome(call, 1)];
    },
  },
  {
    name: "an imported table, filled in by a segment",
    targets: "mvp wasm2 node20",
    wat: `(module (import "m" "t" (table 2 funcref)) (elem (i32.const 1) $f) (func $f (result i32) (i32.const 8)))`,
    imports: () => ({ m: { t: new hostWebAssembly.Table({ initial: 2, element: "anyfunc" }) } }),
    observe: (_, { m }) => ((m!["t"] as HostTable).get(1) as Call)(),
  },
  {
    name: "calls by a table that nothing was put into",
    targets: ALL,
    wat: `(module (table 1 funcref) (table 1 funcref) (table i64 1 funcref)
      (func (export "f") (call_indirect (i32.const 0))) (func (export "g") (call_indirect 2 (i64.const 0))))`,
    observe: ({ f, g }) => [outcome(f), outcome(g)],
  },
  {
    name: "a segment that is dropped where it is no more",
    targets: ALL,
    wat: `(module (table 1 funcref) (elem $a (i32.const 0) func $f) (elem $p func $f) (elem $d declare func $f)
      (func $f (export "f") (result i32) (elem.drop $a) (elem.drop $p) (elem.drop $d)
        (drop (ref.func $f)) (i32.const 5)))`,
    observe: ({ f }) => outcome(f),
  },
  {
    name: "an imported memory without a heap, with data",
    targets: ALL,
    wat: `(module (import "m" "m" (memory 1)) (import "m" "at" (global i32)) (data (global.get 0) "\\05")
      (func (export "f") (param i32) (result i32) (i32.load8_u (local.get 0))))`,
    imports: () => ({ m: { m: new hostWebAssembly.Memory({ initial: 1 }), at: 9 } }),
    observe: ({ f }, { m }) => [
      outcome(f, 9),
      new Uint8Array((m!["m"] as HostMemory).buffer)[9],
      outcome(f, 65536),
    ],
  },
  {
    name: "an exported memory beside a heap, from address 0",
    targets: ALL,
    wat: `(module (memory (export "m") 1) (data (i32.const 3) "\\06") ${HEAP}
      (func (export "f") (param i32) (result i32) (call $h) (i32.load8_u (local.get 0))))`,
    observe: ({ m, f }) => [new Uint8Array((m as HostMemory).buffer)[3], outcome(f, 3), outcome(f, 65536)],
  },
  {
    name: "a start function that uses references, after the segments",
    targets: ALL,
    wat: `(module (type $s (struct (field i32))) (memory 1) (data (i32.const 0) "\\2a") (table 1 funcref)
      (elem (i32.const 0) $f) (global $g (mut (ref null $s)) (ref.null $s))
      (func $f (result i32) (i32.load8_u (i32.const 0)))
      (func $start (global.set $g (struct.new $s (call_indirect (result i32) (i32.const 0)))))
      (func (export "f") (result i32) (struct.get $s 0 (global.get $g)))
      (start $start))`,
    observe: ({ f }) => outcome(f),
  },
  {
    name: "several results within",
    targets: "mvp",
    wat: `(module (func $two (param i32) (result i32 i64) (local.get 0) (i64.const 3))
      (func (export "f") (result i32) (call $two (i32.const 4)) (i32.wrap_i64) (i32.add)))`,
    observe: ({ f }) => outcome(f),
  },
];

for (const { name, targets, wat, imports = () => ({}), observe } of TAKEN) {
  for (const target of targets.split(" ")) {
    test(`${target} has ${name}`, async () => {
      const bytes = await textToBinary(wat);
      const output = compile(bytes, { target });
      const features = parseTarget(target);
      validateModule(decodeModule(output, features), features);
      const [natively, compiled] = [bytes, output].map((binary) => {
        const given = imports();
        const { exports } = new hostWebAssembly.Instance(new hostWebAssembly.Module(binary), given);
        return observe(exports as Exports, given);
      });
      assert.deepEqual(compiled, natively);
    });
  }
}

const FAILING_STARTS: readonly (readonly [string, string])[] = [
  ["a start function", "(module (func $f (unreachable)) (start $f))"],
  ["a start function with a heap", `(module ${HEAP} (func $f (call $h) (unreachable)) (start $f))`],
  ["a start function that throws", "(module (tag $e) (func $f (throw $e)) (start $f))"],
  ["a data segment", `(module (memory 1) (data (i32.const 65536) "a"))`],
  ["a data segment beside a heap", `(module (memory 1) (data (i32.const 65536) "a") ${HEAP})`],
  ["an element segment", "(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))"],
  ["an element segment beside a heap", `(module (table 1 funcref) ${HEAP} (elem (i32.const 1) $h))`],
  [
    "an element segment of references",
    "(module (table 1 anyref) (elem (i32.const 1) anyref (ref.null any)))",
  ],
];

for (const [name, wat] of FAILING_STARTS) {
  for (const target of ALL.split(" ")) {
    test(`${target}: there is no instance where ${name} fails`, async () => {
      const module = new hostWebAssembly.Module(compile(await textToBinary(wat), { target }));
      assert.throws(
        () => new hostWebAssembly.Instance(module, {}),
        /RuntimeError|WebAssembly\.Exception|Exception/,
      );
    });
  }
}

const THROWING = `(module (tag $e (param i32))
  (func $throw (export "throw") (param i32) (throw $e (local.get 0)))
  (func (export "catch") (param i32) (result i32)
    (block $caught (result i32) (try_table (catch $e $caught) (call $throw (local.get 0))) (i32.const -1))))`;

for (const [target, expected] of [
  ["mvp", "trap"],
  ["wasm2", "trap"],
  ["node20", "exception"],
  ["wasm3.0-nogc", "exception"],
] as const) {
  test(`${target}: an exception that leaves an export is ${expected === "trap" ? "a trap" : "one"}, and is over then`, async () => {
    const output = compile(await textToBinary(THROWING), { target });
    const { exports } = new hostWebAssembly.Instance(new hostWebAssembly.Module(output), {});
    const [raise, caught] = [exports["throw"] as Call, exports["catch"] as Call];
    assert.deepEqual(
      [outcome(caught, 5), outcome(raise, 6), outcome(caught, 7), outcome(raise, 8)],
      [5, expected, 7, expected],
    );
  });
}

/** Prints a list of words, each an array, last one first; its own memory is what WASI reads. */
const WASI_PROGRAM = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (type $word (array (mut i8)))
  (type $list (struct (field (ref $word)) (field (ref null $list))))
  (memory (export "memory") 1)
  (data $text "one two six ")
  (func $print (param $word (ref $word)) (local $i i32)
    (loop $next
      (i32.store8 (i32.add (i32.const 100) (local.get $i)) (array.get_u $word (local.get $word) (local.get $i)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $word)))))
    (i32.store (i32.const 0) (i32.const 100))
    (i32.store (i32.const 4) (array.len (local.get $word)))
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (unreachable))))
  (func (export "_start") (local $l (ref null $list)) (local $i i32)
    (loop $next
      (local.set $l (struct.new $list
        (array.new_data $word $text (i32.mul (local.get $i) (i32.const 4)) (i32.const 4)) (local.get $l)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (loop $next
      (call $print (struct.get $list 0 (local.get $l)))
      (br_if $next (i32.eqz (ref.is_null (local.tee $l (struct.get $list 1 (local.get $l)))))))
    (call $exit (i32.const 7))))`;

for (const target of ["mvp", "wasm2", "wasm3", "node20"]) {
  test(`${target}: a program with WASI preview 1`, async () => {
    const { emitWarning } = process;
    process.emitWarning = () => undefined;
    const { WASI } = await import("node:wasi");
    process.emitWarning = emitWarning;
    const folder = mkdtempSync(join(tmpdir(), "spillway-wasi-"));
    const path = join(folder, "out");
    const stdout = openSync(path, "w");
    try {
      const output = compile(await textToBinary(WASI_PROGRAM), {
        target,
        collector: "stress",
        gcStress: true,
      });
      const wasi = new WASI({ version: "preview1", stdout, returnOnExit: true });
      const imports = { wasi_snapshot_preview1: wasi.wasiImport as Record<string, unknown> };
      const instance = new hostWebAssembly.Instance(new hostWebAssembly.Module(output), imports);
      assert.equal(wasi.start(instance), 7);
      assert.equal(readFileSync(path, "utf8"), "six two one ");
    } finally {
      closeSync(stdout);
      rmSync(folder, { recursive: true });
    }
  });
}
