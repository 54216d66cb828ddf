/** Every complaint of the parser: its code, its place, its words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { parseFile } from "../../src/text/index.ts";

/** The error of a text as `line:column code message`. */
function complaint(text: string | Uint8Array): string {
  try {
    parseFile(text);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    const { place, code, message } = error.diagnostic;
    assert.equal(place?.kind, "text");
    return place?.kind === "text" ? `${place.line}:${place.column} ${code} ${message}` : "";
  }
  return "read";
}

/** A function with that body; the body starts at line 3. */
const body = (lines: string): string => `function %f(i32, i64) {\nblock0(v0: i32, v1: i64):\n${lines}\n}\n`;
/** A function with that preamble, which starts at line 2. */
const preamble = (lines: string): string => `function %f() {\n${lines}\nblock0:\n    return\n}\n`;

const CASES: readonly (readonly [what: string, text: string, error: string])[] = [
  ["no function", "block0:", "1:1 clif-syntax expected 'function', found 'block0'"],
  ["no name", "function (", "1:10 clif-syntax expected a function name such as %name or u0:0, found '('"],
  ["half a name", "function u0(", "1:12 clif-syntax expected ':' as in u0:0, found '('"],
  ["no body", "function %f()", "1:14 clif-syntax expected '{' before the body, found the end of the text"],
  [
    "no end",
    "function %f() {",
    "1:16 clif-syntax expected a block such as 'block0:', or '}', found the end of the text",
  ],
  ["unknown convention", "function %f() quick {", "1:15 clif-call-conv unknown calling convention 'quick'"],
  ["no type", "function %f(int) {}", "1:13 clif-syntax expected a type, found 'int'"],
  ["lanes", "function %f(i8x512) {}", "1:13 clif-syntax expected a type, found 'i8x512'"],
  ["character", "function %f() ? {", "1:15 clif-character unexpected character '?'"],
  ["byte", "function %f() \u00e9 {", "1:15 clif-character unexpected byte 0xc3"],
  [
    "column after other characters",
    "function %f() { ; \u00e9\u{1f4a9}\n ?",
    "2:2 clif-character unexpected character '?'",
  ],
  ["test without command", "test\nfunction %f() {}", "1:5 clif-syntax expected a command after 'test'"],
  ["target without name", "target\nfunction %f() {}", "1:7 clif-syntax expected a target's name"],
  [
    "dangling set",
    "target x86_64\nset a=b\nfunction %f() {}",
    "2:1 clif-set a 'set' after the last 'target' has no effect",
  ],
  [
    "feature",
    "feature simd",
    "1:9 clif-syntax expected the name of a feature such as \"simd\", found 'simd'",
  ],

  [
    "slot twice",
    preamble("ss0 = explicit_slot 4\nss0 = explicit_slot 4"),
    "3:1 clif-duplicate ss0 is already defined",
  ],
  [
    "slot kind",
    preamble("ss0 = spill_slot 4"),
    "2:7 clif-syntax expected 'explicit_slot', found 'spill_slot'",
  ],
  [
    "slot size",
    preamble("ss0 = explicit_slot 4294967296"),
    "2:21 clif-range the size of the slot in bytes is out of range",
  ],
  [
    "alignment",
    preamble("ss0 = explicit_slot 4, align = 3"),
    "2:32 clif-range the alignment is not a power of two",
  ],
  [
    "alignment 0",
    preamble("ss0 = explicit_slot 4, align = 0"),
    "2:32 clif-range the alignment is not a power of two",
  ],
  [
    "slot flag",
    preamble("ss0 = explicit_slot 4, colour = 3"),
    "2:24 clif-syntax expected 'align' or 'key', found 'colour'",
  ],
  [
    "region order",
    preamble('region1 = 0 "a"'),
    "2:1 clif-order alias regions are declared in order: expected region0",
  ],
  ["string", preamble('region0 = 0 "a'), "2:13 clif-string this string does not end on its line"],
  [
    "global value",
    preamble("gv0 = heap"),
    "2:7 clif-syntax expected vmctx, load, iadd_imm, symbol or dyn_scale_target_const, found 'heap'",
  ],
  ["undeclared signature", preamble("fn0 = %g sig3"), "2:10 clif-undefined sig3 is not defined"],
  [
    "stack limit twice",
    preamble("gv0 = vmctx\nstack_limit = gv0\nstack_limit = gv0"),
    "4:1 clif-duplicate the stack limit is already defined",
  ],
  [
    "odd constant",
    preamble("const0 = 0x123"),
    "2:10 clif-constant constant data has two digits for each byte",
  ],
  [
    "long constant",
    preamble("const0 = i32x4 0x0102030405060708090a0b0c0d0e0f1011"),
    "2:16 clif-constant a constant of i32x4 has 16 bytes, here are 17",
  ],
  ["lane", preamble("const0 = i8x2 [1 256]"), "2:18 clif-constant 256 does not fit into 8 bits"],
  ["lanes of a scalar", preamble("const0 = i32 [1]"), "2:14 clif-constant i32 has no lanes to list"],
  ["too few lanes", preamble("const0 = i32x2 [1]"), "2:18 clif-syntax expected a 32-bit lane, found ']'"],

  ["opcode", body("v2 = iaddd v0, v0"), "3:6 clif-opcode unknown opcode 'iaddd'"],
  ["old opcode", body("v2 = iadd_imm v0, 1"), "3:6 clif-opcode unknown opcode 'iadd_imm'"],
  ["type needed", body("v2 = iconst 1"), "3:6 clif-type 'iconst' needs its type written"],
  [
    "type not told",
    body("v2 = iadd v3, v3"),
    "3:6 clif-type 'iadd' needs its type written: it cannot be told from v3, which is not yet defined",
  ],
  [
    "type of itself",
    body("v2 = iadd v2, v2"),
    "3:6 clif-type 'iadd' needs its type written: it cannot be told from v2, which is not yet defined",
  ],
  ["type not taken", body("return.i32 v0"), "3:1 clif-type 'return' does not take a type"],
  ["type not valid", body("v2 = fadd v0, v0"), "3:6 clif-type i32 is not a valid type for 'fadd'"],
  [
    "type without constants",
    body("v2 = iconst.i128 1"),
    "3:6 clif-type i128 is not a valid type for 'iconst'",
  ],
  ["results", body("v2, v3 = iadd v0, v0"), "3:10 clif-results 'iadd' gives 1 result, 2 named"],
  ["no results", body("iadd v0, v0"), "3:1 clif-results 'iadd' gives 1 result, 0 named"],
  ["value twice", body("v0 = iadd v0, v0"), "3:1 clif-duplicate v0 is already defined"],
  ["result twice", body("v2, v2 = uadd_overflow v0, v0"), "3:5 clif-duplicate v2 is already defined"],
  ["block twice", body("return\nblock0:"), "4:1 clif-duplicate block0 is already defined"],
  ["undefined operand", body("return v9"), "3:8 clif-undefined v9 is not defined"],
  ["undefined branch argument", body("jump block0(v0, v9)"), "3:17 clif-undefined v9 is not defined"],
  ["undefined function", body("call fn0()"), "3:6 clif-undefined fn0 is not defined"],
  ["undefined slot", body("v2 = stack_addr.i64 ss0"), "3:21 clif-undefined ss0 is not defined"],
  ["undefined global value", body("v2 = symbol_value.i64 gv0"), "3:23 clif-undefined gv0 is not defined"],
  ["undefined constant", body("v2 = vconst.i8x16 const0"), "3:19 clif-undefined const0 is not defined"],
  ["undefined dynamic type", body("v2 = splat.dt0 v0"), "3:12 clif-undefined dt0 is not defined"],
  [
    "dynamic type of a scalar",
    "function %f() {\ndt0 = i32*gv0\nblock0(v0: dt0):\n}",
    "3:12 clif-type dt0 is no dynamic vector",
  ],
  ["8 bits", body("v2 = iconst.i8 256"), "3:16 clif-range an 8-bit integer is out of range"],
  ["-8 bits", body("v2 = iconst.i8 -129"), "3:16 clif-range an 8-bit integer is out of range"],
  [
    "64 bits",
    body("v2 = iconst.i64 0x1_0000_0000_0000_0000"),
    "3:17 clif-number a 64-bit integer: the number does not fit into 64 bits",
  ],
  [
    "no digit",
    body("v2 = iconst.i64 12z"),
    "3:17 clif-number a 64-bit integer: the number has a character that is no digit",
  ],
  ["offset", body("v2 = load.i32 v1+2147483648"), "3:17 clif-range a 32-bit offset is out of range"],
  [
    "float",
    body("v2 = f32const 1.5"),
    "3:15 clif-number not a 32-bit floating-point number: not hexadecimal",
  ],
  [
    "exact float",
    body("v2 = f32const 0x1.0000001p0"),
    "3:15 clif-number not a 32-bit floating-point number: too precise",
  ],
  [
    "large float",
    body("v2 = f32const 0x1.0p128"),
    "3:15 clif-number not a 32-bit floating-point number: too large",
  ],
  [
    "small float",
    body("v2 = f32const 0x1.0p-150"),
    "3:15 clif-number not a 32-bit floating-point number: too small",
  ],
  [
    "payload",
    body("v2 = f32const +sNaN:0x0"),
    "3:15 clif-number not a 32-bit floating-point number: bad payload",
  ],
  [
    "both endians",
    body("v2 = load.i32 big little v1"),
    "3:19 clif-flags an access is big or little endian, not both",
  ],
  [
    "condition",
    body("v2 = icmp lt v0, v0"),
    "3:11 clif-syntax expected an integer condition such as slt, found 'lt'",
  ],
  [
    "atomic operation",
    body("v2 = atomic_rmw.i32 mul v1, v0"),
    "3:21 clif-syntax expected an atomic operation such as add, found 'mul'",
  ],
  [
    "trap code",
    body("trap user251"),
    "3:6 clif-syntax expected a trap code such as heap_oob or user1, found 'user251'",
  ],
  [
    "trap code 0",
    body("trap user0"),
    "3:6 clif-syntax expected a trap code such as heap_oob or user1, found 'user0'",
  ],
  ["lane number", body("v2 = extractlane v0, 256"), "3:22 clif-range a number up to 255 is out of range"],
  ["comma", body("v2 = iadd v0 v0"), "3:14 clif-syntax expected ',', found 'v0'"],
  ["neither alias nor definition", body("v2 v0"), "3:4 clif-syntax expected '=' or '->', found 'v0'"],
  ["stray token", body("return\n]"), "4:1 clif-syntax expected an instruction, a block or '}', found ']'"],
  [
    "instruction outside a block",
    "function %f() {\nreturn\n}",
    "2:1 clif-syntax expected a block such as 'block0:', or '}', found 'return'",
  ],
  [
    "handler",
    "function %f() {\nsig0 = ()\nfn0 = %g sig0\nblock0:\n try_call fn0(), sig0, block0, [ block0 ]\n}",
    "5:34 clif-syntax expected a handler: tag0, default or context, found 'block0'",
  ],
  [
    "stack map elsewhere",
    body("v2 = iadd v0, v0, stack_map=[i32 @ ss0+0]"),
    "3:17 clif-syntax expected an instruction, a block or '}', found ','",
  ],

  ["alias target", body("v2 -> v3"), "3:7 clif-undefined v3 is not yet defined"],
  ["alias of itself", body("v2 -> v2"), "3:1 clif-alias v2 is an alias of itself"],
  ["two aliases", body("v2 -> v0\nv2 -> v1"), "4:1 clif-alias v2 is already an alias of v0"],
  ["alias of a definition", body("v1 -> v0"), "3:1 clif-duplicate v1 is already defined"],
  ["alias list", body("v2, v3 -> v0"), "3:8 clif-alias one value stands before '->'"],
  ["alias that closes a cycle", body("v2 -> v0\nv0 -> v2"), "4:1 clif-duplicate v0 is already defined"],

  ["source location", body("@123456789 nop"), "3:1 clif-range a source location of 32 bits is out of range"],
  [
    "debug tag",
    body("<v0> nop"),
    "3:2 clif-syntax expected a debug tag: a number or a stack slot, found 'v0'",
  ],

  ["directive value", body("; needs-stack-map: v0 v9\nreturn"), "3:23 clif-undefined v9 is not defined"],
  [
    "directive list",
    body("; needs-stack-map: v0 x\nreturn"),
    "3:23 clif-directive ill-formed 'needs-stack-map' directive: expected values such as v0 v3",
  ],
  [
    "directive without colon",
    body("; needs-stack-map v0\nreturn"),
    "3:3 clif-directive ill-formed 'needs-stack-map' directive: expected ':' after the name",
  ],
  [
    "directive type",
    body("; pointer-type: i16\nreturn"),
    "3:17 clif-directive ill-formed 'pointer-type' directive: expected i32 or i64",
  ],
  [
    "directive types",
    body("; pointer-type: i32\n; pointer-type: i64\nreturn"),
    "4:17 clif-directive a second 'pointer-type' directive says otherwise",
  ],
  ["directive function", body("; no-collect: fn0\nreturn"), "3:15 clif-undefined fn0 is not defined"],
  [
    "directive functions",
    body("; no-collect: v0\nreturn"),
    "3:15 clif-directive ill-formed 'no-collect' directive: expected functions such as fn0",
  ],
];

