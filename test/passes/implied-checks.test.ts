/**
 * Which checks for null a later one stands for. A check that goes although nothing later traps would make null an object, so what must
 * stay has as many cases as what may go; on engines, the suites and random modules with nulls in them judge the same.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZERO_BYTES } from "../../src/gc/layout.ts";
import { removeImpliedChecks } from "../../src/passes/implied-checks.ts";
import { checkCodes, FACTS, functionOf } from "./checks.ts";

/** Null structure, null array, bounds, cast, and those that say two. */
const [STRUCTURE, ARRAY, BOUNDS, CAST, NULL_OR_CAST, NULL_OR_BOUNDS] = [3, 4, 7, 8, 16, 17];

/** A cast of `v2`. */
const CASTS = `
    v3 = load.i32 notrap aligned readonly v2
    v4 = load.i32 notrap aligned readonly v3+12
    v5 = symbol_value.i32 gv0
    v6 = icmp eq v4, v5
    v7 = uextend.i32 v6
    trapz v7, user8
    return`;

interface Case {
  readonly body: string;
  readonly left: readonly number[];
}

const CASES: Readonly<Record<string, Case>> = {
  "a cast of what null would have": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    trapz v2, user8${CASTS}`,
    left: [NULL_OR_CAST],
  },
  "a cast of what stands in another memory": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned region0 v0+4${CASTS}`,
    left: [STRUCTURE, CAST],
  },
  "a cast of what may be null": {
    body: `    v2 = load.i32 notrap aligned v0+4
    trapz v2, user8${CASTS}`,
    left: [CAST],
  },
  "an element of an array": {
    body: `    trapz v0, user4
    v2 = load.i32 notrap aligned readonly v0+4
    v3 = icmp uge v1, v2
    v4 = uextend.i32 v3
    trapnz v4, user7
    return`,
    left: [NULL_OR_BOUNDS],
  },
  "a field of a field": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+40
    trapz v2, user3
    v3 = load.i32 notrap aligned v2+40
    trapz v3, user3
    return`,
    left: [STRUCTURE],
  },
  "a field that is not where all is zero": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+${ZERO_BYTES}
    trapz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "a field that is there in part": {
    body: `    trapz v0, user3
    v2 = load.i64 notrap aligned v0+${ZERO_BYTES - 4}
    trapz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "what lies before the object": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0-4
    trapz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "a store that would be seen": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    store notrap aligned v1, v1+4
    trapz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "a call": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    call fn0()
    trapz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "a check of something else between": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    trapz v1, user9
    trapz v2, user3
    return`,
    left: [STRUCTURE, 9, STRUCTURE],
  },
  "reasons that no code says": {
    body: `    trapz v0, user15
    v2 = load.i32 notrap aligned v0+4
    v3 = icmp uge v1, v2
    trapnz v3, user7
    return`,
    left: [15, BOUNDS],
  },
  "a length that may be zero": {
    body: `    trapz v0, user4
    v2 = load.i32 notrap aligned readonly v0+4
    v3 = icmp ugt v1, v2
    trapnz v3, user7
    return`,
    left: [ARRAY, BOUNDS],
  },
  "a comparison with what may be zero": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    v3 = icmp eq v2, v1
    trapz v3, user8
    return`,
    left: [STRUCTURE, CAST],
  },
  "a check that passes what is zero": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    trapnz v2, user3
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
  "a check in another block": {
    body: `    trapz v0, user3
    v2 = load.i32 notrap aligned v0+4
    brif v1, block1, block2

block1:
    trapz v2, user3
    return

block2:
    return`,
    left: [STRUCTURE, STRUCTURE],
  },
};

for (const [name, { body, left }] of Object.entries(CASES)) {
  test(name, () => {
    const func = functionOf(body);
    removeImpliedChecks(func, FACTS);
    assert.deepEqual(checkCodes(func), left);
  });
}

test("where the program's memory begins at address 0 all stay", () => {
  for (const { body } of Object.values(CASES)) {
    const untouched = functionOf(body);
    assert.equal(removeImpliedChecks(untouched, { ...FACTS, zeroBytes: 0 }), 0);
  }
});
