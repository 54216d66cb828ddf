/**
 * Tail calls between the instances of a store: a loop of nothing else takes no room on any stack, whichever way a function is reached, and
 * references that live in frames below it, or go round with it, are found by the collector.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { compile, Store } from "../../src/embed/index.ts";
import { stressed } from "../../src/runtime/collectors.ts";
import { FUNCREF } from "../../src/wasm/types.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { projectRoot, systemNode } from "../support/project.ts";

type Callable = (...args: unknown[]) => unknown;
type Exports = Readonly<Record<string, unknown>>;

const TYPES = `
  (type $cell (struct (field (mut i32))))
  (rec (type $step (func (param $n i32) (param $c (ref $cell)) (param $next (ref null $step)) (result i32))))`;

/** One step of the loop, which goes on by a tail call: with a new cell, and with the function that comes after the next. */
const step = (name: string, tailCall: string, next = "(local.get $next)"): string => `
  (func $${name} (export "${name}") (type $step) (param $n i32) (param $c (ref $cell)) (param $next (ref null $step)) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (struct.get $cell 0 (local.get $c)))))
    (${tailCall.replace(
      "$ARGS",
      `(i32.sub (local.get $n) (i32.const 1))
       (struct.new $cell (i32.add (struct.get $cell 0 (local.get $c)) (i32.const 1)))
       ${next}`,
    )}))`;

/** Goes so many steps, and gives their number and a thousand millions that a cell of its own frame held meanwhile. */
const RUN = `
  (func (export "run") (param $n i32) (result i32) (local $kept (ref $cell)) (local $steps i32)
    (local.set $kept (struct.new $cell (i32.const 1000000000)))
    (local.set $steps (call $b (local.get $n) (struct.new $cell (i32.const 0)) (ref.null $step)))
    (i32.add (local.get $steps) (struct.get $cell 0 (local.get $kept))))`;

/** The same with numbers only for steps; the other function is in JavaScript's table. */
const ON_NUMBERS = `
  (type $cell (struct (field (mut i32))))
  (type $step (func (param i32 i32) (result i32)))
  (import "js" "t" (table $t 2 funcref))
  (func $a (export "a") (param $n i32) (param $s i32) (result i32) (local $c (ref $cell))
    (if (i32.eqz (local.get $n)) (then (return (local.get $s))))
    (local.set $c (struct.new $cell (i32.add (local.get $s) (i32.const 1))))
    (return_call_indirect (type $step)
      (i32.sub (local.get $n) (i32.const 1)) (struct.get $cell 0 (local.get $c)) (i32.const 1)))
  (func (export "run") (param $n i32) (result i32) (local $kept (ref $cell)) (local $steps i32)
    (local.set $kept (struct.new $cell (i32.const 1000000000)))
    (local.set $steps (call_indirect (type $step) (local.get $n) (i32.const 0) (i32.const 1)))
    (i32.add (local.get $steps) (struct.get $cell 0 (local.get $kept))))`;

/** Goes on where its third argument is. */
const BY_REFERENCE = `(module ${TYPES} ${step("a", "return_call_ref $step $ARGS (local.get $next)")})`;
const IMPORTED = `(import "a" "a" (func $a (type $step)))`;
const REFERABLE = `(elem declare func $b)`;

interface Table {
  set(index: number, value: unknown): void;
}

interface Loop {
  readonly name: string;
  /** In the order of instantiation; each imports the exports of those before it by their names, and of "js". */
  readonly modules: Readonly<Record<string, string>>;
  /** Which has "run"; b unless it is given. */
  readonly runs?: string;
  /** What JavaScript gives the last one, besides an empty table "t" of two functions. */
  readonly give?: (exports: Readonly<Record<string, Exports>>) => Exports;
  /** What JavaScript does with the table before it runs. */
  readonly fill?: (table: Table, exports: Readonly<Record<string, Exports>>) => void;
}

