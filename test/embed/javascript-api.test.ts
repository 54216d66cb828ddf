/**
 * What JavaScript sees of the API, as natively: each scenario is run on the engine's own garbage collection and on a store. Left out is where
 * V8 departs from the specification, with `undefined` for a value and sizes between -1 and 0.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { compile } from "../../src/embed/compile-module.ts";
import { createWebAssembly } from "../../src/embed/create-web-assembly.ts";
import { hostWebAssembly } from "../../src/embed/host-webassembly.ts";
import { textToBinary } from "../../src/wast/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: the engine's `WebAssembly` and ours, which is under test, with whatever arguments
type Api = any;

const NATIVE: Api = hostWebAssembly;

const EVERYTHING = `(module
  (type $s (struct (field (mut i32))))
  (tag $t (export "tag") (param i32 (ref $s) i64))
  (table (export "any") 2 anyref)
  (global (export "g") (mut anyref) (ref.i31 (i32.const 4)))
  (func $first (export "make") (param i32) (result (ref $s)) (struct.new $s (local.get 0)))
  (func (export "get") (param (ref $s)) (result i32) (struct.get $s 0 (local.get 0)))
  (func (export "churn") (param i32) (local $i i32)
    (loop $more
      (drop (struct.new $s (local.get $i)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0)))))
  (func (export "numbers") (param i32 i64 f64) (result f64) (local.get 2)))`;

const TAKES_GLOBALS = `(module
  (type $s (struct))
  (import "m" "f" (global $f funcref))
  (import "m" "x" (global $x externref))
  (import "m" "a" (global $a anyref))
  (export "f" (global $f)) (export "x" (global $x)) (export "a" (global $a)))`;

const TAKES_STRUCT = '(module (type $s (struct)) (import "m" "s" (global (ref null $s))))';

const BUILTINS: Readonly<Record<string, string>> = {
  "a name that no builtin has": `(import "wasm:js-string" "none" (func))`,
  "a builtin of another type": `(import "wasm:js-string" "length" (func (param i32) (result i32)))`,
  "a string that may change": `(import "strings" "text" (global (mut externref)))`,
  "a string that is a number": `(import "strings" "text" (global i32))`,
  "a string that is a function": `(import "strings" "text" (func))`,
  "what there is": `(import "strings" "text" (global externref))
    (import "wasm:js-string" "length" (func (param externref) (result i32)))`,
};

const modules = new Map<string, Uint8Array>();

before(async () => {
  for (const text of [EVERYTHING, TAKES_GLOBALS, TAKES_STRUCT]) modules.set(text, await textToBinary(text));
  for (const text of Object.values(BUILTINS))
    modules.set(text, await textToBinary(`(module (type (struct)) ${text})`));
});

function instantiate(api: Api, text: string, imports: object = {}): Api {
  return new api.Instance(new api.Module(modules.get(text)!), imports).exports;
}

/** What a call gives, or the class of what it throws. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

/** An object whose own conversion gives that. */
const becoming = (value: unknown): object => ({ valueOf: () => value });

const SIZES = [0, 3, -1, 1.9, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 10_000_001, "2", "x", null, 1n];
const INDICES = [0, 1.9, "1", null, undefined, Number.NaN, 2, -1, 2 ** 32, 1n, becoming(1)];

