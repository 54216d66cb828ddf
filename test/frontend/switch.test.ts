/** Switches: what each pattern of keys is lowered to, and that the lowering goes where it should. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FunctionBuilder } from "../../src/frontend/builder.ts";
import { BuilderError } from "../../src/frontend/messages.ts";
import { Switch } from "../../src/frontend/switch.ts";
import { type Block, NONE } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { signatureOf } from "../../src/ir/signature.ts";
import { F32, I8, I16, I32, I64, I128, type Type } from "../../src/ir/types.ts";
import { functionText } from "../../src/text/index.ts";

/** The text after the switched value in block0; block1 is the default, block2 and on are the cases'. */
function lowered(type: Type, keys: readonly (number | bigint)[]): string {
  const func = new Function({ kind: "testcase", name: "s" }, signatureOf([type], []));
  const builder = new FunctionBuilder(func);
  const entry = builder.createBlock();
  builder.appendBlockParamsForFunctionParams(entry);
  builder.switchToBlock(entry);
  const otherwise = builder.createBlock();
  const cases = new Switch();
  const blocks = keys.map((key) => {
    const block = builder.createBlock();
    cases.setEntry(key, block);
    return block;
  });
  cases.emit(builder, func.dfg.blockParam(entry, 0), otherwise);
  const text = functionText(func);
  builder.sealBlock(entry);
  // Blocks that the lowering made are sealed: only the caller's are left.
  for (const block of [otherwise, ...blocks]) {
    builder.sealBlock(block);
    builder.switchToBlock(block);
    builder.ins.return_([]);
  }
  builder.finalize();
  return text.slice(text.indexOf(":\n") + 2, -"}\n".length);
}

test("no case at all is a jump to the default", () => {
  assert.equal(lowered(I8, []), "    jump block1\n");
});

test("the single case 0 is a branch on the value itself", () => {
  assert.equal(lowered(I8, [0]), "    brif v0, block1, block2\n");
});

test("a single case is one comparison", () => {
  assert.equal(
    lowered(I8, [1]),
    `    v1 = iconst.i8 1
    v2 = icmp eq v0, v1  ; v1 = 1
    brif v2, block2, block1
`,
  );
});

test("cases 0 and 1 are a table", () => {
  assert.equal(
    lowered(I8, [0, 1]),
    `    v1 = uextend.i32 v0
    br_table v1, block1, [block2, block3]
`,
  );
});

test("two cases with a gap are two comparisons, the higher first", () => {
  assert.equal(
    lowered(I8, [0, 2]),
    `    v1 = iconst.i8 2
    v2 = icmp eq v0, v1  ; v1 = 2
    brif v2, block3, block4

block4:
    brif.i8 v0, block1, block2
`,
  );
});

test("more than three runs are bisected", () => {
  assert.equal(
    lowered(I8, [0, 1, 5, 7, 10, 11, 12]),
    `    v1 = iconst.i8 7
    v2 = icmp uge v0, v1  ; v1 = 7
    brif v2, block10, block9

block10:
    v3 = iconst.i8 10
    v4 = icmp.i8 uge v0, v3  ; v3 = 10
    brif v4, block12, block11

block12:
    v5 = iconst.i8 -10
    v6 = iadd.i8 v0, v5  ; v5 = -10
    v7 = uextend.i32 v6
    br_table v7, block1, [block6, block7, block8]

block11:
    v8 = iconst.i8 7
    v9 = icmp.i8 eq v0, v8  ; v8 = 7
    brif v9, block5, block1

block9:
    v10 = iconst.i8 5
    v11 = icmp.i8 eq v0, v10  ; v10 = 5
    brif v11, block4, block13

block13:
    v12 = uextend.i32 v0
    br_table v12, block1, [block2, block3]
`,
  );
});

test("the order in which cases are set does not matter", () => {
  const ascending = lowered(I32, [3, 4, 9]);
  const swapped = lowered(I32, [4, 3, 9]);
  assert.equal(swapped, ascending.replace("[block2, block3]", "[block3, block2]"));
});