for (const [what, text, error] of CASES) {
  test(`refused: ${what}`, () => assert.equal(complaint(text), error));
}

test("numbers that the text could not pay for are refused", () => {
  const tooLarge = (entity: string, text: string): RegExp =>
    new RegExp(`clif-too-large ${entity} is too large a number for a text of ${text.length} bytes`);
  for (const [entity, text] of [
    ["v4000000000", body("v4000000000 = iadd v0, v0")],
    ["v99999999999999999999", body("v99999999999999999999 = iadd v0, v0")],
    ["v4000000000", body("return v4000000000")],
    ["v4000000000", body("jump block0(v4000000000)")],
    ["v4000000000", body("return\nblock1(v4000000000: i32):")],
    ["block4000000000", body("jump block4000000000")],
    ["block200000000", body("return\nblock200000000:")],
    ["ss200000000", preamble("ss200000000 = explicit_slot 4")],
    ["gv200000000", preamble("gv200000000 = vmctx")],
    ["sig200000000", preamble("sig200000000 = ()")],
    ["fn200000000", preamble("fn200000000 = %g()")],
    ["const200000000", preamble("const200000000 = 0x01")],
    ["dt200000000", preamble("dt200000000 = i32x4*gv0")],
    ["dss200000000", preamble("dss200000000 = explicit_dynamic_slot dt0")],
  ] as const) {
    assert.match(complaint(text), tooLarge(entity, text), text);
  }
  // Many functions share one budget.
  assert.match(complaint(body("v900000 = iadd v0, v0\n").repeat(3)), /clif-too-large v900000/);
});

test("one very long line is read, and its error has a place", () => {
  const sum = "v0, ".repeat(200_000);
  assert.match(complaint(body(`return ${sum}v0`)), /^read$/);
  assert.equal(complaint(body(`return ${sum}v9`)), "3:800008 clif-undefined v9 is not defined");
  assert.match(complaint(`function %${"f".repeat(1_000_000)} {`), /^1:1000012 clif-syntax/);
  assert.match(complaint(body(`v2 = ${"x".repeat(1_000_000)} v0`)), /unknown opcode 'x{40}'$/);
});
