/** Names in the user's name spaces: each has one number, and clearing forgets them all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserNames } from "../../src/ir/user-names.ts";

test("equal names have one number, in the order in which they came", () => {
  const names = new UserNames();
  const pairs = Array.from({ length: 500 }, (_, i) => [i % 7, (i * 37) % 211] as const);
  const numbers = pairs.map(([namespace, index]) => names.declare(namespace, index));
  const expected = new Map<string, number>();
  for (const pair of pairs) if (!expected.has(pair.join(":"))) expected.set(pair.join(":"), expected.size);
  assert.deepEqual(
    numbers,
    pairs.map((pair) => expected.get(pair.join(":"))),
  );
  assert.equal(names.length, expected.size);
  for (const [i, [namespace, index]] of pairs.entries())
    assert.deepEqual(names.get(numbers[i]!), { namespace, index });
});

test("numbers of all 32 bits are kept", () => {
  const names = new UserNames();
  const ref = names.declare(0xffff_ffff, 0xffff_fffe);
  assert.equal(names.declare(0xffff_ffff, 0xffff_fffe), ref);
  assert.deepEqual(names.get(ref), { namespace: 0xffff_ffff, index: 0xffff_fffe });
  assert.equal(names.namespace(ref), 0xffff_ffff);
  assert.equal(names.index(ref), 0xffff_fffe);
});

test("what was cleared is not there, and its places are free", () => {
  const names = new UserNames();
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i <= round; i++) assert.equal(names.declare(round % 3, i * 64), i);
    assert.equal(names.length, round + 1);
    names.clear();
    assert.equal(names.length, 0);
    assert.equal(names.get(0 as never), undefined);
  }
});