test("the smallest and the largest key of a type are single comparisons", () => {
  assert.match(lowered(I8, [0x80]), /icmp eq v0, v1 {2}; v1 = -128\n/);
  assert.match(lowered(I8, [0xff]), /icmp eq v0, v1 {2}; v1 = -1\n/);
  assert.match(lowered(I64, [(1n << 64n) - 1n]), /icmp eq v0, v1 {2}; v1 = -1\n/);
});

test("a run at the top of the type's range is one table", () => {
  const text = lowered(I8, [0xfe, 0xff]);
  assert.match(text, /icmp uge v0, v1 {2}; v1 = -2\n/);
  assert.match(text, /br_table v5, block1, \[block2, block3\]\n/);
});

test("a table over 64 bits looks at the upper half first", () => {
  assert.equal(
    lowered(I64, [0, 1]),
    `    v1 = iconst.i64 0xffff_ffff
    v2 = icmp ugt v0, v1  ; v1 = 0xffff_ffff
    brif v2, block1, block4

block4:
    v3 = ireduce.i32 v0
    br_table v3, block1, [block2, block3]
`,
  );
});

test("a single 128-bit key above 64 bits is made of two halves", () => {
  assert.equal(
    lowered(I128, [(5n << 64n) + 7n]),
    `    v1 = iconst.i64 7
    v2 = iconst.i64 5
    v3 = iconcat v1, v2  ; v1 = 7, v2 = 5
    v4 = icmp eq v0, v3
    brif v4, block2, block1
`,
  );
});

test("a 128-bit run above 64 bits is subtracted whole", () => {
  const first = 1n << 80n;
  const text = lowered(I128, [first, first + 1n]);
  assert.match(text, /icmp uge v0, v3\n/);
  assert.match(text, /v7 = iconcat v5, v6 .*\n {4}v8 = isub\.i128 v0, v7\n/);
  assert.match(text, /v10 = uextend\.i128 v9 .*\n {4}v11 = icmp ugt v8, v10\n {4}brif v11, block1, block5\n/);
});

test("a run between 2^63 and 2^64 of a 128-bit switch is subtracted whole", () => {
  const text = lowered(I128, [1n << 63n, (1n << 63n) + 1n]);
  assert.match(text, /v5 = iconst\.i64 -9223372036854775808\n {4}v6 = iconst\.i64 0\n/);
});

test("keys that do not fit the value, or are set twice, are refused", () => {
  const refused = (rule: RegExp, misuse: () => void): void => {
    assert.throws(misuse, (error: unknown) => error instanceof BuilderError && rule.test(error.message));
  };
  refused(/case 256 does not fit .* i8/, () => lowered(I8, [256]));
  refused(/case 3 is set twice/, () => lowered(I8, [3, 3]));
  refused(/case -1 is not an unsigned 128-bit number/, () => lowered(I8, [-1]));
  refused(/case \d+ is not an unsigned 128-bit number/, () => lowered(I128, [1n << 128n]));
  refused(/value switched on is f32/, () => lowered(F32, [0]));
});

// Where a switch goes, by walking what it was lowered to.

