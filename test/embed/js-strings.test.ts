/**
 * The builtins for strings do in a store what the engine's do natively, with any operand: by the engine's own where it lets the store
 * look at values without JavaScript, and by JavaScript.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { compile, type Module, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { withoutTag } from "../support/without-tag.ts";

type Functions = Record<string, (...args: unknown[]) => unknown>;

interface Host {
  readonly Module: new (bytes: Uint8Array, options: object) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Functions };
  readonly RuntimeError: new () => Error;
}

const host = (globalThis as unknown as { WebAssembly: Host }).WebAssembly;

const OPTIONS = { builtins: ["js-string"] } as const;

/** By name: parameters and result. `s` may be null, `S` may not; `i` is a number, `a` an array. */
const BUILTINS: Readonly<Record<string, readonly [params: string, result: string]>> = {
  cast: ["s", "S"],
  test: ["s", "i"],
  fromCharCodeArray: ["aii", "S"],
  intoCharCodeArray: ["sai", "i"],
  fromCharCode: ["i", "S"],
  fromCodePoint: ["i", "S"],
  charCodeAt: ["si", "i"],
  codePointAt: ["si", "i"],
  length: ["s", "i"],
  concat: ["ss", "S"],
  substring: ["sii", "S"],
  equals: ["ss", "i"],
  compare: ["ss", "i"],
};

const TYPES: Readonly<Record<string, string>> = {
  s: "externref",
  S: "(ref extern)",
  i: "i32",
  a: "(ref null $codes)",
};

const names = Object.keys(BUILTINS);
const typed = (name: string): string => {
  const [params, result] = BUILTINS[name]!;
  return `${[...params].map((letter) => `(param ${TYPES[letter]})`).join(" ")} (result ${TYPES[result]})`;
};
const PROGRAM = `(module
  (type $codes (array (mut i16)))
  ${names.map((name) => `(import "wasm:js-string" "${name}" (func $${name} ${typed(name)}))`).join("\n")}
  (func (export "codes") (param i32 i32) (result (ref $codes)) (local $codes (ref $codes))
    (local.set $codes (array.new $codes (local.get 0) (i32.const 4)))
    (array.set $codes (local.get $codes) (i32.const 2) (local.get 1))
    (local.get $codes))
  (func (export "filled") (param i32) (result (ref $codes)) (array.new $codes (i32.const 0) (local.get 0)))
  (func (export "code") (param (ref $codes) i32) (result i32) (array.get_u $codes (local.get 0) (local.get 1)))
  (func (export "held") (param externref i32) (result externref) (local i32)
    (loop $again
      (drop (call $concat (local.get 0) (local.get 0)))
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get 2) (local.get 1))))
    (local.get 0))
  ${names
    .map((name) => {
      const gets = [...BUILTINS[name]![0]].map((_, i) => `(local.get ${i})`).join(" ");
      return `(func (export "${name}") ${typed(name)} (call $${name} ${gets}))`;
    })
    .join("\n")})`;

let bytes: Uint8Array;
let program: Module;
let native: Functions;

before(async () => {
  bytes = await textToBinary(PROGRAM);
  program = compile(bytes, OPTIONS);
  native = new host.Instance(new host.Module(bytes, OPTIONS), {}).exports;
});

const TEXTS = ["", "a", "abc", "ab\u{1f600}c", "\ud800", "z".repeat(300), "ä".repeat(20)];
const VALUES = [null, undefined, 5, 2 ** 40, 0.5, Symbol("s"), {}, true, 3n];
const NUMBERS = [0, 1, 2, 3, 4, 300, -1, 0xd83d, 0x1f600, 0x110000];

/** What a call gives: the value, that it traps, or the text of an array besides. */
function outcome(functions: Functions, name: string, args: readonly unknown[]): unknown {
  const codes = functions["codes"]!(0x61, 0xd83d);
  try {
    const result = functions[name]!(...args.map((arg) => (arg === CODES ? codes : arg)));
    return [result, ...[0, 1, 2, 3].map((i) => functions["code"]!(codes, i))];
  } catch (error) {
    return error instanceof host.RuntimeError ? "trap" : error;
  }
}

/** Stands for an array of four. */
const CODES = Symbol("codes");

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  s: [...TEXTS, ...VALUES],
  i: NUMBERS,
  a: [CODES, null],
};

function* argumentsOf(params: string): Iterable<unknown[]> {
  if (params === "") return void (yield []);
  for (const first of CHOICES[params[0]!]!)
    for (const rest of argumentsOf(params.slice(1))) yield [first, ...rest];
}

for (const [title, within] of [
  ["by the engine's", (run: () => void) => run()],
  ["by JavaScript", withoutTag],
] as const) {
  describe(title, () => {
    for (const name of names) {
      test(`${name} does what it does natively`, () => {
        within(() => {
          const { exports } = new Store().instantiate(program);
          let traps = 0;
          let count = 0;
          for (const args of argumentsOf(BUILTINS[name]![0])) {
            const wanted = outcome(native, name, args);
            assert.deepEqual(
              outcome(exports as Functions, name, args),
              wanted,
              `${name} ${args.map(String).join(", ")}`,
            );
            count++;
            if (wanted === "trap") traps++;
          }
          assert.ok(traps < count);
        });
      });
    }

    test("long arrays of any units are the text that they are natively", () => {
      within(() => {
        const exports = new Store().instantiate(program).exports as Functions;
        const textBy = (functions: Functions, text: string): unknown => {
          const codes = functions["filled"]!(text.length);
          functions["intoCharCodeArray"]!(text, codes, 0);
          return functions["fromCharCodeArray"]!(codes, 0, text.length);
        };
        for (const length of [127, 128, 129, 4095, 4096, 4097, 10_000]) {
          for (const unit of ["a", "\x7f", "\x80", "\xff", "\u0100", "\ufeff", "\ud800", "\u{1f600}"]) {
            for (const at of [0, 100, length - 1]) {
              const ascii = "0123456789".repeat(length / 10 + 1);
              const text = `${ascii.slice(0, at)}${unit}${ascii.slice(0, length - at - 1)}`;
              assert.equal(textBy(exports as Functions, text), text);
              assert.equal(textBy(native, text), text);
            }
          }
        }
      });
    });

    test("a struct or array of the store's is no string", () => {
      within(() => {
        const exports = new Store().instantiate(program).exports as Functions;
        const codes = exports["codes"]!(1, 2);
        assert.equal(exports["test"]!(codes), 0);
        for (const [name, args] of [
          ["cast", [codes]],
          ["length", [codes]],
          ["equals", [codes, null]],
          ["equals", ["a", codes]],
        ] as const)
          assert.throws(() => exports[name]!(...args), host.RuntimeError);
      });
    });

    test("what they give is released, and what is held stays", () => {
      within(() => {
        for (const collector of ["copying", "generational", "drc"] as const) {
          const store = new Store({ collector });
          const { held } = store.instantiate(compile(bytes, { ...OPTIONS, collector })).exports as Functions;
          const text = `text ${Math.random()}`;
          assert.equal(held!(text, 200_000), text);
          store.collect();
          assert.equal(store.heldValues, 0, collector);
        }
      });
    });
  });
}
