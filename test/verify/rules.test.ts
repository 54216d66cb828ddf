/** Each rule of the verifier: the shortest text that breaks it, and what is said. Upstream's wording. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FuncCursor } from "../../src/ir/cursor.ts";
import { Function } from "../../src/ir/function.ts";
import { signatureOf } from "../../src/ir/signature.ts";
import { F32, I32 } from "../../src/ir/types.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { type VerifyOptions, verifierErrorText, verifyFunction } from "../../src/verify/index.ts";

const X64: VerifyOptions = { isa: "x86_64" };

function errorsOf(text: string, options: VerifyOptions = {}): string[] {
  const [func] = parseFunctions(text);
  assert.ok(func !== undefined);
  return verifyFunction(func, options).map(verifierErrorText);
}

/** A function of one block with these instructions, and declarations before it. */
function body(lines: string, declarations = "", signature = "()", params = ""): string {
  return `function %f${signature} {\n${declarations}\nblock0${params}:\n${lines}\n}\n`;
}

function rule(name: string, text: string, expected: readonly string[], options: VerifyOptions = {}): void {
  test(name, () => assert.deepEqual(errorsOf(text, options), expected));
}

test("an empty function and a plain one are well formed", () => {
  assert.deepEqual(errorsOf("function %f() {\n}\n"), []);
  assert.deepEqual(errorsOf(body("v1 = iadd v0, v0\nreturn v1", "", "(i32) -> i32", "(v0: i32)")), []);
});

// Declarations.

rule("a vmctx global needs a vmctx parameter", body("return", "gv0 = vmctx"), [
  "gv0: undeclared vmctx reference gv0",
]);
rule(
  "a cycle of globals is said once",
  body("return", "gv0 = iadd_imm.i64 gv1, 8\ngv1 = iadd_imm.i64 gv0, 8"),
  ["gv0: global value cycle: [gv0, gv1]"],
);
rule(
  "a global computed from another has its type",
  body("return", "gv0 = symbol %s\ngv1 = iadd_imm.i32 gv0, 8\ngv2 = iadd_imm.f32 gv1, 8"),
  [
    "gv1: iadd_imm type i32 differs from operand type i64",
    "gv2: iadd_imm global value with non-int type f32",
  ],
  X64,
);
rule(
  "a global is loaded from an address",
  body("return", "gv0 = symbol %s\ngv1 = load.i32 gv0\ngv2 = load.i32 gv1"),
  ["gv2: base gv1 has type i32, which is not the pointer type i64"],
  X64,
);
rule("a global's alias region exists", body("return", "gv0 = symbol %s\ngv1 = load.i32 region3 gv0"), [
  "gv1: undefined alias region region3",
]);
rule(
  "alias regions have different user ids",
  body("return", 'region0 = 7 "a"\nregion1 = 8 "b"\nregion2 = 7 "c"'),
  ["region2: duplicate alias region user_id 7: region0 and region2"],
);
rule("the entry has the signature's parameters", body("return", "", "(i32)"), [
  "block0: entry block parameters (0) must match function signature (1)",
]);
rule(
  "the entry's parameters have the signature's types",
  body("return", "", "(i32, i64 vmctx)", "(v0: f32, v1: i8)"),
  [
    "block0: entry block parameter 0 expected to have type i32, got f32",
    "block0: entry block parameter 1 expected to have type i64 vmctx, got i8",
  ],
);
rule("the entry is not cold", "function %f() {\nblock0 cold:\n    return\n}", [
  "block0: entry block cannot be marked as cold",
]);
rule("only integers are extended", body("return", "", "(f32 uext)", "(v0: f32)"), [
  "function: Parameter at position 0 has invalid extension Uext",
]);
rule("a struct is not returned", body("trap user1", "", "() -> i64 sarg(8)"), [
  "function: Return value at position 0 can't be an struct argument",
]);
rule("preserve_all gives nothing back", "function %f() -> i32 preserve_all {\nblock0:\n    trap user1\n}", [
  "function: Signature with `preserve_all` ABI cannot have return values",
]);
rule("preserve_all callees give nothing back", body("return", "fn0 = %g() -> i32 preserve_all"), [
  "fn0: Signature with `preserve_all` ABI cannot have return values",
]);
rule("preserve_all signatures give nothing back", body("return", "sig0 = () -> i32 preserve_all"), [
  "sig0: Signature with `preserve_all` ABI cannot have return values",
]);
rule(
  "a preserve_all function has no stack limit",
  "function %f(i64 vmctx) preserve_all {\ngv0 = vmctx\nstack_limit = gv0\nblock0(v0: i64):\n    return\n}",
  ["function: functions with the `preserve_all` ABI cannot have a `stack_limit`"],
);
rule(
  "a preserve_all function has no outline stack probe",
  "function %f() preserve_all {\nblock0:\n    return\n}",
  [
    "function: functions with the `preserve_all` ABI cannot use the outline stack probe (`probestack_strategy=outline`)",
  ],
  { enableProbestack: true },
);

