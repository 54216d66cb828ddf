/** Scripts as data: commands, extents of modules, values and expectations, and the errors with their places. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { parseScript } from "../../src/wast/parse-script.ts";
import type { Command, CommandBody } from "../../src/wast/script.ts";

function bodies(source: string): CommandBody[] {
  return parseScript(source).map(({ body }) => body);
}

function only(source: string): CommandBody {
  const all = bodies(source);
  assert.equal(all.length, 1);
  return all[0]!;
}

function complaint(source: string): string {
  try {
    parseScript(source);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    const { place, message } = error.diagnostic;
    assert.ok(place?.kind === "text");
    return `${place.line}:${place.column} ${message}`;
  }
  return assert.fail("no error");
}

test("a module is the text between its parentheses, whatever strings and comments hold", () => {
  const text = `(module $m (; ) (; nested ) ;) ;) ;; ) " (
    (func (export ")\\")") (@custom "(" ( [ { , ) "x")))`;
  assert.deepEqual(only(`  ${text} ;; end`), {
    kind: "module",
    module: { name: "$m", line: 1, column: 3, source: { form: "text", text } },
  });
});

test("binary and quoted modules are the bytes of their strings", () => {
  assert.deepEqual(only(String.raw`(module binary "\00asm" "\01\u{e9}\t\n\"\'\\")`), {
    kind: "module",
    module: {
      line: 1,
      column: 1,
      source: {
        form: "binary",
        bytes: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0xc3, 0xa9, 9, 10, 0x22, 0x27, 0x5c]),
      },
    },
  });
  const quote = only(String.raw`(module $q quote "(func" "\"a\"")`);
  assert.ok(quote.kind === "module");
  assert.deepEqual(quote.module.source, { form: "quote", text: '(func "a" ' });
  assert.equal(quote.module.name, "$q");
});

test("a quote that is not UTF-8 has no text", () => {
  const body = only(String.raw`(assert_malformed (module quote "\ff") "malformed UTF-8 encoding")`);
  assert.ok(body.kind === "assert-malformed");
  assert.deepEqual(body.module.source, { form: "quote" });
});

test("definitions keep the places of their text; instances name a definition or take the last", () => {
  const [definition, named, last] = bodies(
    "(module definition $M (func))\n(module instance $I $M)\n(module instance)",
  );
  assert.ok(definition?.kind === "definition");
  assert.deepEqual(definition.module.source, { form: "text", text: "(module            $M (func))" });
  assert.deepEqual(named, { kind: "instance", name: "$I", definition: "$M" });
  assert.deepEqual(last, { kind: "instance" });
});

test("a file of module fields is one module", () => {
  const body = only('  (func) (memory 0) (func (export "f")) ');
  assert.ok(body.kind === "module");
  assert.deepEqual(body.module.source, { form: "text", text: '(func) (memory 0) (func (export "f"))' });
});

test("actions, registrations and assertions", () => {
  const source = `
    (register "M") (register "N" $n)
    (invoke $m "f" (i32.const -1) (f32.const nan:0x1)) (get "g")
    (assert_return (invoke "f" (ref.null func) (ref.extern 7) (ref.host 0)))
    (assert_trap (invoke "f") "unreachable") (assert_trap (module (func)) "unreachable")
    (assert_exhaustion (invoke "f") "call stack exhausted")
    (assert_exception (invoke "f")) (assert_invalid (module) "x") (assert_unlinkable (module) "x")`;
  const commands = parseScript(source);
  assert.deepEqual(
    commands.map(({ directive, body }) => `${directive} ${body.kind}`),
    [
      "register register",
      "register register",
      "invoke action",
      "get action",
      "assert_return assert-return",
      "assert_trap assert-trap",
      "assert_trap assert-uninstantiable",
      "assert_exhaustion assert-exhaustion",
      "assert_exception assert-exception",
      "assert_invalid assert-invalid",
      "assert_unlinkable assert-unlinkable",
    ],
  );
  assert.deepEqual(commands[2]!.body, {
    kind: "action",
    action: {
      kind: "invoke",
      module: "$m",
      field: "f",
      args: [
        { type: "i32", bits: 0xffffffffn },
        { type: "f32", bits: 0x7f800001n },
      ],
    },
  });
  const returning = commands[4]!.body;
  assert.ok(returning.kind === "assert-return");
  assert.deepEqual(returning.action.args, [
    { type: "ref.null", heap: "func" },
    { type: "ref.extern", host: 7 },
    { type: "ref.host", host: 0 },
  ]);
});

test("vectors are lanes from the least significant", () => {
  const body = only('(invoke "f" (v128.const i16x8 1 2 3 4 5 6 7 -1))');
  assert.ok(body.kind === "action");
  assert.deepEqual(body.action.args, [
    { type: "v128", low: 0x0004_0003_0002_0001n, high: 0xffff_0007_0006_0005n },
  ]);
});

test("expected results of every kind", () => {
  const source = `(assert_return (invoke "f")
    (f32.const nan:canonical) (f64.const nan:arithmetic) (i64.const 0x8000000000000000)
    (v128.const f32x4 1 nan:canonical -0 nan:arithmetic)
    (either (i32.const 1) (ref.null))
    (ref.null) (ref.null any) (ref.extern) (ref.extern 3) (ref.host 4) (ref.func) (ref.func 7)
    (ref.struct) (ref.array) (ref.eq) (ref.i31) (ref.any) (ref.exn))`;
  const body = only(source);
  assert.ok(body.kind === "assert-return");
  assert.deepEqual(body.results, [
    { type: "f32", pattern: "nan:canonical" },
    { type: "f64", pattern: "nan:arithmetic" },
    { type: "i64", pattern: 0x8000000000000000n },
    {
      type: "v128",
      shape: "f32x4",
      lanes: [0x3f800000n, "nan:canonical", 0x80000000n, "nan:arithmetic"],
    },
    { type: "either", choices: [{ type: "i32", pattern: 1n }, { type: "ref.null" }] },
    { type: "ref.null" },
    { type: "ref.null", heap: "any" },
    { type: "ref", kind: "extern" },
    { type: "ref", kind: "extern", host: 3 },
    { type: "ref", kind: "any", host: 4 },
    { type: "ref", kind: "func" },
    { type: "ref", kind: "func" },
    { type: "ref", kind: "struct" },
    { type: "ref", kind: "array" },
    { type: "ref", kind: "eq" },
    { type: "ref", kind: "i31" },
    { type: "ref", kind: "any" },
    { type: "ref", kind: "exn" },
  ]);
});

test("threads hold commands, and their extent in the text", () => {
  const source = '(thread $T (shared (module $m)) (invoke "f") (thread $U (wait $V))) (wait $T)';
  const [thread, wait] = bodies(source);
  assert.ok(thread?.kind === "thread");
  assert.deepEqual(thread.shared, ["$m"]);
  assert.equal(thread.commands.length, 2);
  const again: Command[] = parseScript(source, thread.start, thread.end);
  assert.deepEqual(again, thread.commands);
  assert.deepEqual(wait, { kind: "wait", thread: "$T" });
});

test("what is not for this runner is refused by name, and reading goes on", () => {
  const source = `(component (core module))
    (assert_invalid (component binary "x") "y") (assert_suspension (invoke "f") "unhandled") (input "a.wast")
    (register "a")`;
  assert.deepEqual(bodies(source), [
    { kind: "refused", why: "components are not supported" },
    { kind: "refused", why: "components are not supported" },
    { kind: "refused", why: "stack switching is not supported" },
    { kind: "refused", why: "the meta command input is not supported" },
    { kind: "register", as: "a" },
  ]);
});

test("errors name the place", () => {
  assert.equal(complaint("\n  (module"), "2:3 this ( is never closed");
  assert.equal(complaint("(module))"), "1:9 unexpected )");
  assert.equal(complaint("(module) (; x\n (; ;)"), "1:10 unterminated block comment");
  assert.equal(complaint('(register "a'), "1:11 unterminated string");
  assert.equal(
    complaint('(register "a\nb")'),
    "1:13 a string cannot contain a line break or a control character",
  );
  assert.equal(complaint(String.raw`(register "ab\z")`), "1:14 unknown escape sequence in a string");
  assert.equal(complaint(String.raw`(register "\u{d800}")`), "1:12 \\u{…} must name a Unicode scalar value");
  assert.equal(complaint(String.raw`(register "\ff")`), "1:11 malformed UTF-8 encoding");
  assert.equal(complaint("(frobnicate)"), "1:1 unknown script command frobnicate");
  assert.equal(complaint('(invoke "f" (i32.const 0x1_0000_0000))').slice(0, 4), "1:24");
  assert.equal(complaint('(invoke "f" (v128.const i8x16 1 2))'), "1:25 v128.const i8x16 takes 16 lanes");
  assert.equal(
    complaint('(assert_return (invoke "f") 7)'),
    "1:29 expected ) at the end of assert_return, found 7",
  );
  assert.equal(complaint('(assert_return (register "f"))'), "1:16 expected invoke or get, found register");
  assert.equal(complaint("word"), "1:1 expected a script command, found word");
});

test("nesting and length cost linear time and no stack", () => {
  const deep = 100_000;
  assert.match(complaint("(".repeat(deep)), /^1:2 expected a script command/);
  assert.match(complaint(`(module ${"(".repeat(deep)}`), /never closed/);
  assert.equal(bodies(`(module ${"(".repeat(deep)}${")".repeat(deep)})`).length, 1);
  assert.equal(bodies(`(module ${"(;".repeat(deep)}${";)".repeat(deep)})`).length, 1);
  assert.match(complaint(`(module ${"(@a ".repeat(deep)}`), /never closed/);
  assert.match(complaint(`${"(thread $t ".repeat(deep)}`), /threads are nested too deeply/);
  assert.match(complaint(`(assert_return (invoke "f") ${"(either ".repeat(deep)}`), /expected/);
  assert.equal(bodies("(module)".repeat(deep)).length, deep);
  assert.equal(bodies('(invoke "f")\n'.repeat(deep)).length, deep);
});
