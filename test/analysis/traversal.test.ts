import assert from "node:assert/strict";
import { test } from "node:test";
import { Traversal } from "../../src/analysis/traversal.ts";
import { I32List } from "../../src/base/column.ts";
import { FuncCursor } from "../../src/ir/cursor.ts";
import type { Block } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { signatureOf } from "../../src/ir/signature.ts";
import { functionOf } from "./graphs.ts";

function orderOf(func: Function): number[] {
  const out = new I32List();
  new Traversal().postOrder(func, out);
  return Array.from({ length: out.length }, (_, i) => out.get(i));
}

test("the first successor is visited first", () => {
  assert.deepEqual(orderOf(functionOf([[1, 2], [3], [3], []])), [3, 1, 2, 0]);
  assert.deepEqual(orderOf(functionOf([[2, 1], [3], [3], []])), [3, 2, 1, 0]);
});

test("br_table visits the default, then the table; repeated destinations count once", () => {
  assert.deepEqual(orderOf(functionOf([[3, 1, 2, 1, 3], [], [], []])), [3, 1, 2, 0]);
});

test("try_call visits the handlers, then the normal return", () => {
  const func = new Function();
  const cursor = new FuncCursor(func);
  const [entry, normal, handler] = [0, 1, 2].map(() => func.dfg.makeBlock());
  for (const block of [entry, normal, handler]) func.layout.appendBlock(block as Block);
  const signature = func.importSignature(signatureOf([], [], "tail"));
  const callee = func.importFunction({
    name: { kind: "testcase", name: "g" },
    signature,
    colocated: false,
    patchable: false,
    noCollect: false,
  });
  const table = func.dfg.blockCalls.createTable(signature, func.dfg.blockCall(normal as Block, []), [
    { kind: "default", call: func.dfg.blockCall(handler as Block, []) },
  ]);
  cursor.atEnd(entry as Block).tryCall(callee, [], table);
  cursor.atEnd(normal as Block).return_([]);
  cursor.atEnd(handler as Block).return_([]);
  assert.deepEqual(orderOf(func), [2, 1, 0]);
});

test("loops, blocks the entry does not reach, and an empty function", () => {
  assert.deepEqual(orderOf(functionOf([[1], [2, 3], [1], [], [3]])), [2, 3, 1, 0]);
  assert.deepEqual(orderOf(new Function()), []);
});

test("a destination outside the layout is passed over", () => {
  const func = functionOf([[1], []]);
  func.dfg.blockCalls.setBlock(
    func.dfg.destination(func.layout.lastInst(0 as Block) as never, 0),
    77 as Block,
  );
  assert.deepEqual(orderOf(func), [0]);
});

test("a chain of 300,000 blocks needs no call stack", () => {
  const length = 300_000;
  const order = orderOf(functionOf(Array.from({ length }, (_, i) => (i + 1 < length ? [i + 1] : []))));
  assert.equal(order.length, length);
  assert.equal(order[0], length - 1);
  assert.equal(order[length - 1], 0);
});

test("the object can be used again for a smaller function", () => {
  const traversal = new Traversal();
  const out = new I32List();
  traversal.postOrder(functionOf([[1, 2], [3], [3], []]), out);
  traversal.postOrder(functionOf([[1], []]), out);
  assert.deepEqual([out.length, out.get(0), out.get(1)], [2, 1, 0]);
});
