/** Traps in the words of the suites and of engines: which may be the same, and which are told apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { saysEmptyEntry } from "../../src/embed/engine-messages.ts";
import { TRAP_MESSAGES } from "../../src/gc/traps.ts";
import { sameTrap, saysTrap, specificationMessage } from "../../src/wast/trap-wording.ts";

test("what is out of bounds of one thing is not so of another", () => {
  const messages = [
    "memory access out of bounds",
    "table index is out of bounds",
    "array element access out of bounds",
    "out of bounds memory access",
    "out of bounds table access",
    "out of bounds array access",
  ];
  const same = messages.map((one) => messages.filter((other) => sameTrap(one, other)));
  assert.deepEqual(
    same.map(({ length }) => length),
    [2, 2, 2, 2, 2, 2],
  );
  // But a script may leave open of what.
  for (const message of [...messages, "undefined element"])
    assert.ok(saysTrap("out of bounds", message), message);
  assert.ok(!saysTrap("out of bounds", "unreachable"));
});

test("one check may have two reasons", () => {
  assert.ok(sameTrap("array element access out of bounds", "out of bounds array access or null reference"));
  assert.ok(sameTrap("dereferencing a null pointer", "out of bounds array access or null reference"));
  assert.ok(!sameTrap("illegal cast", "out of bounds array access or null reference"));
  assert.equal(specificationMessage("array element access out of bounds"), "out of bounds array access");
});

test("what a store says stays as it is", () => {
  for (const message of TRAP_MESSAGES.slice(2)) assert.equal(specificationMessage(message), message);
});

test("where the engine has one message for several operators, the one that trapped decides", () => {
  const call = "null function or function signature mismatch";
  const indirect = "uninitialized element or indirect call type mismatch";
  assert.equal(specificationMessage(call), `${indirect} or null function reference`);
  assert.equal(specificationMessage(call, "call_ref"), "null function reference");
  assert.equal(specificationMessage(call, "return_call_ref"), "null function reference");
  assert.equal(specificationMessage(call, "return_call_indirect"), indirect);
  const bounds = "table index is out of bounds";
  assert.equal(specificationMessage(bounds, "call_indirect"), "undefined element");
  assert.equal(specificationMessage(bounds, "table.get"), "out of bounds table access");
  // An operator that it cannot be says nothing.
  assert.equal(specificationMessage(call, "i32.add"), `${indirect} or null function reference`);
  assert.equal(specificationMessage("divide by zero", "i32.div_s"), "integer divide by zero");
});

test("an empty entry of a table is one in every engine's words, and the same trap as the suites'", () => {
  const words = [
    "null function or function signature mismatch",
    "function signature mismatch",
    "call_indirect to a null table entry",
    "call_indirect to a signature that does not match",
  ];
  for (const message of words) {
    assert.ok(saysEmptyEntry(message), message);
    for (const expected of [
      "uninitialized element",
      "indirect call type mismatch",
      "null function reference",
    ])
      assert.ok(saysTrap(expected, message) && sameTrap(expected, message), `${expected}: ${message}`);
  }
  assert.ok(saysEmptyEntry("call_indirect to a null table entry (evaluating 'call(1)')"));
  assert.ok(saysEmptyEntry("indirect call to null"));
  for (const message of ["indirect call signature mismatch", "table index is out of bounds", "unreachable"])
    assert.ok(!saysEmptyEntry(message), message);
});
