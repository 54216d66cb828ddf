/** Each pair has one number, in the order in which they came, and clearing forgets them all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PairNumbers } from "../../src/base/pair-numbers.ts";

test("equal pairs have one number, in the order in which they came", () => {
  const numbers = new PairNumbers();
  const pairs = Array.from({ length: 500 }, (_, i) => [i % 7, (i * 37) % 211] as const);
  const given = pairs.map(([first, second]) => numbers.of(first, second));
  const expected = new Map<string, number>();
  for (const pair of pairs) if (!expected.has(pair.join())) expected.set(pair.join(), expected.size);
  assert.deepEqual(
    given,
    pairs.map((pair) => expected.get(pair.join())),
  );
  assert.equal(numbers.length, expected.size);
  for (const [i, [first, second]] of pairs.entries())
    assert.deepEqual([numbers.first(given[i]!), numbers.second(given[i]!)], [first, second]);
});

test("all 32 bits are kept", () => {
  const numbers = new PairNumbers();
  assert.equal(numbers.of(0xffff_ffff, 0xffff_fffe), 0);
  assert.equal(numbers.of(0xffff_fffe, 0xffff_ffff), 1);
  assert.equal(numbers.of(0xffff_ffff, 0xffff_fffe), 0);
  assert.deepEqual([numbers.first(0), numbers.second(0)], [0xffff_ffff, 0xffff_fffe]);
});

test("what was cleared is not there, and its places are free", () => {
  const numbers = new PairNumbers();
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i <= round; i++) assert.equal(numbers.of(round % 3, i * 64), i);
    assert.equal(numbers.length, round + 1);
    numbers.clear();
    assert.equal(numbers.length, 0);
  }
});