const SCENARIOS: Readonly<Record<string, (api: Api) => unknown>> = {
  "sizes of tables": (api) =>
    ["anyref", "externref", "anyfunc", "i32"].flatMap((element) =>
      SIZES.flatMap((size) => [
        outcome(() => new api.Table({ element, initial: size }).length),
        outcome(() => new api.Table({ element, initial: 1, maximum: size }).length),
        outcome(() => {
          const table = new api.Table({ element, initial: 1 });
          return [table.grow(size), table.length];
        }),
      ]),
    ),
  "indices of tables": (api) =>
    ["anyref", "externref", "anyfunc"].flatMap((element) =>
      INDICES.flatMap((index) => {
        const table = new api.Table({ element, initial: 2 });
        return [outcome(() => table.get(index)), outcome(() => table.set(index, null))];
      }),
    ),
  "values of tables": (api) => {
    const { make } = instantiate(api, EVERYTHING);
    return ["anyref", "externref", "anyfunc"].flatMap((element) =>
      [make, () => 1, null, 5, "text"].flatMap((value, i) => [
        outcome(() => new api.Table({ element, initial: 1 }, value).get(0) === value || i),
        outcome(() => {
          const table = new api.Table({ element, initial: 1 });
          table.set(0, value);
          table.grow(1, value);
          return [typeof table.get(0), table.get(0) === table.get(1)];
        }),
      ]),
    );
  },
  "what an exception holds": (api) => {
    const [narrow, wide] = ["i32", "i64"].map((type) => new api.Tag({ parameters: [type] }));
    const given = [5, 5n, "7", 2 ** 33 + 7, Symbol("none"), () => 1, becoming(3n), becoming("4")];
    return given.flatMap((value) =>
      [narrow, wide].map((tag) => outcome(() => new api.Exception(tag, [value]).getArg(tag, 0))),
    );
  },
  "conversions of an exception's numbers that make the program collect": (api) => {
    const { tag, make, churn, get } = instantiate(api, EVERYTHING);
    const object = make(42);
    const collecting = (value: unknown): object => ({
      valueOf() {
        churn(300_000);
        return value;
      },
    });
    const exception = new api.Exception(tag, [collecting(11), object, collecting(12n)]);
    churn(300_000);
    const values = [0, 1, 2].map((i) => exception.getArg(tag, i));
    return [values[0], values[1] === object, values[2], get(object)];
  },
  "numbers that are none": (api) => {
    const { numbers } = instantiate(api, EVERYTHING);
    const given = [Object(5n), becoming(42n), becoming("3"), 1n, "x", undefined, Symbol("none")];
    return given.flatMap((value) => [
      outcome(() => numbers(value, 1n, 1)),
      outcome(() => numbers(1, value, 1)),
      outcome(() => numbers(1, 1n, value)),
    ]);
  },
  "values for imported globals": (api) => {
    const { make, any, tag } = instantiate(api, EVERYTHING);
    const taken = (f: unknown, x: unknown, a: unknown): unknown =>
      outcome(() => {
        const exports = instantiate(api, TAKES_GLOBALS, { m: { f, x, a } });
        return [exports.f.value === f, exports.x.value === x, exports.a.value === a];
      });
    return [taken(make, make, any), taken(null, tag, make), taken(() => 1, 1, 1), taken(5, 1, 1)];
  },
  "a global of numbers for one of references": (api) =>
    ["i32", "f64"].map((value) =>
      outcome(() => instantiate(api, TAKES_STRUCT, { m: { s: new api.Global({ value }, 1) } })),
    ),
  "imports that look like builtins and strings": (api) =>
    Object.values(BUILTINS).map((text) => {
      const options = { builtins: ["js-string"], importedStringConstants: "strings" };
      const bytes = modules.get(text)!;
      return [
        api.validate(bytes, options),
        outcome(() => api.Module.imports(new api.Module(bytes, options)).length),
      ];
    }),
  "what objects show": (api) => {
    const module = new api.Module(modules.get(EVERYTHING)!);
    const instance = new api.Instance(module, {});
    const { any, g, tag, make, churn } = instance.exports;
    const objects = [module, instance, any, g, tag];
    return [
      objects.map((object) => [Object.prototype.toString.call(object), object.constructor.name]),
      [module, any, g, tag].map((object) => [JSON.stringify(object), Object.keys(object)]),
      [make, churn].map((func) => [func.name, func.length]),
      Object.keys(api)
        .filter((name) => !["promising"].includes(name))
        .toSorted(),
    ];
  },
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`${name}: as natively`, () => {
    assert.deepEqual(scenario(createWebAssembly({ force: true })), scenario(NATIVE));
  });
}