// Blocks.

rule("a terminator ends its block", body("return\nreturn"), [
  "inst0 (return): a terminator instruction was encountered before the end of block0",
]);
rule("a block ends in a terminator", body("nop"), ["block0: block does not end in a terminator instruction"]);
rule("a block has instructions", "function %f() {\nblock0:\n    jump block1\nblock1:\n}", [
  "block1: block1 cannot be empty",
]);

// Uses of values.

rule(
  "a value is defined before its use",
  body("v1 = iadd.i32 v2, v0\nv2 = iadd v0, v0\nreturn", "", "(i32)", "(v0: i32)"),
  ["inst0 (v1 = iadd.i32 v2, v0): uses value v2 from non-dominating inst1"],
);
rule(
  "an instruction does not use its own result",
  body("v1 = iadd.i32 v1, v0\nreturn", "", "(i32)", "(v0: i32)"),
  ["inst0 (v1 = iadd.i32 v1, v0): uses value v1 from itself"],
);
rule(
  "a definition on one path does not dominate the join",
  `function %f(i8) -> i8 {
block0(v0: i8):
    brif v0, block1, block2
block1:
    v1 = ineg v0
    jump block3
block2:
    jump block3
block3:
    return v1
}`,
  ["inst4 (return v1): uses value v1 from non-dominating inst1"],
);
rule(
  "a parameter of one path does not dominate the join",
  `function %f(i8) -> i8 {
block0(v0: i8):
    brif v0, block1(v0), block2
block1(v1: i8):
    jump block2
block2:
    return v1
}`,
  ["inst2 (return v1): uses value arg from non-dominating block1"],
);
rule(
  "unreachable blocks may use what does not dominate them, reachable ones not what they define",
  `function %f(i32) -> i32 {
block0(v0: i32):
    v1 = iadd.i32 v0, v10
    return v1
block1(v10: i32):
    v11 = iadd v0, v1
    return v11
}`,
  ["inst0 (v1 = iadd.i32 v0, v10): uses value arg from non-dominating block1"],
);
rule(
  "an alias counts as what it stands for",
  `function %f(i8) -> i8 {
block0(v0: i8):
    brif v0, block1, block2
block1:
    v1 = ineg v0
    v2 -> v1
    jump block2
block2:
    return v2
}`,
  ["inst3 (return v2): uses value v2 from non-dominating inst1"],
);

// What instructions refer to.

