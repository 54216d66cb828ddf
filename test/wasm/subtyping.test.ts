/** Canonical types, subtyping, and what satisfies an import. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import {
  decodeModule,
  externTypeOfExport,
  externTypeOfImport,
  type Module,
  matchesExternType,
  TypeStore,
  types,
  validateModule,
} from "../../src/wasm/index.ts";
import { accept, wat } from "./wat.ts";

async function idsOf(store: TypeStore, text: string): Promise<number[]> {
  const module = decodeModule(await wat(text));
  validateModule(module, undefined, store);
  return [...store.canonicalize(module.types)];
}

test("equal rec groups have equal ids, in one module and across modules", async () => {
  const store = new TypeStore();
  const group = "(rec (type $a (struct (field (ref null 1)))) (type $b (struct (field (ref null 0)))))";
  const first = await idsOf(
    store,
    `(module ${group} (rec (type (struct (field (ref null 3)))) (type (struct (field (ref null 2))))))`,
  );
  assert.deepEqual(first.slice(0, 2), first.slice(2));
  const second = await idsOf(
    store,
    `(module (type (func)) ${group.replace("null 1", "null 2").replace("null 0", "null 1")})`,
  );
  assert.deepEqual(second.slice(1), first.slice(0, 2));
});

test("position in a group, finality and the supertype tell types apart", async () => {
  const store = new TypeStore();
  const ids = await idsOf(
    store,
    `(module (type (struct)) (type (sub (struct))) (type (sub 1 (struct)))
       (rec (type (struct)) (type (struct))))`,
  );
  assert.equal(new Set(ids).size, 5);
});

test("a type is below its supertypes and below nothing else", async () => {
  const store = new TypeStore();
  const [a, b, c, d] = await idsOf(
    store,
    `(module (type $a (sub (struct))) (type $b (sub $a (struct (field i32)))) (type $c (sub $b (struct (field i32 i64))))
       (type $d (sub $a (struct (field i64)))))`,
  );
  assert.ok(store.isSubtypeOf(c!, a!) && store.isSubtypeOf(c!, b!) && store.isSubtypeOf(a!, a!));
  assert.ok(!store.isSubtypeOf(a!, c!) && !store.isSubtypeOf(d!, b!) && !store.isSubtypeOf(b!, d!));
});

test("the hierarchies of heap types", () => {
  const store = new TypeStore();
  const { HEAP_ANY, HEAP_EQ, HEAP_I31, HEAP_STRUCT, HEAP_ARRAY, HEAP_NONE } = types;
  const { HEAP_FUNC, HEAP_NOFUNC, HEAP_EXTERN, HEAP_NOEXTERN, HEAP_EXN, HEAP_NOEXN } = types;
  const chains: number[][] = [
    [HEAP_NONE, HEAP_I31, HEAP_EQ, HEAP_ANY],
    [HEAP_NONE, HEAP_STRUCT, HEAP_EQ, HEAP_ANY],
    [HEAP_NONE, HEAP_ARRAY, HEAP_EQ, HEAP_ANY],
    [HEAP_NOFUNC, HEAP_FUNC],
    [HEAP_NOEXTERN, HEAP_EXTERN],
    [HEAP_NOEXN, HEAP_EXN],
  ];
  const below = (sub: number, sup: number): boolean =>
    chains.some(
      (chain) => chain.includes(sub) && chain.includes(sup) && chain.indexOf(sub) <= chain.indexOf(sup),
    );
  const all = [...new Set(chains.flat())];
  for (const sub of all) for (const sup of all) assert.equal(store.matchesHeap(sub, sup), below(sub, sup));
});

test("null makes a reference wider, never narrower", () => {
  const store = new TypeStore();
  const nullable = types.refType(types.HEAP_EQ, true);
  const nonNull = types.refType(types.HEAP_EQ, false);
  assert.ok(store.matches(nonNull, nullable) && !store.matches(nullable, nonNull));
  assert.ok(!types.isDefaultable(nonNull) && types.isDefaultable(nullable) && types.isDefaultable(types.I32));
});

/** One group of `count` structs in chains of 50, each with the fields of its supertype and one more. */
function bigGroup(count: number): Uint8Array {
  const w = new ByteWriter();
  w.u32(1);
  w.byte(0x4e);
  w.u32(count);
  for (let i = 0; i < count; i++) {
    const depth = i % 50;
    w.byte(0x50);
    w.u32(depth === 0 ? 0 : 1);
    if (depth !== 0) w.u32(i - 1);
    w.byte(0x5f);
    w.u32(depth);
    for (let field = 0; field < depth; field++) {
      w.byte(0x63);
      w.s33(field * 7);
      w.byte(field & 1);
    }
  }
  const module = new ByteWriter();
  module.u32le(0x6d736100);
  module.u32le(1);
  module.byte(1);
  module.u32(w.length);
  module.append(w.bytes());
  return module.bytes();
}

