/** Rewrites that are right, many of them in ways that no spiller here makes yet: the checker knows no policy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, check, complaints } from "./check-text.ts";

const SS0 = "ss0 = explicit_slot 4, align = 4";

function accepts(name: string, example: Case): void {
  test(name, () => assert.equal(complaints(check(example)), ""));
}

accepts("a call that never collects leaves references where they are", {
  needs: "v0",
  before: `block0(v0: i32):
    call fn4()
    call fn1(v0)
    v1 = iconst.i32 0
    return v1`,
  after: `block0(v0: i32):
    call fn4()
    call fn1(v0)
    v1 = iconst.i32 0
    return v1`,
});

accepts("a map on a call that never collects may hold anything that fits", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    call fn4()
    return v0`,
  after: `block0(v0: i32):
    call fn4(), stack_map=[i32 @ ss0+0]
    return v0`,
});

accepts("one reload serves all uses up to the next safepoint", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    call fn0()
    v1 = iadd v0, v0
    v2 = iadd v1, v0
    call fn1(v2)
    return v0`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    v1 = iadd v10, v10
    v2 = iadd v1, v10
    call fn1(v2), stack_map=[i32 @ ss0+0]
    v11 = load.i32 notrap aligned v9
    return v11`,
});

accepts("a reload before a branch serves both arms", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    v1 = call fn3()
    brif v1, block1, block2
block1:
    return v0
block2:
    v2 = iadd.i32 v0, v0
    return v2`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    v1 = call fn3(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    brif v1, block1, block2
block1:
    return v10
block2:
    v2 = iadd.i32 v10, v10
    return v2`,
});

accepts("a value is spilled only where a safepoint needs it, and joins as a new parameter", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    v1 = load.i8 v0
    brif v1, block1, block2
block1:
    call fn0()
    jump block2
block2:
    return v0`,
  after: `block0(v0: i32):
    v1 = load.i8 v0
    brif v1, block1, block2(v0)
block1:
    v9 = stack_addr.i64 ss0
    store.i32 notrap aligned v0, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    jump block2(v10)
block2(v11: i32):
    return v11`,
});

accepts("a parameter travels in its argument's slot; what is passed is never used", {
  needs: "v0 v1",
  slots: SS0,
  before: `block0(v0: i32):
    call fn0()
    jump block1(v0)
block1(v1: i32):
    call fn0()
    return v1`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    jump block1(v0)
block1(v1: i32):
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
});

accepts("a loop carries a reference in one slot, its parameter spilled again each round", {
  needs: "v1 v2",
  slots: SS0,
  before: `block0(v0: i32):
    jump block1(v0)
block1(v1: i32):
    v2 = call fn2()
    v3 = call fn3()
    brif v3, block1(v2), block2
block2:
    return v2`,
  after: `block0(v0: i32):
    jump block1(v0)
block1(v1: i32):
    v2 = call fn2()
    v9 = stack_addr.i64 ss0
    store notrap aligned v2, v9
    v3 = call fn3(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    brif v3, block1(v10), block2
block2:
    return v10`,
});

accepts("the edge of a try_call gets a block that reloads what the edge passes", {
  needs: "v0 v2",
  slots: SS0,
  before: `block0(v0: i32):
    try_call fn2(), sig0, block1(v0, ret0), [ default: block2(v0) ]
block1(v1: i32, v2: i32):
    return v1
block2(v3: i32):
    return v3`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    try_call fn2(), sig0, block3(ret0), [ default: block4 ], stack_map=[i32 @ ss0+0]
block3(v10: i32):
    v11 = load.i32 notrap aligned v9
    jump block1(v11, v10)
block1(v1: i32, v2: i32):
    return v1
block4:
    v12 = load.i32 notrap aligned v9
    jump block2(v12)
block2(v3: i32):
    return v3`,
});

accepts("edges of two branches share an added block", {
  needs: "v0 v3",
  slots: SS0,
  before: `block0(v0: i32):
    v1 = call fn3()
    brif v1, block1, block2
block1:
    jump block3(v0)
block2:
    jump block3(v0)
block3(v3: i32):
    return v3`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    v1 = call fn3(), stack_map=[i32 @ ss0+0]
    brif v1, block1, block2
block1:
    jump block4
block2:
    jump block4
block4:
    v10 = load.i32 notrap aligned v9
    jump block3(v10)
block3(v3: i32):
    return v3`,
});

accepts("a constant is made again instead of being kept", {
  needs: "v1",
  before: `block0(v0: i32):
    v1 = iconst.i32 1234
    call fn0()
    return v1`,
  after: `block0(v0: i32):
    v1 = iconst.i32 1234
    call fn0()
    v9 = iconst.i32 1234
    return v9`,
});

accepts("a mapped slot may hold null where its value is not there yet", {
  needs: "v2",
  slots: SS0,
  before: `block0(v0: i32):
    call fn0()
    v2 = call fn2()
    call fn0()
    return v2`,
  after: `block0(v0: i32):
    v9 = iconst.i32 0
    v10 = stack_addr.i64 ss0
    store notrap aligned v9, v10
    call fn0(), stack_map=[i32 @ ss0+0]
    v2 = call fn2(), stack_map=[i32 @ ss0+0]
    store notrap aligned v2, v10
    call fn0(), stack_map=[i32 @ ss0+0]
    v11 = load.i32 notrap aligned v10
    return v11`,
});

accepts("two values share one slot, side by side", {
  needs: "v0 v1",
  slots: "ss0 = explicit_slot 8, align = 4",
  before: `block0(v0: i32):
    v1 = call fn2()
    call fn0()
    v2 = iadd v0, v1
    return v2`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    v10 = stack_addr.i64 ss0+4
    store notrap aligned v0, v9
    v1 = call fn2(), stack_map=[i32 @ ss0+0]
    store notrap aligned v1, v10
    call fn0(), stack_map=[i32 @ ss0+0, i32 @ ss0+4]
    v11 = load.i32 notrap aligned v9
    v12 = load.i32 notrap aligned v9+4
    v2 = iadd v11, v12
    return v2`,
});

accepts("an undeclared value keeps its bits, in a slot that no map names", {
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
    call fn0()
    v10 = load.i32 notrap aligned v9
    return v10`,
});

accepts("the program's own slots and map entries stay as they are", {
  needs: "v0",
  ownSlots: "ss0 = explicit_slot 8, align = 8",
  slots: "ss1 = explicit_slot 4, align = 4",
  before: `block0(v0: i32):
    v1 = stack_addr.i64 ss0
    store v0, v1
    call fn0(), stack_map=[i32 @ ss0+0]
    return v0`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss1
    store notrap aligned v0, v9
    v1 = stack_addr.i64 ss0
    store v0, v1
    call fn0(), stack_map=[i32 @ ss0+0, i32 @ ss1+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
});

accepts("an irreducible loop", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    v1 = call fn3()
    brif v1, block1, block2
block1:
    v2 = call fn3()
    brif v2, block2, block3
block2:
    call fn1(v0)
    jump block1
block3:
    return v0`,
  after: `block0(v0: i32):
    v9 = stack_addr.i64 ss0
    store notrap aligned v0, v9
    v1 = call fn3(), stack_map=[i32 @ ss0+0]
    brif v1, block1, block2
block1:
    v2 = call fn3(), stack_map=[i32 @ ss0+0]
    brif v2, block2, block3
block2:
    v10 = load.i32 notrap aligned v9
    call fn1(v10), stack_map=[i32 @ ss0+0]
    jump block1
block3:
    v11 = load.i32 notrap aligned v9
    return v11`,
});

accepts("a tail call takes its operands from the slot, and is no safepoint", {
  needs: "v0",
  slots: SS0,
  before: `block0(v0: i32):
    call fn0()
    return_call fn2()
block1:
    return v0`,
  after: `block0(v0: i32):
    call fn0()
    return_call fn2()
block1:
    return v0`,
});

accepts("code that is never reached is left as it is", {
  needs: "v0",
  before: `block0(v0: i32):
    v1 = iconst.i32 7
    return v1
block1:
    call fn0()
    call fn1(v0)
    jump block1`,
  after: `block0(v0: i32):
    v1 = iconst.i32 7
    return v1
block1:
    call fn0()
    call fn1(v0)
    jump block1`,
});

accepts("a declared alias is spilled under the name of what it stands for", {
  needs: "v1",
  slots: SS0,
  before: `block0(v0: i32):
    v1 -> v0
    call fn0()
    return v1`,
  after: `block0(v0: i32):
    v1 -> v0
    v9 = stack_addr.i64 ss0
    store notrap aligned v1, v9
    call fn0(), stack_map=[i32 @ ss0+0]
    v10 = load.i32 notrap aligned v9
    return v10`,
});