/** Follows the lowered switch for one value; understands exactly the opcodes that a lowering is made of. */
function walk(text: string, type: Type, value: bigint): string {
  const bits = { [I8]: 8n, [I16]: 16n, [I32]: 32n, [I64]: 64n, [I128]: 128n }[type]!;
  const wrap = (x: bigint, width: bigint): bigint => BigInt.asUintN(Number(width), x);
  const values = new Map<string, bigint>([["v0", value]]);
  const sections = new Map(
    `block0:\n${text}`
      .split("\n\n")
      .map((section) => [section.slice(0, section.indexOf(":")), section.split("\n").slice(1)]),
  );
  let at = "block0";
  for (;;) {
    const lines = sections.get(at);
    if (lines === undefined) return at;
    for (const line of lines) {
      if (line === "") continue;
      const [, result, op, width, rest] =
        /^ {4}(?:(v\d+) = )?([a-z_]+)(?:\.i(\d+))? (.*?)(?: {2};.*)?$/.exec(line) ?? [];
      const words = rest?.split(/[ ,[\]]+/).filter((word) => word !== "") ?? [];
      const get = (i: number): bigint => values.get(words[i]!)!;
      if (op === "jump") at = words[0]!;
      else if (op === "brif") at = get(0) !== 0n ? words[1]! : words[2]!;
      else if (op === "br_table") at = words[Number(get(0)) + 2] ?? words[1]!;
      else if (op === "iconst")
        values.set(result!, wrap(BigInt(words[0]!.replaceAll("_", "")), BigInt(width!)));
      else if (op === "uextend" || op === "sextend") {
        values.set(result!, op === "sextend" ? wrap(BigInt.asIntN(64, get(0)), 128n) : get(0));
      } else if (op === "ireduce") values.set(result!, wrap(get(0), 32n));
      else if (op === "iconcat") values.set(result!, get(0) | (get(1) << 64n));
      else if (op === "iadd") values.set(result!, wrap(get(0) + get(1), bits));
      else if (op === "isub") values.set(result!, wrap(get(0) - get(1), bits));
      else if (op === "icmp") {
        const [x, y] = [get(1), get(2)];
        const holds = words[0] === "eq" ? x === y : words[0] === "uge" ? x >= y : x > y;
        values.set(result!, holds ? 1n : 0n);
      } else assert.fail(line);
    }
  }
}

test("every key goes to its block and every other value to the default", () => {
  const widest = (1n << 128n) - 1n;
  const sets: readonly (readonly [Type, readonly bigint[]])[] = [
    [I8, [0n, 1n, 2n, 5n, 7n, 9n, 10n, 200n, 201n, 255n]],
    [I16, [3n, 4n, 5n, 0x7fffn, 0x8000n, 0x8001n, 0xffffn]],
    [I32, [0n, 2n, 4n, 6n, 8n, 10n, 11n, 12n, 0xffff_fffen, 0xffff_ffffn]],
    [I64, [0n, 1n, 1n << 32n, (1n << 32n) + 1n, 1n << 63n, (1n << 63n) + 1n, (1n << 64n) - 1n]],
    [
      I128,
      [1n, 2n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, 1n << 64n, 1n << 127n, widest - 1n, widest],
    ],
  ];
  for (const [type, keys] of sets) {
    const text = lowered(type, keys);
    const max = { [I8]: 0xffn, [I16]: 0xffffn, [I32]: 0xffff_ffffn, [I64]: (1n << 64n) - 1n, [I128]: widest }[
      type
    ]!;
    for (const key of keys) {
      for (const value of [key - 1n, key, key + 1n]) {
        if (value < 0n || value > max) continue;
        const index = keys.indexOf(value);
        assert.equal(walk(text, type, value), `block${index < 0 ? 1 : index + 2}`, `${value}\n${text}`);
      }
    }
  }
});

test("a large switch is lowered without deep recursion", () => {
  const func = new Function({ kind: "testcase", name: "s" }, signatureOf([I32], []));
  const builder = new FunctionBuilder(func);
  const entry = builder.createBlock();
  builder.appendBlockParamsForFunctionParams(entry);
  builder.switchToBlock(entry);
  const otherwise: Block = builder.createBlock();
  const cases = new Switch();
  for (let key = 0; key < 60_000; key += 3) cases.setEntry(key, otherwise);
  cases.emit(builder, func.dfg.blockParam(entry, 0), otherwise);
  builder.sealAllBlocks();
  builder.switchToBlock(otherwise);
  builder.ins.return_([]);
  builder.finalize();
  assert.notEqual(func.layout.entryBlock, NONE);
  assert.ok(func.dfg.numBlocks > 20_000);
});