const LOOPS: readonly Loop[] = [
  {
    name: "an imported function, and a reference that is passed",
    modules: {
      a: BY_REFERENCE,
      b: `(module ${TYPES} ${IMPORTED} ${REFERABLE} ${step("b", "return_call $a $ARGS", "(ref.func $b)")} ${RUN})`,
    },
  },
  {
    name: "a reference to an imported function",
    modules: {
      a: BY_REFERENCE,
      b: `(module ${TYPES} ${IMPORTED} (elem declare func $a $b)
        ${step("b", "return_call_ref $step $ARGS (ref.func $a)", "(ref.func $b)")} ${RUN})`,
    },
  },
  {
    name: "a table of the module's own with an imported function",
    modules: {
      a: BY_REFERENCE,
      b: `(module ${TYPES} ${IMPORTED} ${REFERABLE} (table 1 1 funcref) (elem (i32.const 0) func $a)
        ${step("b", "return_call_indirect (type $step) $ARGS (i32.const 0)", "(ref.func $b)")} ${RUN})`,
    },
  },
  {
    name: "a table that one exports and the other fills",
    modules: {
      a: `(module ${TYPES} (table (export "t") 1 funcref)
        ${step("a", "return_call_indirect (type $step) $ARGS (i32.const 0)")})`,
      b: `(module ${TYPES} ${IMPORTED} (import "a" "t" (table $t 1 funcref)) (elem (i32.const 0) func $b)
        ${step("b", "return_call $a $ARGS")} ${RUN})`,
    },
  },
  {
    name: "a table of JavaScript's, for both ways",
    modules: {
      a: `(module ${TYPES} (import "js" "t" (table $t 2 funcref)) (elem (i32.const 0) func $a)
        ${step("a", "return_call_indirect (type $step) $ARGS (i32.const 1)")})`,
      b: `(module ${TYPES} (import "js" "t" (table $t 2 funcref)) (elem (i32.const 1) func $b)
        ${step("b", "return_call_indirect (type $step) $ARGS (i32.const 0)")} ${RUN})`,
    },
  },
  {
    name: "a table that JavaScript fills with functions that no module refers to",
    modules: {
      a: `(module ${TYPES} (import "js" "t" (table $t 2 funcref))
        ${step("a", "return_call_indirect (type $step) $ARGS (i32.const 1)")})`,
      b: `(module ${TYPES} (import "js" "t" (table $t 2 funcref))
        ${step("b", "return_call_indirect (type $step) $ARGS (i32.const 0)")} ${RUN})`,
    },
    fill: (table, { a, b }) => {
      table.set(0, a!["a"]);
      table.set(1, b!["b"]);
    },
  },
  {
    name: "a global with a reference",
    modules: {
      a: `(module ${TYPES} (global $g (export "g") (mut (ref null $step)) (ref.null $step))
        ${step("a", "return_call_ref $step $ARGS (global.get $g)")})`,
      b: `(module ${TYPES} ${IMPORTED} (import "a" "g" (global $g (mut (ref null $step)))) ${REFERABLE}
        (func $begin (global.set $g (ref.func $b))) (start $begin)
        ${step("b", "return_call $a $ARGS")} ${RUN})`,
    },
  },
  {
    name: "a function that is exported once more, and one that JavaScript got as a reference",
    modules: {
      a: BY_REFERENCE,
      c: `(module ${TYPES} ${IMPORTED} (export "a" (func $a)) (elem declare func $a)
        (func (export "get") (result funcref) (ref.func $a)))`,
      b: `(module ${TYPES} (import "c" "a" (func $a (type $step))) ${REFERABLE}
        ${step("b", "return_call $a $ARGS", "(ref.func $b)")} ${RUN})`,
    },
  },
  {
    name: "a function that JavaScript got as a reference",
    modules: {
      a: BY_REFERENCE,
      c: `(module ${TYPES} ${IMPORTED} (elem declare func $a)
        (global (export "a") funcref (ref.func $a)))`,
      b: `(module ${TYPES} (import "js" "a" (func $a (type $step))) ${REFERABLE}
        ${step("b", "return_call $a $ARGS", "(ref.func $b)")} ${RUN})`,
    },
    give: ({ c }) => ({ a: (c!["a"] as { readonly value: unknown }).value }),
  },
  {
    name: "a module without references, which imports a function",
    modules: {
      a: `(module ${ON_NUMBERS})`,
      b: `(module (import "a" "a" (func $a (param i32 i32) (result i32)))
        (func (export "b") (param $n i32) (param $s i32) (result i32)
          (if (i32.eqz (local.get $n)) (then (return (local.get $s))))
          (return_call $a (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $s) (i32.const 1)))))`,
    },
    runs: "a",
    fill: (table, { b }) => table.set(1, b!["b"]),
  },
  {
    name: "a module without references, which has an imported function in a table of its own",
    modules: {
      a: `(module ${ON_NUMBERS})`,
      b: `(module (type $step (func (param i32 i32) (result i32))) (import "a" "a" (func $a (type $step)))
        (table 2 2 funcref) (elem (i32.const 1) func $a)
        (func (export "b") (param $n i32) (param $s i32) (result i32)
          (if (i32.eqz (local.get $n)) (then (return (local.get $s))))
          (return_call_indirect (type $step)
            (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $s) (i32.const 1)) (i32.const 1))))`,
    },
    runs: "a",
    fill: (table, { b }) => table.set(1, b!["b"]),
  },
];

