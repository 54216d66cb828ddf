/** What each pass over modules does, text to text, and what all of them have in common. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ModuleDraft } from "../../../src/lab/reduce/wasm/module-draft.ts";
import { MODULE_PASSES } from "../../../src/lab/reduce/wasm/module-passes.ts";
import { type ModuleSubject, openModule } from "../../../src/lab/reduce/wasm/module-subject.ts";
import { binaryToText, textToBinary } from "../../../src/wast/index.ts";
import { projectRoot } from "../../support/project.ts";
import { largeModule } from "./large-script.ts";

interface PassCase {
  readonly pass: string;
  /** Of the pass's places; all where absent. */
  readonly places?: readonly [from: number, to: number];
  readonly before: string;
  readonly after: string;
}

const CASES: readonly PassCase[] = [
  {
    pass: "custom sections",
    before: `(module (@custom "x" "abc") (func))`,
    after: `(module (type (func)) (func (type 0))) `,
  },
  {
    pass: "exports",
    places: [1, 2],
    before: `(module (func (export "f")) (func (export "g")))`,
    after: `(module (type (func)) (export "f" (func 0)) (func (type 0)) (func (type 0))) `,
  },
  {
    pass: "functions",
    places: [0, 1],
    before: `(module (func $f (param i32) (result i32) local.get 0) (func (export "g") (result i32) i32.const 5 call $f) (table 1 funcref) (elem (i32.const 0) $f) (export "f" (func $f)) (func $s) (start $s))`,
    after: `(module (type (func (param i32) (result i32))) (type (func (result i32))) (type (func)) (table 1 funcref) (export "g" (func 0)) (start 1) (elem (i32.const 0) func) (func (type 1) (result i32) i32.const 5) (func (type 2))) `,
  },
  {
    pass: "start",
    before: `(module (func $f) (start $f))`,
    after: `(module (type (func)) (func (type 0))) `,
  },
  {
    pass: "element segments",
    before: `(module (table 2 funcref) (elem $e func $f) (func $f (elem.drop $e) (table.init $e (i32.const 0) (i32.const 0) (i32.const 0))))`,
    after: `(module (type (func)) (table 2 funcref) (func (type 0) i32.const 0 i32.const 0 i32.const 0 drop drop drop)) `,
  },
  {
    pass: "data segments",
    before: `(module (memory 1) (data $d "abc") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))`,
    after: `(module (type (func)) (memory 1) (func (type 0) i32.const 0 i32.const 0 i32.const 1 drop drop drop)) `,
  },
  {
    pass: "globals",
    places: [0, 1],
    before: `(module (global $g i32 (i32.const 3)) (global $h i32 (global.get $g)) (func (result i32) (global.get $g)))`,
    after: `(module (type (func (result i32))) (global i32 i32.const 0) (func (type 0) (result i32) i32.const 0)) `,
  },
  {
    pass: "tables",
    places: [0, 1],
    before: `(module (table $t 1 funcref) (table 2 funcref) (elem (table $t) (i32.const 0) func $f) (func $f (result i32) (table.size 1) (drop (table.get $t (i32.const 0)))))`,
    after: `(module (type (func (result i32))) (table 2 funcref) (func (type 0) (result i32) table.size 0 i32.const 0 drop ref.null func drop)) `,
  },
  {
    pass: "memories",
    before: `(module (memory 1) (data (i32.const 0) "abc") (func (result i32) (i32.load (i32.const 4))))`,
    after: `(module (type (func (result i32))) (func (type 0) (result i32) i32.const 4)) `,
  },
  {
    pass: "tags",
    before: `(module (tag $t (param i32)) (func (result i32) (throw $t (i32.const 1))))`,
    after: `(module (type (func (param i32))) (type (func (result i32))) (func (type 1) (result i32) i32.const 1 unreachable)) `,
  },
  {
    pass: "imports",
    places: [0, 1],
    before: `(module (import "m" "f" (func $f (param i32))) (import "m" "g" (func $g)) (import "m" "x" (global $x i32)) (import "m" "mem" (memory 1)) (func (call $f (global.get $x)) (call $g)))`,
    after: `(module (type (func (param i32))) (type (func)) (import "m" "g" (func (type 1))) (import "m" "x" (global i32)) (import "m" "mem" (memory 1)) (func (type 0) (param i32) unreachable) (func (type 1) global.get 0 call 1 call 0)) `,
  },
  {
    pass: "imports",
    before: `(module (import "m" "f" (func $f (param i32))) (import "m" "g" (func $g)) (import "m" "x" (global $x i32)) (import "m" "mem" (memory 1)) (func (call $f (global.get $x)) (call $g)))`,
    after: `(module (type (func (param i32))) (type (func)) (memory 1) (global i32 i32.const 0) (func (type 0) (param i32) unreachable) (func (type 1) unreachable) (func (type 1) global.get 0 call 0 call 1)) `,
  },
  {
    pass: "items of segments",
    places: [0, 1],
    before: `(module (table 2 funcref) (func $f) (func $g) (elem (i32.const 0) $f $g))`,
    after: `(module (type (func)) (table 2 funcref) (elem (i32.const 0) func 1) (func (type 0)) (func (type 0))) `,
  },
  {
    pass: "data",
    before: `(module (memory 1) (data (i32.const 0) "abcd"))`,
    after: `(module (memory 1) (data (i32.const 0) "")) `,
  },
  {
    pass: "halves of data",
    before: `(module (memory 1) (data (i32.const 0) "abcd"))`,
    after: `(module (memory 1) (data (i32.const 0) "ab")) `,
  },
  {
    pass: "function bodies",
    before: `(module (func (result i32) (local i32) (i32.const 1)))`,
    after: `(module (type (func (result i32))) (func (type 0) (result i32) unreachable)) `,
  },
  {
    pass: "instructions",
    places: [4, 7],
    before: `(module (func $f (param i32 i64) (result i32) (drop (i32.add (local.get 0) (i32.const 1))) (call $f (i32.const 1) (i64.const 2))))`,
    after: `(module (type (func (param i32 i64) (result i32))) (func (type 0) (param i32 i64) (result i32) local.get 0 i32.const 1 i32.add drop i32.const 0)) `,
  },
  {
    pass: "instructions",
    places: [6, 7],
    before: `(module (func $f (param i32 i64) (result i32) (drop (i32.add (local.get 0) (i32.const 1))) (call $f (i32.const 1) (i64.const 2))))`,
    after: `(module (type (func (param i32 i64) (result i32))) (func (type 0) (param i32 i64) (result i32) local.get 0 i32.const 1 i32.add drop i32.const 1 i64.const 2 drop)) `,
  },
  {
    pass: "instructions",
    places: [1, 2],
    before: `(module (func (param i32) (result i32) (i32.eqz (local.get 0))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) local.get 0)) `,
  },
  {
    pass: "instructions",
    places: [4, 5],
    before: `(module (func (param i32) (result i32) (block $b (br_if $b (local.get 0)) (return (i32.const 1))) (i32.const 2)))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) block local.get 0 br_if 0 i32.const 1 unreachable end i32.const 2)) `,
  },
  {
    pass: "ends of blocks",
    places: [2, 3],
    before: `(module (func (param i32) (result i32) (block (drop (i32.const 9)) (drop (local.get 0))) (i32.const 2)))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) block i32.const 9 unreachable end i32.const 2)) `,
  },
  {
    pass: "expressions",
    places: [2, 3],
    before: `(module (func (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 2)) (block (result i32) (i32.const 3)))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) i32.const 0 block (result i32) i32.const 3 end i32.add)) `,
  },
  {
    pass: "expressions",
    before: `(module (func (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 2)) (block (result i32) (i32.const 3)))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) i32.const 0)) `,
  },
  {
    pass: "instructions without trace",
    places: [1, 2],
    before: `(module (func (param i32) (result i32) (i32.eqz (local.get 0))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) local.get 0)) `,
  },
  {
    pass: "tables of labels",
    before: `(module (func (param i32) (block $a (block $b (br_table $a $b $a (local.get 0))))))`,
    after: `(module (type (func (param i32))) (func (type 0) (param i32) block block local.get 0 br_table 1 end end)) `,
  },
  {
    pass: "constants",
    before: `(module (func (result i64) (drop (i32.const -70)) (i64.const 5000000000)))`,
    after: `(module (type (func (result i64))) (func (type 0) (result i64) i32.const 0 drop i64.const 0)) `,
  },
  {
    pass: "halves of constants",
    before: `(module (func (result i64) (drop (i32.const -70)) (i64.const 5000000000)))`,
    after: `(module (type (func (result i64))) (func (type 0) (result i64) i32.const -35 drop i64.const 2500000000)) `,
  },
  {
    pass: "blocks",
    before: `(module (func (param i32) (block $out (loop (block $mid (br_if $out (local.get 0)) (br_if $mid (local.get 0)))))))`,
    after: `(module (type (func (param i32))) (func (type 0) (param i32) block block local.get 0 br_if 1 local.get 0 br_if 0 end end)) `,
  },
  {
    pass: "first arms",
    before: `(module (func (param i32) (result i32) (block $b (result i32) (if (result i32) (local.get 0) (then (if (local.get 0) (then (nop)) (else (br $b (i32.const 4)))) (i32.const 1)) (else (br $b (i32.const 2)))))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) block (result i32) local.get 0 drop local.get 0 drop nop i32.const 1 end)) `,
  },
  {
    pass: "second arms",
    before: `(module (func (param i32) (result i32) (block $b (result i32) (if (result i32) (local.get 0) (then (if (local.get 0) (then (nop)) (else (br $b (i32.const 4)))) (i32.const 1)) (else (br $b (i32.const 2)))))))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) block (result i32) local.get 0 drop i32.const 2 br 0 end)) `,
  },
  {
    pass: "locals",
    places: [0, 1],
    before: `(module (func (param i32) (result i32) (local i64 i32) (local.set 1 (i64.const 1)) (local.set 2 (local.get 0)) (drop (local.get 1)) (local.get 2)))`,
    after: `(module (type (func (param i32) (result i32))) (func (type 0) (param i32) (result i32) (local i32) i64.const 1 drop local.get 0 local.set 1 i64.const 0 drop local.get 1)) `,
  },
  {
    pass: "parameters",
    places: [1, 2],
    before: `(module (func $f (param i32 i64 i32) (result i64) (drop (local.get 2)) (local.get 1)) (func (result i64) (call $f (i32.const 1) (i64.const 2) (i32.const 3))))`,
    after: `(module (type (func (param i32 i64 i32) (result i64))) (type (func (result i64))) (type (func (param i32 i32) (result i64))) (func (type 2) (param i32 i32) (result i64) (local i64) local.get 1 drop local.get 2) (func (type 1) (result i64) i32.const 1 i32.const 3 call 0)) `,
  },
  {
    pass: "results",
    places: [0, 1],
    before: `(module (func $f (result i32 i64) (if (i32.const 0) (then (return (i32.const 3) (i64.const 4)))) (i32.const 1) (i64.const 2)) (func (result i32 i64) (call $f)))`,
    after: `(module (type (func (result i32 i64))) (type (func (result i32))) (func (type 1) (result i32) i32.const 0 if i32.const 3 i64.const 4 drop return end i32.const 1 i64.const 2 drop) (func (type 0) (result i32 i64) call 0 i64.const 0)) `,
  },
  {
    pass: "types",
    before: `(module (type $a (struct)) (type $b (struct (field (ref $a)))) (type $c (func)) (func (type $c)))`,
    after: `(module (type (func)) (func (type 0))) `,
  },
  {
    pass: "supertypes",
    before: `(module (type $a (sub (struct))) (type $b (sub $a (struct (field i32)))))`,
    after: `(module (type (sub (struct))) (type (sub (struct (field i32))))) `,
  },
  {
    pass: "rec groups",
    before: `(module (rec (type $a (struct)) (type $b (array i8))))`,
    after: `(module (type (struct)) (type (array i8))) `,
  },
  {
    pass: "types that are not final",
    before: `(module (type $a (sub (struct))))`,
    after: `(module (type (struct))) `,
  },
  {
    pass: "fields",
    places: [2, 3],
    before: `(module (type $a (sub (struct (field i32) (field (mut i64)) (field f32)))) (type $b (sub $a (struct (field i32) (field (mut i64)) (field f32) (field i32)))) (func (param (ref $b)) (result f32) (struct.set $b 1 (local.get 0) (i64.const 9)) (drop (struct.get $a 1 (local.get 0))) (drop (struct.new $a (i32.const 1) (i64.const 2) (f32.const 3))) (struct.get $b 2 (local.get 0))))`,
    after: `(module (type (sub (struct (field i32) (field f32)))) (type (sub 0 (struct (field i32) (field f32) (field i32)))) (type (func (param (ref 1)) (result f32))) (func (type 2) (param (ref 1)) (result f32) local.get 0 i64.const 9 drop drop local.get 0 drop i64.const 0 drop i32.const 1 f32.const 0x1.8p+1 struct.new 0 drop local.get 0 struct.get 1 1)) `,
  },
];

