/** A module of many functions that name symbols of all kinds, and how compiled code is compared: as a store links it. */

import type { CompiledCode } from "../../src/link/compiled-code.ts";
import { linkForStore } from "../../src/link/link-store.ts";
import type { LinkedModule } from "../../src/link/output-module.ts";
import { TypeStore } from "../../src/wasm/subtyping.ts";
import { textToBinary } from "../../src/wast/index.ts";

const COUNT = 40;

/** The bytes of the module. `run` gives a number that depends on every function. */
export async function manyFunctions(): Promise<Uint8Array> {
  const functions = Array.from({ length: COUNT }, (_, i) => {
    const previous = i === 0 ? "local.get 0" : `(call $f${i - 1} (local.get 0))`;
    return `(func $f${i} (param (ref null $node)) (result (ref null $node)) (local $kept (ref null $node))
      (local.set $kept ${previous})
      (drop (call_ref $unary (local.get 0) (global.get $g)))
      (if (ref.test (ref $pair) (local.get $kept)) (then
        (drop (array.new $words (i32.const ${i}) (i32.const 3)))
        ${i % 7 === 0 ? "(throw $tag (i32.const 1))" : ""}))
      (struct.new $node (i32.const ${i}) (local.get $kept)))`;
  });
  return await textToBinary(`(module
    (type $node (sub (struct (field i32) (field (mut (ref null $node))))))
    (type $pair (sub $node (struct (field i32) (field (mut (ref null $node))) (field i64))))
    (type $words (array (mut i32)))
    (type $unary (func (param (ref null $node)) (result (ref null $node))))
    (tag $tag (param i32))
    (table $t 4 4 (ref null $unary))
    (elem (table $t) (i32.const 0) (ref null $unary) (ref.func $f0) (ref.func $f3))
    (global $g (ref $unary) (ref.func $leaf))
    (table $anys 3 anyref)
    (global $first (ref $node) (struct.new $node (i32.const 5) (ref.null $node)))
    (func $leaf (type $unary) (local.get 0))
    ${functions.join("\n")}
    (func (export "run") (param i32) (result i32) (local $n (ref null $node)) (local $sum i32)
      (local.set $n (call $f${COUNT - 1} (global.get $first)))
      (loop $again
        (if (ref.is_null (local.get $n)) (then (return (local.get $sum))))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (struct.get $node 0 (local.get $n))))
        (local.set $n (struct.get $node 1 (local.get $n)))
        (br $again))
      (unreachable)))`);
}

/** The module that a store makes of the code. */
export function linked(code: CompiledCode): Uint8Array {
  return linkedModule(code).bytes;
}

/** With where its code comes from. */
export function linkedModule(code: CompiledCode): LinkedModule {
  return linkForStore(code, {
    base: 1 << 20,
    stackTop: 1 << 20,
    firstFunction: 1,
    canonicalIds: new TypeStore().canonicalize(code.plan.module.types),
    descriptors: new Map(),
    importedCell: () => 8,
    functionTypes: 8,
    importedFunction: () => 0,
    importedTag: () => 16,
    importedEnd: () => "global",
    importedBits: () => null,
  });
}
