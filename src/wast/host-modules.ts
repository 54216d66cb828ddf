/**
 * The host modules that scripts may import: `spectest`, and Wasmtime's `wasmtime`.
 *
 * `spectest` is made of modules like any other, so every engine gets it in the same way; its printing
 * functions print nothing. What needs a proposal is a module of its own, and is left out where the engine
 * does not have that proposal. Contents: `interpreter/host/spectest.ml` of the WebAssembly specification, and
 * `table64` and `shared_memory` as in Wasmtime's runner.
 */
import { InputError } from "../base/diagnostics.ts";
import type { Features } from "../wasm/index.ts";
import type { Engine } from "./engine.ts";
import { textToBinary } from "./wat.ts";

const SPECTEST: readonly string[] = [
  `(module
    (func (export "print"))
    (func (export "print_i32") (param i32))
    (func (export "print_i64") (param i64))
    (func (export "print_f32") (param f32))
    (func (export "print_f64") (param f64))
    (func (export "print_i32_f32") (param i32 f32))
    (func (export "print_f64_f64") (param f64 f64))
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6))
    (global (export "global_f64") f64 (f64.const 666.6))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2))`,
  `(module (table (export "table64") i64 10 20 funcref))`,
  `(module (memory (export "shared_memory") 1 2 shared))`,
];

/** The exports of each host module, by its name. */
export async function hostModules<M, I, X>(
  engine: Engine<M, I, X>,
  features: Features,
): Promise<Map<string, ReadonlyMap<string, X>>> {
  const spectest = new Map<string, X>();
  for (const text of SPECTEST) {
    const bytes = await textToBinary(text);
    try {
      const outcome = engine.instantiate(engine.compile(bytes, features), []);
      if (outcome.kind !== "instance") continue;
      for (const [name, thing] of engine.exports(outcome.instance)) spectest.set(name, thing);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  const modules = new Map<string, ReadonlyMap<string, X>>([["spectest", spectest]]);
  const collect = engine.collectGarbage();
  if (collect !== null) modules.set("wasmtime", new Map([["gc", collect]]));
  return modules;
}