async function running(loop: Loop, gcStress: boolean, target?: string): Promise<Callable> {
  const collector = gcStress ? stressed("copying") : "copying";
  const store = new Store({ collector, stackBytes: 4096, maxHeapBytes: 1 << 20 });
  const table = store.createTable(FUNCREF, 2);
  const exports: Record<string, Exports> = { js: { t: table } };
  for (const [name, wat] of Object.entries(loop.modules)) {
    if (name === "b") exports["js"] = { t: table, ...loop.give?.(exports) };
    const module = compile(await textToBinary(wat), {
      collector,
      gcStress,
      prove: true,
      ...(target === undefined ? {} : { target }),
    });
    exports[name] = store.instantiate(module, exports).exports as Exports;
  }
  loop.fill?.(table, exports);
  return exports[loop.runs ?? "b"]!["run"] as Callable;
}

for (const loop of LOOPS) {
  test(`a loop by way of ${loop.name}`, async () => {
    const run = await running(loop, false);
    for (const steps of [0, 1, 2, 1_000_000]) assert.equal(run(steps), 1_000_000_000 + steps);
  });

  test(`the same with a collection at each safepoint: ${loop.name}`, async () => {
    const run = await running(loop, true);
    for (const steps of [0, 1, 2, 400]) assert.equal(run(steps), 1_000_000_000 + steps);
  });
}

test("where the target has no tail calls, each of these is refused by name", async () => {
  const message = /return_call_indirect in a module whose table others see needs tail-call/;
  for (const loop of LOOPS)
    await assert.rejects(running(loop, false, "node20,-tail-call"), message, loop.name);
});

test("on Node 20", async (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  const embed = join(projectRoot, "dist", "bundled", "node", "embed.js");
  const loops = LOOPS.filter(({ give, fill }) => give === undefined && fill === undefined);
  const modules = await Promise.all(
    loops.map(async (loop) =>
      Promise.all(
        Object.entries(loop.modules).map(async ([name, wat]) => [name, [...(await textToBinary(wat))]]),
      ),
    ),
  );
  const program = `
    import { Store } from ${JSON.stringify(pathToFileURL(embed).href)};
    for (const modules of ${JSON.stringify(modules)}) {
      const store = new Store({ stackBytes: 4096, maxHeapBytes: 1 << 20 });
      const exports = { js: { t: store.createTable(${FUNCREF}, 2) } };
      for (const [name, bytes] of modules)
        exports[name] = store.instantiate(new Uint8Array(bytes), exports).exports;
      console.log(exports.b.run(1_000_000));
    }`;
  const args = ["--no-warnings", "--input-type=module", "-e", program];
  const output = execFileSync(node, args, { encoding: "utf8" });
  assert.equal(output, "1001000000\n".repeat(loops.length));
});