rule("a branch target is in the layout", body("jump block7"), ["inst0: invalid block reference block7"]);
rule("nothing branches to the entry", body("jump block0"), [
  "inst0: invalid reference to entry block block0",
]);
rule(
  "every entry of a table is in the layout",
  "function %f(i32) {\nblock0(v0: i32):\n    br_table v0, block1, [block1, block5]\nblock1:\n    return\n}",
  ["inst0: invalid block reference block5"],
);
rule("an access's alias region exists", body("v1 = load.i32 region0 v0\nreturn", "", "(i64)", "(v0: i64)"), [
  "inst0 (v1 = load.i32 region0 v0): undefined alias region region0",
]);
rule(
  "a call that can be patched out is to a near function, gives nothing back, and is no tail call",
  `function %f() tail {
    fn0 = patchable %far() tail
block0:
    call fn0()
    return
}`,
  ["inst0 (call fn0()): patchable call to non-colocated function"],
);
rule(
  "a patchable callee gives nothing back",
  body("v0 = call fn0()\nreturn", "fn0 = colocated patchable %g() -> i32"),
  ["inst0 (v0 = call fn0()): patchable call cannot occur to a function with return values"],
);
rule(
  "a patchable callee is not tail-called",
  "function %f() tail {\n    fn0 = colocated patchable %g() tail\nblock0:\n    return_call fn0()\n}",
  ["inst0 (return_call fn0()): patchable funcref cannot be used in a return_call"],
);
rule("the pinned register needs a target", body("v0 = get_pinned_reg.i64\nreturn"), [
  "inst0 (v0 = get_pinned_reg.i64 ): GetPinnedReg/SetPinnedReg need an ISA!",
]);
rule(
  "the pinned register needs its setting",
  body("v0 = get_pinned_reg.i64\nset_pinned_reg v0\nreturn"),
  ["inst0 (v0 = get_pinned_reg.i64 ): GetPinnedReg/SetPinnedReg cannot be used without enable_pinned_reg"],
  X64,
);
rule("the pinned register with its setting", body("v0 = get_pinned_reg.i64\nreturn"), [], {
  ...X64,
  enablePinnedReg: true,
});
rule(
  "the frame pointer needs its setting",
  body("v0 = get_return_address.i64\nreturn"),
  [
    "inst0 (v0 = get_return_address.i64 ): `get_frame_pointer`/`get_return_address` cannot be used without enabling `preserve_frame_pointers`",
  ],
  X64,
);
rule(
  "addresses are as wide as the target's",
  body("store.i8 v1, v0\nv2 = load.i8 v0\nreturn", "", "(i64, i8)", "(v0: i64, v1: i8)"),
  [
    "inst0 (store.i8 v1, v0): invalid pointer width (got 64, expected 32) encountered v0",
    "inst1 (v2 = load.i8 v0): invalid pointer width (got 64, expected 32) encountered v0",
  ],
  { pointerType: I32 },
);
rule("a bitcast keeps the width", body("v1 = bitcast.f32 v0\nreturn", "", "(i64)", "(v0: i64)"), [
  "inst0: The bitcast argument v0 has a type of 64 bits, which doesn't match an expected type of 32 bits",
]);
rule(
  "a bitcast has no flags but byte order",
  body("v1 = bitcast.f64 notrap v0\nreturn", "", "(i64)", "(v0: i64)"),
  ["inst0: The bitcast instruction only accepts the `big` or `little` memory flags"],
);
rule(
  "a bitcast between lane counts says the byte order",
  body("v1 = bitcast.i32x2 v0\nreturn", "", "(i64)", "(v0: i64)"),
  ["inst0: Byte order specifier required for bitcast instruction changing lane count"],
);
rule("a constant has the size of its type", body("v0 = vconst.i32x4 const0\nreturn", "const0 = 0x010203"), [
  "inst0: The instruction expects const0 to have a size of 16 bytes but it has 3",
]);

// Types.