describe("beside modules of the engine's", () => {
  const PLAIN = `(module
    (import "m" "table" (table $t 2 funcref))
    (import "m" "value" (global $v externref))
    (func $five (export "five") (result i32) (i32.const 5))
    (elem (table $t) (i32.const 0) func $five)
    (func (export "call") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
    (export "same" (table $t)) (export "value" (global $v)))`;
  const WITH_STRUCTS = `(module
    (type $s (struct (field i32)))
    (type $f (func (result i32)))
    (import "m" "table" (table $t 1 funcref))
    (func $six (export "six") (result i32) (struct.get $s 0 (struct.new $s (i32.const 6))))
    (func (export "put") (table.set $t (i32.const 1) (ref.func $six)))
    (func (export "call") (param i32) (result i32) (call_indirect $t (type $f) (local.get 0)))
    (export "same" (table $t)))`;
  let plain: Uint8Array;
  let withStructs: Uint8Array;

  before(async () => {
    [plain, withStructs] = [await textToBinary(PLAIN), await textToBinary(WITH_STRUCTS)];
  });

  test("a table that JavaScript made is the engine's, with what JavaScript puts there", () => {
    const api = createWebAssembly() as Api;
    const table = new api.Table({ element: "anyfunc", initial: 2, maximum: 4 });
    const value = new api.Global({ value: "externref" }, "text");
    const { exports } = new api.Instance(new api.Module(plain), { m: { table, value } });
    assert.equal(exports.same, table);
    assert.equal(exports.value.value, "text");
    assert.equal(table.get(0)(), 5);
    table.set(1, exports.five);
    assert.equal(table.grow(1, exports.five), 2);
    assert.deepEqual([0, 1, 2].map(exports.call), [5, 5, 5]);
    assert.throws(() => table.grow(2), RangeError);
    assert.ok(table instanceof api.Table);
  });

  test("or the store's, with identity", () => {
    const api = createWebAssembly() as Api;
    const table = new api.Table({ element: "anyfunc", initial: 2 });
    const { exports } = new api.Instance(compile(withStructs), { m: { table } });
    assert.equal(exports.same, table);
    exports.put();
    assert.equal(table.get(1), exports.six);
    table.set(0, exports.six);
    table.grow(1, exports.six);
    assert.deepEqual([0, 1, 2].map(exports.call), [6, 6, 6]);
    assert.deepEqual(table.length, 3);
  });

  test("and not both", () => {
    const api = createWebAssembly() as Api;
    const engines = new api.Table({ element: "anyfunc", initial: 2 });
    const stores = new api.Table({ element: "anyfunc", initial: 2 });
    void new api.Instance(new api.Module(plain), { m: { table: engines, value: null } });
    void new api.Instance(compile(withStructs), { m: { table: stores } });
    assert.throws(
      () => new api.Instance(new api.Module(plain), { m: { table: stores, value: null } }),
      hostWebAssembly.LinkError,
    );
    assert.throws(
      () => new api.Instance(compile(withStructs), { m: { table: engines } }),
      hostWebAssembly.LinkError,
    );
  });

  test("functions of the store are in the engine's tables what they were", () => {
    const api = createWebAssembly() as Api;
    const { exports } = new api.Instance(compile(withStructs), {
      m: { table: new api.Table({ element: "anyfunc", initial: 2 }) },
    });
    const table = new api.Table({ element: "anyfunc", initial: 2 });
    table.set(1, exports.six);
    const { call } = new api.Instance(new api.Module(plain), { m: { table, value: null } }).exports;
    table.grow(1, exports.six);
    assert.deepEqual([0, 1, 2].map(call), [5, 6, 6]);
    assert.deepEqual([table.get(1), table.get(2)], [exports.six, exports.six]);
  });

  test("exceptions and tags of the engine's are what they are natively", async () => {
    const bytes = await textToBinary(
      `(module (tag $t (export "t") (param i32)) (func (export "f") (throw $t (i32.const 7))))`,
    );
    const api = createWebAssembly() as Api;
    const { exports } = new api.Instance(new api.Module(bytes), {});
    assert.ok(exports.t instanceof api.Tag);
    assert.throws(
      exports.f,
      (error: Api) => error instanceof api.Exception && error.getArg(exports.t, 0) === 7,
    );
    assert.equal(new api.Exception(exports.t, [3]).getArg(exports.t, 0), 3);
  });
});

