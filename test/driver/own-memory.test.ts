/**
 * A module with a heap and a memory of its own that stands alone: beside the heap where the target has several memories, else below
 * it. The conformance suite's scripts about memories, with a reference put into every module so that each has a heap, go as they do
 * natively.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import { I32List } from "../../src/base/column.ts";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile } from "../../src/driver/compile.ts";
import { parseTarget } from "../../src/driver/targets.ts";
import { encodeModule } from "../../src/wasm/encode.ts";
import { decodeModule, type Features, validateModule } from "../../src/wasm/index.ts";
import { OperatorReader } from "../../src/wasm/operators.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { NativeEngine } from "../../src/wast/native-engine.ts";
import { exportsOf } from "../backend/engine.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { type Counts, RecompilingEngine, runOn, summary } from "../translate/recompiling-engine.ts";
import { failures } from "./agreement.ts";
import { run } from "./wabt.ts";

const ANYREF = 0x6e;

/** The module with a local that holds a reference in each of its functions. */
function withReference(bytes: Uint8Array, features: Features): Uint8Array {
  const module = decodeModule(bytes, features);
  const out = new ByteWriter();
  out.append(module.bytes);
  const code = { starts: new I32List(), ends: new I32List() };
  const reader = new OperatorReader(module.bytes, 0, 0, -1);
  for (let i = 0; i < module.code.starts.length; i++) {
    const end = module.code.ends.get(i);
    reader.seek(module.code.starts.get(i), end);
    const runs = reader.u32();
    const first = reader.pos;
    for (let skipped = 0; skipped < runs; skipped++) {
      reader.u32();
      reader.readValType();
    }
    code.starts.push(out.length);
    out.u32(runs + 1);
    out.range(module.bytes, first, reader.pos);
    out.u32(1);
    out.byte(ANYREF);
    out.range(module.bytes, reader.pos, end);
    code.ends.push(out.length);
  }
  return encodeModule({ ...module, code, bytes: out.bytes(), customs: [] });
}

/** A module that imports a memory below a heap sees the heap: such scripts would go another way. */
function refuseExported(bytes: Uint8Array, features: Features): void {
  if (decodeModule(bytes, features).exports.some(({ kind }) => kind === "memory")) {
    throw new InputError({ code: "test", message: "an exported memory" });
  }
}

const MEMORY_FILES =
  "{address,align,data,endianness,float_memory,load,store,memory,memory_grow,memory_redundancy,memory_size,memory_trap,traps,start}.wast";

const SUITES: readonly (readonly [files: string, target: string, least: number])[] = [
  [MEMORY_FILES, "node20", 50],
  [MEMORY_FILES, "mvp", 50],
  ["bulk-memory/*.wast", "node20", 100],
  ["bulk-memory/*.wast", "mvp", 100],
  ["simd/simd_{load,store,address,align}*.wast", "node20", 20],
  [MEMORY_FILES, "wasm3.0-nogc", 50],
  ["memory64/*.wast", "wasm3.0-nogc", 50],
  ["multi-memory/*.wast", "wasm3.0-nogc", 50],
];

for (const [files, target, least] of SUITES) {
  test(`modules with a heap and a memory, ${files} for ${target}, behave as natively`, async (t) => {
    const root = sharedData("conformance/spec/core");
    if (root === null) return t.skip(noSharedData("conformance/spec/core"));
    const has = parseTarget(target);
    const counts: Counts = { recompiled: 0, refused: new Map() };
    const recompile = (bytes: Uint8Array, features: Features): Uint8Array => {
      if (!has.has("multi-memory")) refuseExported(bytes, features);
      const output = compile(withReference(bytes, features), { features, target });
      validateModule(decodeModule(output, has), has);
      return output;
    };
    let passed = 0;
    for (const name of globSync(files, { cwd: root }).sort()) {
      const file = join(root, name);
      const native = await runOn(new NativeEngine(), file);
      const compiled = await runOn(new RecompilingEngine(recompile, counts), file);
      assert.deepEqual(failures(compiled), failures(native), name);
      passed += compiled.total().passed;
    }
    t.diagnostic(summary(counts, passed));
    assert.ok(counts.recompiled >= least, `${counts.recompiled}`);
  });
}

const BOTH = `(module
  (type $node (struct (field $value i32) (field $next (ref null $node))))
  (memory (export "memory") 1 3)
  (data (i32.const 8) "hello")
  (func $churn (param i32) (result (ref null $node)) (local $l (ref null $node))
    (loop $next
      (local.set $l (struct.new $node (local.get 0) (local.get $l)))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $l))
  (func $deep (param i32) (param $l (ref null $node)) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (struct.get $node $value (local.get $l)))))
    (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1)) (call $churn (i32.const 1)))
      (struct.get $node $value (local.get $l))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "load") (param i32) (result i32) (i32.load8_u offset=3 (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 0x55) (local.get 1)))
  (func (export "deep") (param i32) (result i32) (call $deep (local.get 0) (call $churn (i32.const 5))))
  (func (export "churn") (param i32) (result i32)
    (struct.get $node $value (call $churn (local.get 0)))))`;