test("a group of 30,000 types is one group however often it comes", () => {
  const store = new TypeStore();
  const bytes = bigGroup(30_000);
  const ids = [1, 2, 3].map(() => {
    const module = decodeModule(bytes);
    validateModule(module, undefined, store);
    return store.canonicalize(module.types);
  });
  assert.equal(store.types.length, 30_000);
  assert.deepEqual(ids[1], ids[0]);
  assert.deepEqual(ids[2], ids[0]);
  assert.ok(store.isSubtypeOf(ids[0]![49]!, ids[0]![0]!));
});

async function links(exporter: string, importer: string): Promise<boolean> {
  const store = new TypeStore();
  const modules: Module[] = [];
  for (const text of [exporter, importer]) {
    const module = decodeModule(await wat(text));
    validateModule(module, undefined, store);
    modules.push(module);
  }
  const offered = externTypeOfExport(store, modules[0]!, modules[0]!.exports[0]!);
  return matchesExternType(store, offered, externTypeOfImport(store, modules[1]!, 0));
}

const LINKS: readonly (readonly [offered: string, asked: string, fits: boolean])[] = [
  ['(func (export "x") (param i32) (result i32) local.get 0)', "(func (param i32) (result i32))", true],
  ['(func (export "x"))', "(func (param i32))", false],
  ['(func (export "x"))', "(global i32)", false],
  ['(memory (export "x") 2 4)', "(memory 1)", true],
  ['(memory (export "x") 2 4)', "(memory 2 4)", true],
  ['(memory (export "x") 2 4)', "(memory 3 4)", false],
  ['(memory (export "x") 2 4)', "(memory 1 3)", false],
  ['(memory (export "x") 2)', "(memory 1 3)", false],
  ['(memory (export "x") i64 1)', "(memory 1)", false],
  ['(memory (export "x") 1 1 shared)', "(memory 1 1)", false],
  ['(table (export "x") 1 funcref)', "(table 1 funcref)", true],
  ['(table (export "x") 1 externref)', "(table 1 funcref)", false],
  ['(table (export "x") 1 nullfuncref)', "(table 1 funcref)", false],
  ['(global (export "x") nullfuncref (ref.null nofunc))', "(global funcref)", true],
  ['(global (export "x") (mut nullfuncref) (ref.null nofunc))', "(global (mut funcref))", false],
  ['(global (export "x") (mut i32) (i32.const 0))', "(global i32)", false],
  ['(tag (export "x") (param i32))', "(tag (param i32))", true],
  ['(tag (export "x") (param i32))', "(tag (param i64))", false],
];

for (const [offered, asked, fits] of LINKS) {
  test(`${offered} ${fits ? "satisfies" : "does not satisfy"} ${asked}`, async () => {
    const kind = /^\((\w+) (.*)\)$/s.exec(asked) ?? ["", asked.slice(1, -1), ""];
    assert.equal(
      await links(`(module ${offered})`, `(module (import "m" "x" (${kind[1]} ${kind[2]})))`),
      fits,
    );
  });
}

test("a function's sub type may be given for its super type", async () => {
  const both = "(type $f (sub (func))) (type $g (sub $f (func)))";
  assert.ok(
    await links(
      `(module ${both} (func (export "x") (type $g)))`,
      `(module ${both} (import "m" "x" (func (type $f))))`,
    ),
  );
  assert.ok(
    !(await links(
      `(module ${both} (func (export "x") (type $f)))`,
      `(module ${both} (import "m" "x" (func (type $g))))`,
    )),
  );
});

test("63 levels of subtyping are taken, 64 are not", async () => {
  const chain = (levels: number): string => {
    let text = "(module (type (sub (struct)))";
    for (let i = 1; i <= levels; i++) text += ` (type (sub ${i - 1} (struct)))`;
    return `${text})`;
  };
  await accept(chain(63));
  const module = decodeModule(await wat(chain(64)));
  assert.throws(() => validateModule(module), /limit of 63/);
});
