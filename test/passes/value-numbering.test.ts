/**
 * What a check says of null, where what lies behind null is zero: what of null would be zero, and is not, was not null's. A check that goes
 * although nothing has said so would make null an object, so each case has one beside it that must stay.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZERO_BYTES } from "../../src/gc/layout.ts";
import type { Facts } from "../../src/passes/facts.ts";
import { valueNumbering } from "../../src/passes/value-numbering.ts";
import { checkCodes, FACTS, functionOf } from "./checks.ts";

/** Of null, of a cast, of a number. */
const [NULL, CAST, OTHER] = [3, 8, 9];

/** Whether `v0` is of the type, as `v6`. */
const TEST = `
    v2 = load.i32 notrap aligned readonly v0
    v3 = load.i32 notrap aligned readonly v2+12
    v4 = symbol_value.i32 gv0
    v5 = icmp eq v3, v4
    v6 = uextend.i32 v5`;

/** The same, or null, as `v9`. */
const TEST_OR_NULL = `${TEST}
    v10 = iconst.i32 0
    v7 = icmp eq v0, v10
    v8 = uextend.i32 v7
    v9 = bor v6, v8`;

interface Case {
  readonly body: string;
  readonly left: readonly number[];
}

const CASES: Readonly<Record<string, Case>> = {
  "what is of a type is not null": {
    body: `${TEST}
    trapz v6, user${CAST}
    trapz v0, user${NULL}
    return`,
    left: [CAST],
  },
  "what is of no type may be null": {
    body: `${TEST}
    brif v6, block1, block2
block1:
    trapz v0, user${NULL}
    return
block2:
    trapz v0, user${NULL + 100}
    return`,
    left: [NULL + 100],
  },
  "what is neither of a type nor null is not null": {
    body: `${TEST_OR_NULL}
    brif v9, block1, block2
block1:
    trapz v0, user${NULL}
    return
block2:
    trapz v0, user${NULL + 100}
    return`,
    left: [NULL],
  },
  "what is not null is asked for its type only": {
    body: `    trapz v0, user${NULL}${TEST_OR_NULL}
    trapz v9, user${CAST}
    trapz v6, user${OTHER}
    return`,
    left: [NULL, CAST],
  },
  "what has a field that is not zero is not null": {
    body: `    v2 = load.i32 notrap aligned v0+4
    trapz v2, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER],
  },
  "a field that is zero says nothing": {
    body: `    v2 = load.i32 notrap aligned v0+4
    trapnz v2, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER, NULL],
  },
  "nor does one that is not where all is zero": {
    body: `    v2 = load.i32 notrap aligned v0+${ZERO_BYTES}
    trapz v2, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER, NULL],
  },
  "nor one of another memory": {
    body: `    v2 = load.i32 notrap aligned region0 v0+4
    trapz v2, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER, NULL],
  },
  "nor one that equals what may be zero": {
    body: `    v2 = load.i32 notrap aligned v0+4
    v3 = icmp eq v2, v1
    trapz v3, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER, NULL],
  },
  "nor one that is no address": {
    body: `    v2 = load.i32 notrap aligned v0+4
    v3 = symbol_value.i32 gv0
    v4 = icmp ne v2, v3
    trapz v4, user${OTHER}
    trapz v0, user${NULL}
    return`,
    left: [OTHER, NULL],
  },
};

function codesAfter(body: string, facts: Facts): number[] {
  const func = functionOf(body);
  valueNumbering(func, facts);
  return checkCodes(func);
}

for (const [name, { body, left }] of Object.entries(CASES)) {
  test(name, () => {
    assert.deepEqual(codesAfter(body, FACTS), left);
  });
}

test("where the program's memory begins at address 0 nothing of it is known", () => {
  const facts = { ...FACTS, zeroBytes: 0 };
  for (const name of ["what is of a type is not null", "what has a field that is not zero is not null"])
    assert.equal(codesAfter(CASES[name]!.body, facts).length, CASES[name]!.left.length + 1);
});