type Call = (...args: number[]) => number;

const tries = (call: () => number): number | string => {
  try {
    return call() ?? "done";
  } catch {
    return "trap";
  }
};

for (const target of ["mvp", "wasm2", "node20", "wasm3.0-nogc"]) {
  test(`a program sees its own memory and no more, for ${target}`, async () => {
    const input = await textToBinary(BOTH);
    const output = compile(input, { target, collector: "stress" });
    run("wasm-validate", output, parseTarget(target));
    const script = (bytes: Uint8Array): (number | string)[] => {
      const exported = exportsOf(bytes);
      const call =
        (name: string, ...args: number[]) =>
        (): number =>
          (exported[name] as Call)(...args);
      const calls = [
        call("churn", 100),
        call("load", 5),
        call("load", 65532),
        call("load", 65533),
        call("load", -1),
        call("store", 65532, -1),
        call("store", 65533, -1),
        call("store", -4, -1),
        call("grow", 3),
        call("grow", 1),
        call("size"),
        call("store", 65533, 0x01020304),
        call("load", 65533),
        call("fill", 131070, 2),
        call("fill", 131070, 3),
        call("fill", -1, 1),
        call("fill", 0, -1),
        call("grow", -1),
        call("grow", 1),
        call("grow", 1),
        call("deep", 200),
        call("size"),
      ];
      return calls.map(tries);
    };
    assert.deepEqual(script(output), script(input));
    const { memory } = exportsOf(output) as { readonly memory: { readonly buffer: ArrayBuffer } };
    assert.equal(Buffer.from(memory.buffer, 8, 5).toString(), "hello");
  });
}

test("a stack that is full traps before it reaches the program's memory", async () => {
  const input = await textToBinary(BOTH);
  const output = compile(input, { target: "node20", stackBytes: 1024 });
  const exported = exportsOf(output);
  const memory = exported["memory"] as { readonly buffer: ArrayBuffer };
  assert.equal(
    tries(() => (exported["deep"] as Call)(10_000)),
    "trap",
  );
  const bytes = new Uint8Array(memory.buffer, 0, 3 * 65536);
  assert.deepEqual(
    bytes.filter((byte) => byte !== 0),
    new Uint8Array(Buffer.from("hello")),
  );
  assert.equal((exported["deep"] as Call)(3), 4);
});

test("what is reserved bounds the memory", async () => {
  const input = await textToBinary(`(module (memory (export "memory") 1) (func $f (param anyref))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
  const grow = (reserveMemoryBytes?: number): number => {
    const options = reserveMemoryBytes === undefined ? {} : { reserveMemoryBytes };
    return (exportsOf(compile(input, options))["grow"] as Call)(100);
  };
  assert.equal(grow(), 1);
  assert.equal(grow(101 * 65536), 1);
  assert.equal(grow(100 * 65536), -1);
  assert.throws(() => grow(1024), /a memory of 65536 bytes, of which 1024 are reserved/);
});

/** Objects that are old soon hold ever new ones; the result is the sum of what the last ones hold. */
const RING = `(module (memory 1 4000) (data (i32.const 0) "x")
  (type $box (struct (field i32))) (type $ring (array (mut (ref null $box)))) (type $cell (struct (field (mut (ref null $box)))))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $ring (ref $ring)) (local $cell (ref $cell))
    (local.set $ring (array.new_default $ring (i32.const 300)))
    (local.set $cell (struct.new_default $cell))
    (loop $more
      (array.set $ring (local.get $ring) (i32.rem_u (local.get $i) (i32.const 300)) (struct.new $box (local.get $i)))
      (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 997)))
        (then (struct.set $cell 0 (local.get $cell) (struct.new $box (local.get $i)))))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $i (i32.const 300))
    (loop $more
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (struct.get $box 0 (array.get $ring (local.get $ring) (local.get $i)))))
      (br_if $more (local.get $i)))
    (i32.add (i32.mul (local.get $sum) (i32.load8_u (i32.const 0))) (struct.get $box 0 (struct.get $cell 0 (local.get $cell))))))`;

for (const collector of ["copying", "generational", "drc", "stress-generational"] as const) {
  test(`many reserved megabytes take nothing of a small heap, with collector ${collector}`, async () => {
    const input = await textToBinary(RING);
    const run = (bytes: Uint8Array): number => (exportsOf(bytes)["run"] as Call)(9000);
    const options = { collector, reserveMemoryBytes: 4000 * 65536, maxHeapBytes: 65536 };
    assert.equal(run(compile(input, options)), run(input));
  });
}

test("an imported memory stays beside a heap only where there are several", async () => {
  const input = await textToBinary(`(module (memory (import "a" "m") 1) (func $f (param anyref)))`);
  assert.throws(() => compile(input), /^InputError: an imported memory beside a heap needs multi-memory/);
  const output = compile(input, { target: "node20,+multi-memory" });
  assert.equal(decodeModule(output).memories.length, 2);
});
