/** What `npm run bench:spill` counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addCosts, noCosts, slotBytes, slotsLowerBound } from "../../bench/spill-counts.ts";
import { SafepointSpiller } from "../../src/frontend/safepoints/spiller.ts";
import { parseFunctions } from "../../src/text/index.ts";

const ONE_AFTER_ANOTHER = `function %f(i32, i64) -> i64 system_v {
    ; needs-stack-map: v0 v1 v2
    ss0 = explicit_slot 16
    fn0 = %gc() system_v
    fn1 = %alloc(i32) -> i32 system_v
block0(v0: i32, v1: i64):
    call fn0()
    v2 = call fn1(v0)
    call fn0()
    v3 = call fn1(v2)
    return v1
}`;

test("slots that could do: the most of each size that one map names", () => {
  const func = parseFunctions(ONE_AFTER_ANOTHER)[0]!;
  const { slots } = new SafepointSpiller().run(func);
  // v0 and v2 are never live at once; v1 has another size. The program's own slot counts for nothing.
  assert.equal(slotsLowerBound(func, 1), 2);
  assert.ok(slots >= 2);
  assert.equal(
    slotBytes(func, 1),
    func.stackSlots.slice(1).reduce((sum, slot) => sum + slot.sizeBytes, 0),
  );
  assert.equal(slotsLowerBound(parseFunctions(ONE_AFTER_ANOTHER)[0]!, 1), 0);
});

test("costs add up", () => {
  const sum = noCosts();
  addCosts(sum, { functions: 1, slots: 2, dynamicReloads: 30 });
  addCosts(sum, { functions: 1, slots: 3 });
  assert.deepEqual(sum, { ...noCosts(), functions: 2, slots: 5, dynamicReloads: 30 });
});
