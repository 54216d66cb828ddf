/** What is read, and how it prints: our own seeds, directives, comments, lines, chunks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Block, type Inst, NONE } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import {
  functionText,
  instText,
  parseEach,
  parseFile,
  parseFunctions,
  signatureText,
  writeFunction,
} from "../../src/text/index.ts";
import { SEEDS } from "./seeds.ts";

const VALID = SEEDS.filter((seed) => !seed.includes("@0010 block0"));

test("the seeds print to texts that read back to themselves", () => {
  assert.equal(VALID.length, SEEDS.length - 1, "one seed is ill-formed on purpose");
  for (const seed of VALID) {
    for (const func of parseFunctions(seed)) {
      const text = functionText(func, { directives: true, dynamicTypes: true });
      assert.equal(functionText(parseFunctions(text)[0]!, { directives: true, dynamicTypes: true }), text);
    }
  }
});

test("a function with everything prints as upstream would", () => {
  const file = parseFile(SEEDS[0]!);
  assert.deepEqual(file.commands, [{ name: "cat", options: [], line: 1 }]);
  assert.deepEqual(file.settings, [{ words: ["opt_level=speed"], line: 2 }]);
  assert.deepEqual(
    file.targets.map(({ triple, settings }) => [triple, ...settings]),
    [["x86_64", "has_sse41"]],
  );
  assert.deepEqual(
    file.features.map(({ name, wanted }) => [name, wanted]),
    [
      ["simd", true],
      ["threads", false],
    ],
  );
  const { func } = file.functions[0]!;
  assert.equal(
    functionText(func).split("\nblock0")[0],
    `function %everything(i32 uext, i64 vmctx, i64 sarg(16), f32) -> i8 sext, f64 system_v {
    ss0 = explicit_slot 16, align = 8, key = 18364758544493064720
    ss1 = explicit_slot 0
    ss2 = explicit_slot 4
    region0 = 7 "heap"
    region1 = 9 "stack map"
    gv0 = vmctx
    gv1 = load.i64 notrap aligned readonly gv0+8
    gv2 = iadd_imm.i64 gv1, -32
    gv3 = symbol colocated tls %name+16
    gv4 = symbol userextname0
    sig0 = (i32, i64) -> i64 tail
    sig1 = () fast
    sig2 = (i32) -> i32 fast
    fn0 = colocated u0:7 sig0
    fn1 = %Memcpy sig1
    fn3 = patchable %other sig2
    const0 = 0x00112233445566778899aabbccddeeff
    const2 = 0x000000047ffffffffffffffe00000001
    const3 = 0x3fff0000000000000000000000000000
    stack_limit = gv2
`,
  );
});

test("directives fill the function and print on demand", () => {
  const text = `function %f(i64) tail {
; needs-stack-map: v0 v2
; pointer-type: i32
; no-collect: fn1
    sig0 = () -> i64 tail
    fn0 = u0:0 sig0
    fn1 = u0:1 sig0

block0(v0: i64):
    v1 = call fn0()
    v2 = call fn1()
    return
}
`;
  const func = parseFunctions(text)[0]!;
  assert.deepEqual(func.needsStackMap, [0, 2]);
  assert.deepEqual(
    func.dfg.extFuncs.map((extFunc) => extFunc.noCollect),
    [false, true],
  );
  assert.equal(func.mayCollect(0 as Inst), true);
  assert.equal(func.mayCollect(1 as Inst), false);
  assert.equal(functionText(func, { directives: true }), text);
  assert.equal(functionText(func), text.replace(/^;.*\n/gm, ""));
});

test("a declared value that was removed is not named, so that the text reads back", () => {
  const [func] = parseFunctions(`function %f(i32) -> i32 tail {
; needs-stack-map: v0 v1 v2 v3
block0(v0: i32):
    v1 = iconst.i32 8
    v2 -> v1
    v3 -> v0
    jump block1(v0)
block1(v4: i32):
    return v4
}
`);
  func!.layout.removeInst(0 as Inst);
  const text = functionText(func!, { directives: true });
  assert.match(text, /\n; needs-stack-map: v0 v3\n/);
  assert.equal(functionText(parseFunctions(text)[0]!, { directives: true }), text);
});

test("a directive stands anywhere in its function, and nowhere else is one", () => {
  const func = parseFunctions(`; needs-stack-map: v7
function %f(i32) { ; pointer-type is not said here
block0(v0: i32): ; needs-stack-map: v0, v1
    v1 = iadd v0, v0 ; no-collecting here
    return
;; needs-stack-map: v9
}
; needs-stack-map: v8
`)[0]!;
  assert.deepEqual(func.needsStackMap, [0, 1]);
});

test("comments keep their line and what they follow", () => {
  const file = parseFile(`; before
test verifier ; not an option
function %f() { ; head
    ss0 = explicit_slot 4 ; slot
; below the slot
block0: ; block
    nop ; first
    ; check: below
    return ; second
}
; run: %f()
`);
  assert.deepEqual(
    file.preambleComments.map(({ text, line }) => [text, line]),
    [
      ["; before", 1],
      ["; not an option", 2],
    ],
  );
  assert.deepEqual(file.commands, [{ name: "verifier", options: [], line: 2 }]);
  const { details, line } = file.functions[0]!;
  assert.equal(line, 3);
  assert.deepEqual(
    details.comments.map(({ text, line, entity }) => [line, entity, text]),
    [
      [3, "function", "; head"],
      [4, "ss0", "; slot"],
      [5, "ss0", "; below the slot"],
      [6, "block0", "; block"],
      [7, "inst0", "; first"],
      [8, "inst0", "; check: below"],
      [9, "inst1", "; second"],
      [11, "function", "; run: %f()"],
    ],
  );
  assert.equal(details.instLine(1 as Inst), 9);
  assert.equal(details.blockLine(0 as Block), 6);
});

test("calling conventions: fast, the host's with 'test run', or as asked", () => {
  const conv = (text: string, options = {}): string => parseFunctions(text, options)[0]!.signature.callConv;
  assert.equal(conv("function %f() {}"), "fast");
  assert.equal(conv("test interpret\ntest run\nfunction %f() {}"), "system_v");
  assert.equal(conv("test run\nfunction %f() {}", { runCallConv: "apple_aarch64" }), "apple_aarch64");
  assert.equal(conv("function %f() {}", { defaultCallConv: "tail" }), "tail");
  assert.equal(conv("function %f() winch {}", { defaultCallConv: "tail" }), "winch");
});

test("a file is read function by function, also into one that is reused", () => {
  const text = Array.from(
    { length: 50 },
    (_, i) => `function u0:${i}(i32) fast {\nblock0(v0: i32):\n    return v0\n}\n`,
  );
  const expected = text.map((one) => one.replace("{\nblock0", "{\nblock0"));
  for (const reuse of [false, true]) {
    const printed: string[] = [];
    const seen = new Set<Function>();
    parseEach(text.join("\n"), ({ func }) => printed.push(functionText(func)) && seen.add(func), { reuse });
    assert.deepEqual(printed, expected);
    assert.equal(seen.size, reuse ? 1 : 50);
  }
});

test("a byte order mark, carriage returns and other space are space", () => {
  const func = parseFunctions("\ufefffunction %f()\r\n{\r\n\tblock0:\r\n\v\freturn ; end\r\n}\r\n")[0]!;
  assert.equal(functionText(func), "function %f() fast {\nblock0:\n    return\n}\n");
});

test("blocks that only branches name exist, outside the layout", () => {
  const func = parseFunctions("function %f() {\nblock0:\n    jump block7\n}")[0]!;
  assert.equal(func.dfg.numBlocks, 8);
  assert.equal(func.layout.isBlockInserted(7 as Block), false);
});

test("text comes in chunks that are whole, whatever their size", () => {
  const func = parseFunctions(
    `function %f() {\n    region0 = 0 "${"\u{1f4a9}é".repeat(40_000)}"\n    sig0 = (${Array(30_000).fill("i64").join(", ")}) fast\nblock0:\n}`,
  )[0]!;
  const whole = functionText(func);
  const chunks: Uint8Array[] = [];
  writeFunction(func, (chunk) => chunks.push(chunk.slice()));
  assert.ok(chunks.length > 3);
  assert.equal(Buffer.concat(chunks).toString(), whole);
  assert.equal(functionText(parseFunctions(whole)[0]!), whole);
});

test("a sink may print another function", () => {
  const func = parseFunctions("function %f() {\nblock0:\n    return\n}")[0]!;
  let inner = "";
  writeFunction(func, () => {
    inner = functionText(new Function());
  });
  assert.equal(inner, "function u0:0() fast {\n}\n");
  assert.equal(functionText(func), "function %f() fast {\nblock0:\n    return\n}\n");
});

test("instructions and signatures on their own", () => {
  const func = parseFunctions(
    "function %f(i32) -> i8 {\nblock0(v0: i32):\n    v1 = iconst.i32 7\n    v2 = iadd v0, v1\n    nop\n    return v1\n}",
  )[0]!;
  assert.equal(instText(func, 1 as Inst), "v2 = iadd.i32 v0, v1  ; v1 = 7");
  assert.equal(instText(func, 2 as Inst), "nop ");
  assert.equal(signatureText(func.signature), "(i32) -> i8 fast");
  assert.equal(func.sourceLoc(0 as Inst), NONE);
});

test("floating-point numbers of all widths keep every bit", () => {
  const numbers: Record<string, readonly string[]> = {
    f16const: [
      "0.0",
      "-0.0",
      "0x1.000p0",
      "-0x1.ffcp15",
      "0x0.004p-14",
      "+Inf",
      "-Inf",
      "+NaN",
      "-NaN:0x1ff",
      "+sNaN:0x1",
    ],
    f32const: [
      "0.0",
      "0x1.921fb6p1",
      "-0x1.fffffep127",
      "0x0.000002p-126",
      "-NaN",
      "+NaN:0x3fffff",
      "-sNaN:0x3fffff",
    ],
    f64const: ["0x1.921fb54442d18p1", "0x0.0000000000001p-1022", "+NaN:0x7ffffffffffff", "-sNaN:0x100000000"],
  };
  for (const [op, texts] of Object.entries(numbers)) {
    const lines = texts.map((number, i) => `    v${i} = ${op} ${number}\n`).join("");
    const text = `function %f() fast {\nblock0:\n${lines}    return\n}\n`;
    assert.equal(functionText(parseFunctions(text)[0]!), text);
  }
  const wide = [
    "0x1.921fb54442d18469898cc51701b8p1",
    "-0x0.0000000000000000000000000001p-16382",
    "+NaN:0x7fffffffffffffffffffffffffff",
    "-sNaN:0x1",
    "-0.0",
    "+Inf",
  ];
  for (const number of wide) {
    const func = parseFunctions(
      `function %f() -> f128 {\nblock0:\n v0 = f128const ${number}\n return v0\n}`,
    )[0]!;
    assert.ok(functionText(func).includes(`; v0 = ${number}\n`), functionText(func));
  }
});

test("dynamic types whose numbers were skipped are not printed", () => {
  const func = parseFunctions(
    "function %f() {\n dt1 = i32x4*gv0\n gv0 = vmctx\nblock0(v0: dt1):\n return\n}",
  )[0]!;
  const text = functionText(func, { dynamicTypes: true });
  assert.match(text, /^ {4}dt1 = i32x4\*gv0$/m);
  assert.doesNotMatch(text, /dt0/);
  assert.equal(functionText(parseFunctions(text)[0]!, { dynamicTypes: true }), text);
  assert.match(functionText(func), /^block0\(v0: types::I32x4xN\):$/m);
});
