/**
 * What a module that stands alone cannot have at its borders, by target: it is refused by name, at a place in the section that has it.
 * `standalone.test.ts` has what it can.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile } from "../../src/driver/compile.ts";
import { sectionSizes } from "../../src/wasm/section-sizes.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** A heap, for a module that would have none. */
const HEAP = "(type $s (struct (field i32))) (func $h (drop (struct.new $s (i32.const 1))))";

interface Refused {
  readonly name: string;
  /** With blanks between them. */
  readonly targets: string;
  readonly wat: string;
  readonly message: RegExp;
  /** The section with the offset that is named; none where the whole module is at fault. */
  readonly section: string;
}

const ALL = "mvp wasm2 node20 wasm3.0-nogc";
const ONE_MEMORY = "mvp wasm2 wasm3 node20";

function refused(name: string, targets: string, wat: string, message: RegExp, section: string): Refused {
  return { name, targets, wat, message, section };
}

const REFUSED: readonly Refused[] = [
  refused(
    "an imported function with a reference as parameter",
    ALL,
    `(module (import "m" "f" (func (param anyref))))`,
    /^the imported function "m" "f" with references, \(func \(param anyref\)\), in a module that stands alone,/,
    "import",
  ),
  refused(
    "an imported function with a reference as result",
    ALL,
    `(module (import "m" "f" (func (result externref))))`,
    /^the imported function "m" "f" with references/,
    "import",
  ),
  refused(
    "an exported function with a reference as parameter",
    ALL,
    `(module (func (export "f") (param exnref)))`,
    /^the exported function "f" with references/,
    "export",
  ),
  refused(
    "an exported function with a reference as result",
    ALL,
    `(module (func (export "f") (result funcref) (ref.null func)))`,
    /^the exported function "f" with references/,
    "export",
  ),
  refused(
    "an imported global with a reference",
    ALL,
    `(module (import "m" "g" (global externref)))`,
    /^the imported global "m" "g" of type externref/,
    "import",
  ),
  refused(
    "an exported global with a reference",
    ALL,
    `(module (global (export "g") anyref (ref.null any)))`,
    /^the exported global "g" of type anyref/,
    "export",
  ),
  refused("an imported tag", ALL, `(module (import "m" "t" (tag)))`, /^the imported tag "m" "t"/, "import"),
  refused("an exported tag", ALL, `(module (tag (export "t")))`, /^the exported tag "t"/, "export"),
  refused(
    "an imported table of host references without reference types",
    "mvp wasm3",
    `(module (import "m" "t" (table 1 externref)))`,
    /^an imported table of externref needs reference-types/,
    "import",
  ),
  refused(
    "an imported table of host references",
    "wasm2 node20 wasm3.0-nogc",
    `(module (import "m" "t" (table 1 externref)))`,
    /^a table that others see/,
    "import",
  ),
  refused(
    "an imported table of the module's references",
    ALL,
    `(module (import "m" "t" (table 1 anyref)))`,
    /^an imported table of anyref needs function-references/,
    "import",
  ),
  refused(
    "an exported table of references",
    ALL,
    `(module (table (export "t") 1 externref))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "an exported table that is read",
    ALL,
    `(module (table (export "t") 1 funcref) (func (param i32) (drop (table.get (local.get 0)))))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "an exported table that grows",
    ALL,
    `(module (table (export "t") 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "an exported table beside a heap, without reference types",
    "mvp wasm3",
    `(module ${HEAP} (table (export "t") 1 funcref) (elem (i32.const 0) $h))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "an exported table beside another, without reference types",
    "mvp wasm3",
    `(module (table (export "t") 1 funcref) (table 1 funcref))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "an exported table that is filled in, without bulk memory",
    "mvp wasm3",
    `(module (table (export "t") 1 funcref) (elem $e func $f)
       (func $f (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))))`,
    /^a table that others see/,
    "table",
  ),
  refused(
    "the size of a table that others may let grow, without reference types",
    "mvp wasm3",
    `(module (table (export "t") 1 funcref) (func (export "n") (result i32) (table.size)))`,
    /^table\.size of a table that others see needs reference-types/,
    "code",
  ),
  refused(
    "an indirect tail call where others fill tables, without tail calls",
    "mvp wasm2 wasm3",
    `(module (import "m" "t" (table 1 funcref)) (func $f (return_call_indirect (i32.const 0))))`,
    /^return_call_indirect in a module whose table others see needs tail-call/,
    "code",
  ),
  refused(
    "an exported table where exceptions are checks: its functions have no wrapper that traps",
    "wasm2",
    `(module (tag $e) (table (export "t") 1 funcref) (elem (i32.const 0) $f) (func $f (throw $e)))`,
    /^an exception that others may see needs exceptions/,
    "tag",
  ),
  refused(
    "an imported memory beside a heap, where there is one memory",
    ONE_MEMORY,
    `(module (import "m" "m" (memory 1)) ${HEAP})`,
    /^an imported memory beside a heap needs multi-memory/,
    "import",
  ),
  refused(
    "a second memory, where there is one",
    ONE_MEMORY,
    "(module (memory 1) (memory 1))",
    /^a second memory needs multi-memory/,
    "memory",
  ),
  refused(
    "a memory beside a heap that is larger than what can be reserved",
    ONE_MEMORY,
    `(module (memory 32768) ${HEAP})`,
    /^a memory of 2147483648 bytes, of which 2147483648 are reserved below the heap/,
    "memory",
  ),
  refused(
    "a shared memory beside a heap, where there is one memory",
    "node20",
    `(module (memory 1 1 shared) ${HEAP})`,
    /^a shared memory beside a heap needs multi-memory/,
    "memory",
  ),
  refused(
    "an imported mutable global",
    "mvp",
    `(module (import "m" "g" (global (mut i32))))`,
    /^an imported mutable global needs mutable-global/,
    "import",
  ),
  refused(
    "an exported mutable global",
    "mvp",
    `(module (global (export "g") (mut i32) (i32.const 0)))`,
    /^an exported mutable global needs mutable-global/,
    "export",
  ),
  refused(
    "an exported global that code has to set, and that would be mutable to others",
    ALL,
    `(module (import "m" "g" (global i32)) (global (export "h") i32 (i32.add (global.get 0) (i32.const 1))))`,
    /^the exported global "h", computed from an imported one, in a module that stands alone,/,
    "export",
  ),
  refused(
    "an exported function with several results",
    "mvp",
    `(module (func (export "f") (result i32 i32) (i32.const 1) (i32.const 2)))`,
    /^an exported function with several results needs multi-value/,
    "export",
  ),
  refused(
    "an imported function with several results",
    "mvp",
    `(module (import "m" "f" (func (result i32 i32))))`,
    /^an imported function with several results needs multi-value/,
    "import",
  ),
  refused(
    "a function with several results that others may find in a table",
    "mvp",
    `(module (table (export "t") 1 funcref) (elem (i32.const 0) $f)
       (func $f (result i32 i32) (i32.const 1) (i32.const 2)))`,
    /^a function with several results that others may call needs multi-value/,
    "code",
  ),
  refused(
    "an active data segment whose place is computed from an imported global",
    ALL,
    `(module (import "m" "g" (global i32)) (memory 1) (data (i32.add (global.get 0) (i32.const 1)) "a"))`,
    /^an offset computed from an imported global/,
    "data",
  ),
  refused(
    "an active element segment whose place is computed from an imported global",
    ALL,
    `(module (import "m" "g" (global i32)) (table 1 funcref) (func $f)
       (elem (i32.add (global.get 0) (i32.const 1)) $f))`,
    /^an offset computed from an imported global/,
    "element",
  ),
];

/** The section that an offset is in. */
function sectionAt(bytes: Uint8Array, offset: number): string {
  let end = 8;
  for (const { name, bytes: size } of sectionSizes(bytes)) {
    end += size;
    if (offset < end) return name;
  }
  return "none";
}

for (const { name, targets, wat, message, section } of REFUSED) {
  for (const target of targets.split(" ")) {
    test(`${target} refuses ${name}`, async () => {
      const bytes = await textToBinary(wat);
      assert.throws(
        () => compile(bytes, { target }),
        (error: unknown) => {
          if (!(error instanceof InputError)) throw error;
          const { message: said, place } = error.diagnostic;
          assert.match(said, message);
          assert.ok(place?.kind === "binary", "it has an offset");
          assert.equal(sectionAt(bytes, place.offset), section);
          return true;
        },
      );
    });
  }
}