test("the control type is in the opcode's set", () => {
  // Text cannot say it: the parser refuses the type.
  const func = new Function(undefined, signatureOf([F32], []));
  const block = func.dfg.makeBlock();
  func.layout.appendBlock(block);
  const param = func.dfg.appendBlockParam(block, F32);
  const cursor = new FuncCursor(func).atEnd(block);
  cursor.iadd(param, param);
  cursor.return_([]);
  assert.deepEqual(verifyFunction(func).map(verifierErrorText), [
    "inst0 (v1 = iadd.f32 v0, v0): has an invalid controlling type f32 (allowed set is {i8 … i128, scalar or 2 … 256 lanes, dynamic vectors})",
  ]);
});
rule("operands have one type", body("v2 = iadd v0, v1\nreturn", "", "(i32, i64)", "(v0: i32, v1: i64)"), [
  "inst0 (v2 = iadd.i32 v0, v1): arg 1 (v1) has type i64, expected i32",
]);
rule(
  "a free operand is in its set",
  body("v2 = ishl v0, v1\nreturn", "", "(i32, f32)", "(v0: i32, v1: f32)"),
  ["inst0 (v2 = ishl.i32 v0, v1): arg 1 (v1) with type f32 failed to satisfy type set {i8 … i128}"],
);
rule("an extended operand is narrower", body("v1 = uextend.i32 v0\nreturn", "", "(i32)", "(v0: i32)"), [
  "inst0 (v1 = uextend.i32 v0): arg 0 (v0) with type i32 failed to satisfy type set {i8 … i16}",
]);
rule("a reduced operand is wider", body("v1 = ireduce.i32 v0\nreturn", "", "(i16)", "(v0: i16)"), [
  "inst0 (v1 = ireduce.i32 v0): arg 0 (v0) with type i16 failed to satisfy type set {i64 … i128}",
]);
rule("a splat's operand has the lane type", body("v1 = splat.i32x4 v0\nreturn", "", "(i8)", "(v0: i8)"), [
  "inst0 (v1 = splat.i32x4 v0): arg 0 (v0) has type i8, expected i32",
]);
rule(
  "branch arguments match the parameters",
  "function %f(i32) {\nblock0(v0: i32):\n    jump block1(v0)\nblock1(v1: i64):\n    return\n}",
  ["inst0 (jump block1(v0)): arg v0 has type i32, expected i64"],
);
rule(
  "branch arguments are as many as the parameters",
  "function %f(i8) {\nblock0(v0: i8):\n    brif v0, block1, block1(v0, v0)\nblock1(v1: i8):\n    return\n}",
  [
    "inst0 (brif.i8 v0, block1, block1(v0, v0)): mismatched argument count for `brif.i8 v0, block1, block1(v0, v0)`: got 0, expected 1",
    "inst0 (brif.i8 v0, block1, block1(v0, v0)): mismatched argument count for `brif.i8 v0, block1, block1(v0, v0)`: got 2, expected 1",
  ],
);
rule(
  "call arguments match the signature",
  body(
    "call fn0(v0, v0)\ncall_indirect sig0, v0(v0)\nreturn",
    "sig0 = ()\nfn0 = %g(i32)",
    "(i64)",
    "(v0: i64)",
  ),
  [
    "inst0 (call fn0(v0, v0)): arg 0 (v0) has type i64, expected i32",
    "inst0 (call fn0(v0, v0)): mismatched argument count for `call fn0(v0, v0)`: got 2, expected 1",
    "inst1 (call_indirect.i64 sig0, v0(v0)): mismatched argument count for `call_indirect.i64 sig0, v0(v0)`: got 1, expected 0",
  ],
);
rule("a return gives the signature's values", body("return v0", "", "(i32) -> i64", "(v0: i32)"), [
  "inst0 (return v0): result 0 has type i32, must match function signature of i64",
]);
rule("a return gives as many values as the signature", body("return", "", "() -> i64"), [
  "inst0 (return): arguments of return must match function signature",
]);
rule(
  "a tail call needs the tail convention on both sides",
  body("return_call fn0()", "fn0 = %g() system_v"),
  [
    "inst0 (return_call fn0()): calling convention `system_v` does not support tail calls",
    "inst0 (return_call fn0()): callee's calling convention must match caller",
  ],
);
rule(
  "a tail call gives what its caller gives",
  "function %f() -> i32 tail {\n    fn0 = %g() -> i64 tail\n    fn1 = %h() tail\nblock0:\n    return_call fn0()\nblock1:\n    return_call fn1()\n}",
  [
    "inst0 (return_call fn0()): result 0 has type i64, must match function signature of i32",
    "inst1 (return_call fn1()): results of callee must match caller",
  ],
);
rule(
  "a global has the type of its instruction",
  body("v0 = symbol_value.i32 gv0\nreturn", "gv0 = symbol %s"),
  [
    "inst0 (v0 = symbol_value.i32 gv0): global_value instruction with type i32 references global value with type i64",
  ],
  X64,
);

// try_call.

function tryCall(
  destinations: string,
  options: { returns?: string; conv?: string; params?: string } = {},
): string {
  const signature = `()${options.returns ?? ""} ${options.conv ?? "tail"}`;
  return `function %f() {
    sig0 = ${signature}
    fn0 = %g${signature}
block0:
    v0 = iconst.i32 1
    try_call fn0(), sig0, ${destinations}
block1${options.params ?? ""}:
    return
}`;
}