describe("who can wait", () => {
  /** As pages of Chromium have it: what is larger than 4 kB cannot be compiled at once, nor started. */
  async function withLimit<T>(run: () => Promise<T>): Promise<T> {
    const { Module, Instance } = hostWebAssembly;
    const small = new WeakSet<object>();
    const limitedModule = new Proxy(Module, {
      construct(target, args: [Uint8Array, { builtins?: string[] }?]) {
        if (args[0].byteLength > 4096) throw new RangeError("WebAssembly.Compile is disallowed");
        const module = new target(...args);
        small.add(module);
        return module;
      },
    });
    const limitedInstance = new Proxy(Instance, {
      construct(target, args: ConstructorParameters<typeof Instance>) {
        if (!small.has(args[0])) throw new RangeError("WebAssembly.Instance is disallowed");
        return new target(...args);
      },
    });
    const replace = (classes: object): void => void Object.assign(hostWebAssembly, classes);
    replace({ Module: limitedModule, Instance: limitedInstance });
    try {
      return await run();
    } finally {
      replace({ Module, Instance });
    }
  }

  /** Modules of some length, of which each instance makes objects, has a memory with data, and calls by references. */
  const large = (number: number): string => `(module
    (type $f (func (result i32)))
    (type $cell (struct (field i32) (field (ref null $f))))
    (type $own (struct (field i64) (field (ref null $cell))))
    (memory (export "memory") 1)
    (data (i32.const 0) "${"data".repeat(2000)}")
    (func $five (result i32) (i32.const ${number}))
    (elem declare func $five)
    (func (export "make") (result (ref $cell)) (struct.new $cell (i32.const ${number}) (ref.func $five)))
    (func (export "tests") (param funcref) (result i32) (ref.test (ref $f) (local.get 0)))
    (func (export "five") (result i32) (i32.const 5))
    (func (export "call") (param (ref $cell)) (result i32)
      (i32.add (struct.get $cell 0 (local.get 0)) (call_ref $f (struct.get $cell 1 (local.get 0)))))
    ${Array.from({ length: 300 }, (_, i) => `(func (export "f${i}") (result (ref $own)) (struct.new $own (i64.const ${i}) (ref.null $cell)))`).join("\n")})`;

  test("is not refused what is too large to be compiled at once, by the store or by the engine", async () => {
    const plain = await textToBinary(`(module (memory 1) (data (i32.const 0) "${"data".repeat(2000)}"))`);
    const bytes = await textToBinary(large(1));
    const api = createWebAssembly({ force: true }) as Api;
    const beside = createWebAssembly() as Api;
    await withLimit(async () => {
      const { instance } = await api.instantiate(bytes);
      assert.equal(instance.exports.call(instance.exports.make()), 2);
      const module = await beside.compile(plain);
      assert.ok((await beside.instantiate(module)) instanceof beside.Instance);
      assert.throws(() => new beside.Module(plain), RangeError);
    });
  });

  test("has the place that others left: instances that are begun together are of one store", async () => {
    const api = createWebAssembly({ force: true }) as Api;
    const binaries = await Promise.all([1, 10, 100, 1000].map((number) => textToBinary(large(number))));
    const compiled = binaries.map((bytes) => new api.Module(bytes));
    const waiting = compiled.map((module) => api.instantiate(module));
    const atOnce = new api.Instance(compiled[1], {});
    const instances = [...(await Promise.all(waiting)), atOnce];
    const cells = instances.map(({ exports }) => exports.make());
    for (const { exports } of instances) assert.deepEqual(cells.map(exports.call), [2, 20, 200, 2000, 20]);
    const tests = instances.flatMap(({ exports }) =>
      instances.map((other) => exports.tests(other.exports.five)),
    );
    assert.deepEqual(new Set(tests), new Set([1]));
    const texts = instances.map(({ exports }) => new Uint8Array(exports.memory.buffer, 7996, 5));
    for (const text of texts) assert.deepEqual([...text], [100, 97, 116, 97, 0]);
  });
});