async function opened(text: string): Promise<ModuleSubject> {
  return openModule(await textToBinary(text));
}

function withoutNames(subject: ModuleSubject): ModuleSubject {
  const draft = new ModuleDraft(subject.module);
  draft.customs = [];
  return draft.close()!;
}

/** On one line, without the comments that number things. */
async function printed({ bytes }: ModuleSubject): Promise<string> {
  const text = (await binaryToText(bytes)).replace(/ \(;[^;]*;\)|\(;@\d+;\)| ;; label = @\d+/g, "");
  return text.replace(/\s+/g, " ").replace(/ \)/g, ")");
}

for (const [i, { pass: name, places, before, after }] of CASES.entries()) {
  test(`pass ${name}, case ${i}`, async () => {
    const pass = MODULE_PASSES.find((one) => one.name === name)!;
    const whole = await opened(before);
    const subject = name === "custom sections" ? whole : withoutNames(whole);
    const [from, to] = places ?? [0, pass.count(subject)];
    const edited = pass.apply(subject, from, to);
    assert.ok(edited !== null);
    assert.equal(await printed(edited), after);
    assert.ok(edited.weight < subject.weight, `${edited.weight} from ${subject.weight}`);
  });
}

test("every pass has a case, and passes have different names", () => {
  const names = MODULE_PASSES.map(({ name }) => name);
  assert.deepEqual([...new Set(CASES.map((one) => one.pass))].sort(), [...names].sort());
  assert.equal(new Set(names).size, names.length);
});

test("a pass gives a module that another engine accepts, or none; it never throws", async () => {
  const files = globSync("bench/programs/*.wat", { cwd: projectRoot }).sort();
  const texts = files.map((file) => readFileSync(join(projectRoot, file), "utf8"));
  const host = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } })
    .WebAssembly;
  let edited = 0;
  for (const text of [...texts, largeModule(5, 3, "")]) {
    const subject = await opened(text);
    for (const pass of MODULE_PASSES) {
      const count = pass.count(subject);
      const step = Math.max(1, Math.floor(count / 6));
      for (let from = 0; from < count; from += step) {
        const smaller = pass.apply(subject, from, Math.min(count, from + (from % 2 === 0 ? 1 : step)));
        if (smaller === null) continue;
        edited++;
        assert.ok(host.validate(smaller.bytes), pass.name);
      }
    }
  }
  assert.ok(edited > 500, `${edited} edits`);
});
