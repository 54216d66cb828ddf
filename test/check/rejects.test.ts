/** Rewrites that are wrong, each in one way, and what is said of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, check, complaints } from "./check-text.ts";

const SS0 = "ss0 = explicit_slot 4, align = 4";

function rejects(name: string, example: Case, complaint: RegExp): void {
  test(name, () => assert.match(complaints(check(example)), complaint));
}

const KEPT = `block0(v0: i32):
    call fn0()
    return v0`;

rejects(
  "a use after a safepoint without a reload",
  { needs: "v0", before: KEPT, after: KEPT },
  /^stale-use: v0 does not reach `return v0` in block0: `call fn0\(\)` in block0 may have moved it, and v0 is used without a reload$/,
);

rejects(
  "a map without the slot",
  {
    needs: "v0",
    slots: SS0,
    before: KEPT,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    call fn0()
    v10 = load.i32 notrap aligned v9
    return v10`,
  },
  /^stale-use: v0 does not reach `return v10` in block0: ss0 holds v0, and the map of `call fn0\(\)` in block0 does not name ss0/,
);

rejects(
  "a reload before the safepoint",
  {
    needs: "v0",
    slots: SS0,
    before: KEPT,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    v10 = load.i32 notrap aligned v9
    call fn0(), stack_map=[i32 @ ss0+0]
    return v10`,
  },
  /^stale-use: v0 does not reach `return v10` in block0: `call fn0.*may have moved it since v10 was made of it/,
);

rejects(
  "a slot that is stored on one path only",
  {
    needs: "v0",
    slots: SS0,
    before: `block0(v0: i32):
    v1 = load.i8 v0
    brif v1, block1, block2
block1:
    jump block2
block2:
    call fn0()
    return v0`,
    after: `block0(v0: i32):
    v1 = load.i8 v0
    brif v1, block1, block2
block1:
    v9 = stack_addr.i64 ss0
    store.i32 notrap aligned v0, v9
    jump block2
block2:
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = stack_addr.i64 ss0
    v11 = load.i32 notrap aligned v10
    return v11`,
  },
  /^map-not-reference: the map of `call fn0.*names ss0, which holds no reference: nothing is stored to ss0 on the way there \| path: block0 → block2/,
);

rejects(
  "a loop-invariant value whose slot is taken inside the loop",
  {
    needs: "v0 v1",
    slots: SS0,
    before: `block0(v0: i32):
    jump block1
block1:
    call fn1(v0)
    v1 = call fn2()
    v2 = call fn3()
    brif v2, block1, block2
block2:
    return v1`,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    jump block1
block1:
    v10 = load.i32 notrap aligned v9
    call fn1(v10), stack_map=[i32 @ ss0+0]
    v1 = call fn2(), stack_map=[i32 @ ss0+0]
    store notrap aligned v1, v9
    v2 = call fn3(), stack_map=[i32 @ ss0+0]
    brif v2, block1, block2
block2:
    v11 = load.i32 notrap aligned v9
    return v11`,
  },
  /^wrong-use: v0 does not reach `call fn1\(v10\).*` in block1: v1, stored to ss0 in block1, overwrites v0, which block1's next round reads/,
);

rejects(
  "a reference on the edge of a try_call",
  {
    needs: "v0",
    before: `block0(v0: i32):
    try_call fn2(), sig0, block1(ret0), [ default: block2(v0) ]
block1(v1: i32):
    return v1
block2(v3: i32):
    return v3`,
    after: `block0(v0: i32):
    try_call fn2(), sig0, block1(ret0), [ default: block2(v0) ]
block1(v1: i32):
    return v1
block2(v3: i32):
    return v3`,
  },
  /^stale-use: v3 does not reach `return v3` in block2: `try_call fn2.* may have moved it, and v0 is used without a reload \| v3 gets v0 on the edge from block0 to block2, where BEFORE passes v0/,
);

rejects(
  "a declared alias whose value is dropped",
  {
    needs: "v1",
    before: `block0(v0: i32):
    v1 -> v0
    call fn0()
    return v0`,
    after: `block0(v0: i32):
    v1 -> v0
    call fn0()
    return v0`,
  },
  /^stale-use: v0 does not reach `return v0`/,
);

rejects(
  "the reload of another value",
  {
    needs: "v0 v1",
    slots: `${SS0}\n ss1 = explicit_slot 4, align = 4`,
    before: `block0(v0: i32):
    v1 = call fn2()
    call fn0()
    call fn1(v0)
    return v1`,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    v10 = stack_addr.i64 ss1
    store notrap aligned v0, v9
    v1 = call fn2(), stack_map=[i32 @ ss0+0]
    store notrap aligned v1, v10
    call fn0(), stack_map=[i32 @ ss0+0, i32 @ ss1+0]
    v11 = load.i32 notrap aligned v10
    call fn1(v11), stack_map=[i32 @ ss1+0]
    v12 = load.i32 notrap aligned v10
    return v12`,
  },
  /^wrong-use: v0 does not reach `call fn1\(v11\).*: v1, stored to ss1 in block0, is not v0/,
);

rejects(
  "a plain number in a slot that a map names",
  {
    needs: "v0",
    slots: SS0,
    before: `block0(v0: i32):
    v1 = iadd v0, v0
    call fn0()
    return v1`,
    after: `block0(v0: i32):
    v1 = iadd v0, v0
    v9 = stack_addr.i64 ss0
    store notrap aligned v1, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
  },
  /^map-not-reference: .*v1, stored to ss0 in block0, is not a live i32 reference/,
);

rejects(
  "any constant but null in a slot that a map names",
  {
    needs: "v0",
    slots: SS0,
    before: "block0(v0: i32):\n call fn0()\n v1 = iconst.i32 0\n return v1",
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    v10 = iconst.i32 77
    store notrap aligned v10, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    v1 = iconst.i32 0
    return v1`,
  },
  /^map-not-reference: /,
);

rejects(
  "an entry of another type than the value",
  {
    needs: "v0",
    slots: SS0,
    before: KEPT,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    call fn0(), stack_map=[f32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
  },
  /^map-not-reference: /,
);

const SPILLED = `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    call fn0(), stack_map=[MAP]
    v10 = load.i32 notrap aligned v9
    return v10`;
const mapped = (map: string, slots = SS0): Case => ({
  needs: "v0",
  slots,
  before: KEPT,
  after: SPILLED.replace("MAP", map),
});

rejects(
  "a map that names a slot twice",
  mapped("i32 @ ss0+0, i32 @ ss0+0"),
  /^map-overlap: the map names ss0 twice/,
);
rejects("a map that reaches beyond its slot", mapped("i64 @ ss0+0"), /^map-bounds: .*reaches beyond ss0/);
rejects("a map of a slot that is not there", mapped("i32 @ ss0+0, i32 @ ss7+0"), /^map-bounds: /);

rejects(
  "entries that overlap",
  mapped("i32 @ ss0+0, i32 @ ss0+2", "ss0 = explicit_slot 8, align = 4"),
  /^map-overlap: /,
);

rejects(
  "a spill over part of another",
  {
    needs: "v0",
    slots: "ss0 = explicit_slot 8, align = 4",
    before: `block0(v0: i32):
    v1 = iconst.i16 5
    call fn0()
    return v0`,
    after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    v1 = iconst.i16 5
    store notrap aligned v1, v9+2
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
  },
  /^map-not-reference: /,
);

rejects(
  "a map of the program's own slot that BEFORE does not name",
  {
    ...mapped("i32 @ ss0+0, i32 @ ss1+0"),
    ownSlots: SS0,
    slots: "ss1 = explicit_slot 4, align = 4",
    after: SPILLED.replace("MAP", "i32 @ ss0+0, i32 @ ss1+0").replace(
      "stack_addr.i64 ss0",
      "stack_addr.i64 ss1",
    ),
  },
  /^map-program-slot: /,
);

rejects(
  "a map entry of BEFORE that is gone",
  {
    needs: "v0",
    ownSlots: SS0,
    before: "block0(v0: i32):\n call fn0(), stack_map=[i32 @ ss0+0]\n v1 = iconst.i32 0\n return v1",
    after: "block0(v0: i32):\n call fn0()\n v1 = iconst.i32 0\n return v1",
  },
  /^map-lost-entry: /,
);

// Structure.

const PROGRAM = `block0(v0: i32):
    v1 = iadd v0, v0
    call fn0()
    call fn1(v1)
    brif v1, block1(v1), block2(v1)
block1(v2: i32):
    return v2
block2(v3: i32):
    return v3`;
const changed = (from: string, to: string): Case => ({
  needs: "v0",
  slots: SS0,
  before: PROGRAM,
  after: PROGRAM.replace(from, to),
});

rejects(
  "a call that is gone",
  changed("    call fn0()\n", ""),
  /^missing-instruction: the call before this call is gone/,
);
rejects(
  "a last instruction that is gone",
  changed("    return v3", ""),
  /^missing-instruction: the return of block2 is gone/,
);
rejects("another opcode", changed("iadd", "isub"), /^changed-instruction: isub stands where the iadd should/);
rejects(
  "another callee",
  changed("fn0()", "fn4()"),
  /^changed-instruction: call stands where the call should: other immediates/,
);
rejects(
  "another result",
  changed("v1 = iadd", "v8 = iadd v0, v0\n v1 = iadd"),
  /^added-instruction: iadd is not in BEFORE/,
);
rejects(
  "an instruction added",
  changed("    call fn0()", "    call fn0()\n    call fn0()"),
  /^changed-instruction: /,
);
rejects(
  "destinations exchanged",
  changed("block1(v1), block2(v1)", "block2(v1), block1(v1)"),
  /^changed-destination: destination 0 is block1 in BEFORE/,
);
rejects(
  "a parameter of another name",
  changed("block1(v2: i32):\n    return v2", "block1(v8: i32):\n    return v8"),
  /^changed-block: parameter 0 of block1/,
);
rejects(
  "blocks in another order",
  changed(
    PROGRAM.slice(PROGRAM.indexOf("block1(v2")),
    "block2(v3: i32):\n return v3\nblock1(v2: i32):\n return v2",
  ),
  /^changed-block: /,
);
rejects(
  "another value for an operand",
  changed("call fn1(v1)", "call fn1(v0)"),
  /^wrong-use: v1 does not reach `call fn1\(v0\)` in block0: v0 stands in its place/,
);
rejects(
  "another value on an edge",
  changed("block2(v1)\n", "block2(v0)\n"),
  /^wrong-use: v3 does not reach `return v3` in block2: v0 stands in its place \| v3 gets v0 on the edge from block0 to block2, where BEFORE passes v1/,
);
rejects(
  "the address of a slot as an operand",
  changed("    call fn1(v1)", "    v9 = stack_addr.i64 ss0\n    v10 = load.i32 v9\n    call fn1(v10)"),
  /^wrong-use: v1 does not reach .*nothing is stored to ss0/,
);
rejects(
  "a reload that may be moved",
  changed(
    "    call fn1(v1)",
    "    v9 = stack_addr.i64 ss0\n    v10 = load.i32 notrap aligned readonly can_move v9\n    call fn1(v1)",
  ),
  /^added-access: a reload that may be moved/,
);
rejects(
  "an access beyond the slot",
  changed(
    "    call fn1(v1)",
    "    v9 = stack_addr.i64 ss0\n    v10 = load.i64 notrap aligned v9\n    call fn1(v1)",
  ),
  /^added-access: bytes 0 to 8 of ss0, which has 4/,
);
rejects(
  "an added store through another address",
  changed("    call fn1(v1)", "    v9 = stack_addr.i64 ss0\n    v10 = load.i64 v0\n    call fn1(v1)"),
  /^added-access: an added load from something else than an added stack_addr/,
);
rejects(
  "the program's own slot used for a spill",
  { needs: "v0", ownSlots: SS0, before: KEPT, after: SPILLED.replace("MAP", "i32 @ ss0+0") },
  /^added-access: an added address of ss0, a slot of the program's own/,
);
rejects(
  "a value that is not defined on every path",
  { needs: "v0", slots: SS0, before: PROGRAM, after: PROGRAM.replace("    return v3", "    return v2") },
  /^after-invalid: v2 is not defined on every path to its use$/,
);
rejects(
  "a program that is not valid itself",
  {
    needs: "v0",
    before: PROGRAM.replace("    return v3", "    return v2"),
    after: PROGRAM.replace("    return v3", "    return v2"),
  },
  /^before-invalid: v2 is not defined on every path to its use in BEFORE$/,
);
rejects(
  "an added block that goes in circles",
  changed("block1(v1), block2(v1)\n", "block3, block2(v1)\nblock3:\n jump block3\n"),
  /^changed-destination: the added block3 leads nowhere/,
);
rejects(
  "a call in an added block",
  changed("block1(v1), block2(v1)\n", "block3, block2(v1)\nblock3:\n call fn0()\n jump block1(v1)\n"),
  /^added-instruction: call is not in BEFORE/,
);
