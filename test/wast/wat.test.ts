/** Module text to binary and back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { decodeAndValidate } from "../../src/wasm/index.ts";
import { binaryToText, canReadLegacyText, textToBinary } from "../../src/wast/index.ts";

async function complaint(text: string): Promise<InputError["diagnostic"]> {
  try {
    await textToBinary(text);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.diagnostic;
  }
  return assert.fail("no error");
}

test("text becomes a binary that prints as text again", async () => {
  const bytes = await textToBinary('(module (func (export "f") (result i32) i32.const 7))');
  decodeAndValidate(bytes);
  const text = await binaryToText(bytes);
  assert.match(text, /i32\.const 7/);
  assert.deepEqual(await textToBinary(text), bytes);
});

test("errors have a place and no debug text", async () => {
  assert.deepEqual(await complaint('(module\n  (func "snippet: kind: Custom(" i32.frob))'), {
    code: "wat-syntax",
    message: "expected an instruction",
    place: { kind: "text", line: 2, column: 9 },
  });
  const lexical = await complaint("(module \u0001)");
  assert.deepEqual(lexical.place, { kind: "text", line: 1, column: 9 });
  assert.equal(lexical.message, "unexpected character");
});

test("bidirectional control characters in names are read", async () => {
  const bytes = await textToBinary('(module (func (export "a\u202eb\u2066")))');
  assert.equal(decodeAndValidate(bytes).exports[0]!.name, "a\u202eb\u2066");
});

test("legacy exceptions are read where wabt is installed", async (t) => {
  if (!(await canReadLegacyText())) return t.skip("wabt is not installed");
  const text = "(module (tag $e) (func (try (do (throw $e)) (catch $e (rethrow 0)))))";
  decodeAndValidate(await textToBinary(text));
  assert.deepEqual(await complaint("(module\n (func (try (do) (catch 1 2 3))))"), {
    code: "wat-syntax",
    message: "unexpected token 2, expected )",
    place: { kind: "text", line: 2, column: 27 },
  });
});

test("legacy text too deep for wabt is one clear error, and the next text is read", async (t) => {
  if (!(await canReadLegacyText())) return t.skip("wabt is not installed");
  const deep = 100_000;
  const { message } = await complaint(`(module (func ${"(try (do ".repeat(deep)}${"))".repeat(deep)}))`);
  assert.equal(message, "the parser of module text gave up");
  await textToBinary("(module (func (try (do) (catch_all))))");
});

test("a binary that is none cannot be printed", async () => {
  await assert.rejects(binaryToText(new Uint8Array([1, 2, 3])), InputError);
  await assert.rejects(binaryToText(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0xff])), InputError);
});

test("nesting of 100,000 is an answer or one clear error", async () => {
  const deep = 100_000;
  await textToBinary(`(module (func ${"(block ".repeat(deep)}${")".repeat(deep)}))`);
  const flat = await textToBinary(`(module (func ${"block ".repeat(deep)}${"end ".repeat(deep)}))`);
  await binaryToText(flat);
  await complaint(`(module (type ${"(func ".repeat(deep)}${")".repeat(deep)}))`);
  await complaint("(".repeat(deep));
  // One line of 6 MB, which the parser quotes in its complaint.
  await complaint(`(module ${"(".repeat(3_000_000)}${")".repeat(3_000_000)})`);
  await complaint(`(module (start $${"a".repeat(1_000_000)}))`);
});
