/** The places of a module's fields: an offset of the binary is shown at the field that it came from, or nowhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleSource } from "../../src/lab/wasm-fuzz/module-source.ts";
import { decodeModule, type Module } from "../../src/wasm/index.ts";
import { binaryToText, fieldPlace, textToBinary } from "../../src/wast/index.ts";

const FORMS = `;; (import "x" "y" (func))
(module $m (; (global) ;)
  (import "a" "f" (func $f (param i32)))
  (func $g (export "g (export") (import "a" "g"))
  (table $i (import "a" "t") 1 funcref) (memory (import "a" "m") 1)
  (global (import "a" "n") i32)
  (@custom "note" "(data)")
  (type $s (struct (field $f i32)))
  (func $h (export "h") (export "i") (drop (i32.const 1)))
  (table $t (export "t") 3 funcref)
  (table $u funcref (elem $f $h))
  (data "p") (memory $n (data "(elem)")) (data "q")
  (memory $p 1)
  (tag $e (export "e") (param i32))
  (global $a (export "\\61") i32 (i32.const 1)) (global $b (ref null $s) (ref.null $s))
  (export "b" (global $b))
  (start $h)
  (elem declare func $h))`;

/** The text from the place of an offset on. */
async function fieldsOf(text: string): Promise<(offset: number) => string | null> {
  const bytes = await textToBinary(text);
  const lines = text.split("\n");
  return (offset) => {
    const place = fieldPlace(text, bytes, offset);
    return place === null ? null : lines[place.line - 1]!.slice(place.column - 1);
  };
}

function defined<T>(all: readonly T[], imported: number): readonly T[] {
  return all.slice(imported);
}

/** Fails where something of the module is not shown at a field that begins so. */
function check(module: Module, fieldAt: (offset: number) => string | null): void {
  for (const { offset, type } of module.imports)
    assert.match(fieldAt(offset)!, new RegExp(`^\\((import|${type.kind}) .*`));
  for (const { offset, name } of module.exports) {
    const field = fieldAt(offset);
    assert.ok(field === null ? name === "a" : field.startsWith(`(export "${name}"`), `${name}: ${field}`);
  }
  const kinds: readonly [readonly { readonly offset: number }[], RegExp][] = [
    [defined(module.tables, module.importedTableCount), /^\(table /],
    [defined(module.memories, module.importedMemoryCount), /^\(memory /],
    [defined(module.tags, module.importedTagCount), /^\(tag /],
    [module.elements, /^\((elem|table) /],
    [module.data, /^\((data|memory) /],
  ];
  for (const [all, word] of kinds) for (const { offset } of all) assert.match(fieldAt(offset)!, word);
  for (const { initStart } of defined(module.globals, module.importedGlobalCount))
    assert.match(fieldAt(initStart)!, /^\(global /);
}

test("whatever is not a function is shown at its field, or where it is exported", async () => {
  const module = decodeModule(await textToBinary(FORMS));
  const fieldAt = await fieldsOf(FORMS);
  check(module, fieldAt);
  const names = ["$t", "$u"].map((_, i) => fieldAt(module.tables[i + 1]!.offset)!.slice(7, 9));
  assert.deepEqual(names, ["$t", "$u"]);
  assert.match(fieldAt(module.globals[2]!.initStart)!, /^\(global \$b/);
  assert.match(fieldAt(module.globals[2]!.initStart + 1)!, /^\(global \$b/);
  assert.equal(fieldAt(module.startOffset), "(start $h)");
  // Segments in tables and memories stand between the others.
  const segments = [...module.elements, ...module.data].map(({ offset }) => fieldAt(offset)!.slice(0, 8));
  assert.deepEqual(segments, ["(table $", "(elem de", '(data "p', "(memory ", '(data "q']);
});

test("without a field, in code and outside of sections nothing is shown", async () => {
  const fieldAt = await fieldsOf(FORMS);
  const module = decodeModule(await textToBinary(FORMS));
  for (const offset of [0, 8, module.sections[1]!.start, module.code.starts.get(0), module.bytes.length])
    assert.equal(fieldAt(offset), null);
  // A text that is not the binary's.
  const { offset } = module.tables[1]!;
  assert.equal(fieldPlace("(module (table 1 funcref))", module.bytes, offset), null);
  assert.equal(fieldPlace('(module "', module.bytes, offset), null);
  assert.equal(fieldPlace(FORMS, module.bytes.subarray(0, 20), 15), null);
});

test("fields of random modules, as text", async () => {
  const source = new ModuleSource([]);
  for (let seed = 0; seed < 40; seed++) {
    const text = await binaryToText(await source.at(seed));
    check(decodeModule(await textToBinary(text)), await fieldsOf(text));
  }
  source.end();
});