rule(
  "retN stands on the normal edge",
  tryCall("block1(ret0), [ default: block1(ret0) ]", { returns: " -> i32", params: "(v1: i32)" }),
  [
    "inst1 (try_call fn0(), sig0, block1(ret0), [ default: block1(ret0) ]): `retN` block argument used outside normal-return target of `try_call`",
  ],
);
rule("retN is one of the results", tryCall("block1(ret1), []", { returns: " -> i32", params: "(v1: i32)" }), [
  "inst1 (try_call fn0(), sig0, block1(ret1), []): out-of-bounds `retN` block argument",
]);
rule("exnN stands on a handler's edge", tryCall("block1(exn0), []", { params: "(v1: i64)" }), [
  "inst1 (try_call fn0(), sig0, block1(exn0), []): `exnN` block argument used outside normal-return target of `try_call`",
]);
rule(
  "exnN is one of the payload's words, of an address's type",
  tryCall("block1(v0), [ default: block1(exn1), tag1: block1(exn2) ]", { params: "(v1: i32)" }),
  [
    "inst1 (try_call fn0(), sig0, block1(v0), [ default: block1(exn1), tag1: block1(exn2) ]  ; v0 = 1): arg exn1 has type i64, expected i32",
    "inst1 (try_call fn0(), sig0, block1(v0), [ default: block1(exn1), tag1: block1(exn2) ]  ; v0 = 1): out-of-bounds `exnN` block argument",
  ],
  X64,
);
rule("the callee's convention has exceptions", tryCall("block1, []", { conv: "fast" }), [
  "inst1 (try_call fn0(), sig0, block1, []): calling convention `fast` of callee does not support exceptions",
]);
rule(
  "retN needs a try_call",
  "function %f() {\nblock0:\n    jump block1(ret0)\nblock1(v0: i32):\n    return\n}",
  ["inst0 (jump block1(ret0)): `retN` block argument in block-call not on `try_call` instruction"],
);
rule(
  "the exception table has the callee's signature",
  "function %f() {\n    sig0 = () tail\n    sig1 = () system_v\n    fn0 = %g sig1\nblock0:\n    try_call fn0(), sig0, block1, []\nblock1:\n    return\n}",
  [
    "inst0 (try_call fn0(), sig0, block1, []): exception table signature sig0 did not match function fn0's signature sig1",
  ],
);
rule(
  "a handler's address is that of a handler",
  `function %f() -> i64 {
    sig0 = () tail
    fn0 = %g sig0
block0:
    v1 = get_exception_handler_address.i64 block1, 1
    jump block1
block1:
    try_call fn0(), sig0, block2, [ default: block2 ]
block2:
    return v1
}`,
  ["inst0: exception handler index 1 is out-of-range"],
);

// Immediates and tags.

rule("a store is not readonly", body("store readonly v0, v0\nreturn", "", "(i64)", "(v0: i64)"), [
  "inst0 (store.i64 readonly v0, v0): A store instruction cannot have the `readonly` MemFlag",
]);
rule("a lane is one of the vector's", body("v1 = extractlane v0, 4\nreturn", "", "(i32x4)", "(v0: i32x4)"), [
  "inst0 (v1 = extractlane.i32x4 v0, 4): The lane 4 does not index into the type i32x4",
]);
rule(
  "a shuffle takes lanes of its two operands",
  body(
    "v1 = shuffle v0, v0, [32 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]\nreturn",
    "",
    "(i8x16)",
    "(v0: i8x16)",
  ).replace("[32 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]", "0x00000000000000000000000000000020"),
  [
    "inst0 (v1 = shuffle v0, v0, 0x00000000000000000000000000000020): shuffle immediate index 32 is larger than the maximum 31",
  ],
);
rule("debug tags stand on calls and sequence points", body("<1> sequence_point\n<2> nop\nreturn"), [
  "inst1: debug tags present on non-call, non-sequence point instruction",
]);

// Stack maps.

function mapped(map: string, slots = "    ss0 = explicit_slot 8\n    ss1 = explicit_slot 4"): string {
  return `function %f() {\n${slots}\n    fn0 = %g()\nblock0:\n    call fn0(), stack_map=[${map}]\n    return\n}`;
}

test("stack maps are verified under a code of their own, and not at all when told so", () => {
  const [func] = parseFunctions(mapped("i64 @ ss1+0"));
  assert.ok(func !== undefined);
  assert.deepEqual(
    verifyFunction(func).map((error) => error.code),
    ["clif-stack-map"],
  );
  assert.deepEqual(verifyFunction(func, { stackMaps: false }), []);
});

rule("maps that fit", mapped("i32 @ ss0+0, i32 @ ss0+4, i32 @ ss1+0"), []);
rule("a map's slot is declared", mapped("i32 @ ss2+0"), [
  "inst0 (call fn0(), stack_map=[i32 @ ss2+0]): stack map entry names ss2, which is not declared",
]);
rule("a map's entry lies in its slot", mapped("i32 @ ss1+1, i64 @ ss0+0"), [
  "inst0 (call fn0(), stack_map=[i32 @ ss1+1, i64 @ ss0+0]): stack map entry i32 @ ss1+1 exceeds the slot's 4 bytes",
]);
rule("a map's entries do not overlap", mapped("i64 @ ss0+0, i32 @ ss1+0, i16 @ ss0+2, i32 @ ss0+4"), [
  "inst0 (call fn0(), stack_map=[i64 @ ss0+0, i32 @ ss1+0, i16 @ ss0+2, i32 @ ss0+4]): stack map entries at ss0+0 and ss0+2 overlap",
  "inst0 (call fn0(), stack_map=[i64 @ ss0+0, i32 @ ss1+0, i16 @ ss0+2, i32 @ ss0+4]): stack map entries at ss0+2 and ss0+4 overlap",
]);
