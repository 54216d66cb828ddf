/**
 * What `legalize` takes out, instruction by instruction: in the interpreter as it was, compiled as it has become, on all pairs of
 * values that are special for it. Random functions (`test/backend/random.test.ts`) show that the passes keep what is around.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DataValue, Interpreter, unsignedOf } from "../../src/interp/index.ts";
import { ATOMIC_OPS, FLOAT_CONDITIONS, INT_CONDITIONS } from "../../src/ir/conditions.ts";
import { bytesOf, isFloat, laneBits, laneType, type Type, typeOfName } from "../../src/ir/types.ts";
import { CompiledFile } from "../../src/lab/compiled/compiled-file.ts";
import { Random } from "../../src/lab/fuzz/random.ts";
import { functionText, parseFile } from "../../src/text/index.ts";
import { verifyFunction } from "../../src/verify/index.ts";

/** A function of one instruction. */
function single(name: string, params: readonly string[], returns: string, body: string): string {
  const args = params.map((type, i) => `v${i}: ${type}`).join(", ");
  return `function %${name}(${params.join(", ")}) -> ${returns} {\nblock0(${args}):\n${body}}\n`;
}

function plain(ops: readonly string[], types: readonly string[], count: number): string[] {
  return types.flatMap((type) =>
    ops.map((op, i) => {
      const args = Array.from({ length: count }, (_, at) => `v${at}`).join(", ");
      const params = Array.from({ length: count }, () => type);
      return single(`f${i}${type}${count}`, params, type, `    v9 = ${op} ${args}\n    return v9\n`);
    }),
  );
}

function comparisons(op: string, conditions: readonly string[], type: string, result: string): string[] {
  return conditions.map((condition) =>
    single(`${op}${condition}`, [type, type], result, `    v9 = ${op} ${condition} v0, v1\n    return v9\n`),
  );
}

/** Integers by their bits from 0 up and down, and the ends of the range; floats of every class. */
function specials(type: Type, random: Random): bigint[] {
  const bits = BigInt(laneBits(type));
  if (type === typeOfName("f32")) {
    return [
      0n,
      1n,
      0x8000_0000n,
      0x3f80_0000n,
      0x3f80_0001n,
      0xbf80_0001n,
      0x7f7f_ffffn,
      0x7f80_0000n,
      0xff80_0000n,
      0x7fc0_0000n,
      0x3f80_0800n,
      0x0d80_0000n,
      0x8d80_0000n,
      0x4b00_0001n,
      0x7149_f2cbn,
    ];
  }
  if (type === typeOfName("f64")) {
    return [
      0n,
      1n << 63n,
      0x3ff0_0000_0000_0000n,
      0xbff0_0000_0000_0001n,
      0x7ff0_0000_0000_0000n,
      0x7ff8_0000_0000_0000n,
    ];
  }
  const least = 1n << (bits - 1n);
  const values = [
    0n,
    1n,
    2n,
    7n,
    -1n,
    -2n,
    -7n,
    least,
    least - 1n,
    least + 1n,
    1n << (bits / 2n),
    (1n << (bits / 2n)) - 1n,
  ];
  for (let i = 0; i < 3; i++)
    values.push(...[random.bits()].map((word) => BigInt(word >>> 0) * 0x1_0001_0003_0000_0005n));
  return values.map((value) => BigInt.asUintN(Number(bits), value));
}

/** The special values, one after the other in the lanes of a vector, each meeting each other's in some place. */
function inputs(type: Type, random: Random, turn: number): DataValue {
  const lane = laneType(type);
  const values = specials(lane, random);
  const bytes = new Uint8Array(bytesOf(type));
  const laneBytes = laneBits(type) / 8;
  for (let at = 0; at < bytes.length; at += laneBytes) {
    let value = values[(turn + at / laneBytes) % values.length]!;
    for (let i = 0; i < laneBytes; i++, value >>= 8n) bytes[at + i] = Number(value & 0xffn);
  }
  return { type, bytes };
}

/** A NaN's sign and payload are the engine's choice. */
function isNaNLane(type: Type, bits: bigint): boolean {
  if (!isFloat(laneType(type)) || laneBits(type) === 128) return false;
  const [exponent, mantissa] = laneBits(type) === 32 ? [0xff, 23n] : [0x7ff, 52n];
  const isNumber = Number((bits >> mantissa) & BigInt(exponent)) !== exponent;
  return !isNumber && (bits & ((1n << mantissa) - 1n)) !== 0n;
}

function shown(value: DataValue): string {
  const width = laneBits(value.type);
  const all = unsignedOf(value);
  const lanes: string[] = [];
  for (let at = 0; at < bytesOf(value.type) * 8; at += width) {
    const bits = BigInt.asUintN(width, all >> BigInt(at));
    lanes.push(isNaNLane(value.type, bits) ? "nan" : bits.toString(16));
  }
  return lanes.join(" ");
}

/** How often each function is called for a pair: once a special value for scalars, fewer where lanes have several. */
const TURNS = 15;

function agree(texts: readonly string[]): number {
  const source = texts.map((text, i) => text.replace(/%\w+/, `%f${i}`)).join("\n");
  const [before, after] = [parseFile(source), parseFile(source)];
  for (const { func } of before.functions) assert.deepEqual(verifyFunction(func, {}), [], source);
  const interpreter = new Interpreter(before.functions.map(({ func }) => func));
  const compiled = new CompiledFile(after.functions.map(({ func }) => func));
  for (const { func } of after.functions) assert.deepEqual(verifyFunction(func, {}), [], functionText(func));
  const random = new Random(1);
  let returned = 0;
  before.functions.forEach(({ func }, index) => {
    const types = func.signature.params.map(({ type }) => type);
    for (let turn = 0; turn < TURNS ** Math.min(types.length, 3); turn++) {
      const args = types.map((type, i) => inputs(type, random, Math.floor(turn / TURNS ** i) % TURNS));
      const wanted = interpreter.call(`%f${index}`, args);
      const got = compiled.call(index, args);
      const where = `${texts[index]} on ${args.map(shown).join(", ")}`;
      assert.equal(got.kind, wanted.kind, `${where}: ${JSON.stringify(got)}`);
      if (wanted.kind !== "returned" || got.kind !== "returned") continue;
      returned++;
      assert.deepEqual(got.values.map(shown), wanted.values.map(shown), where);
    }
  });
  return returned;
}

test("integers of 128 bits: arithmetic, bits, orders", () => {
  const binary = [
    "iadd",
    "isub",
    "imul",
    "umulhi",
    "smulhi",
    "umin",
    "umax",
    "smin",
    "smax",
    "band",
    "bor",
    "bxor",
  ];
  const divisions = ["udiv", "sdiv", "urem", "srem"];
  const unary = ["ineg", "iabs", "bnot", "clz", "ctz", "cls", "popcnt", "bitrev", "bswap", "bmask.i128"];
  const texts = [
    ...plain([...binary, ...divisions], ["i128"], 2),
    ...plain(unary, ["i128"], 1),
    ...plain(["bitselect"], ["i128"], 3),
    ...comparisons("icmp", INT_CONDITIONS, "i128", "i8"),
  ];
  assert.ok(agree(texts) > 6000);
});

test("integers of 128 bits: shifts by all amounts, and what has two results", () => {
  const shifts = ["ishl", "ushr", "sshr", "rotl", "rotr"].flatMap((op) =>
    [0, 1, 31, 63, 64, 65, 127, 128, 200].map((amount) =>
      single("s", ["i128"], "i128", `    v1 = iconst.i32 ${amount}\n    v9 = ${op} v0, v1\n    return v9\n`),
    ),
  );
  const carries = ["uadd_overflow", "sadd_overflow", "usub_overflow", "ssub_overflow"].map((op) =>
    single("c", ["i128", "i128"], "i128, i8", `    v8, v9 = ${op} v0, v1\n    return v8, v9\n`),
  );
  const carriedIn = ["uadd_overflow_cin", "sadd_overflow_cin", "usub_overflow_bin", "ssub_overflow_bin"].map(
    (op) =>
      single(
        "c",
        ["i128", "i128"],
        "i128, i8",
        `    v2 = iconst.i8 1\n    v8, v9 = ${op} v0, v1, v2\n    return v8, v9\n`,
      ),
  );
  assert.ok(agree([...shifts, ...carries, ...carriedIn]) > 2000);
});

test("lanes that Wasm has no instruction for", () => {
  const wide = ["i32x4", "i64x2"];
  const ints = ["i8x16", "i16x8", ...wide];
  const texts = [
    ...plain(["imul", "umulhi", "smulhi", "umin", "umax", "smin", "smax"], ints, 2),
    ...plain(["uadd_sat", "sadd_sat", "usub_sat", "ssub_sat", "avg_round"], ints, 2),
    ...plain(["popcnt"], ints, 1),
    ...plain(["sqmul_round_sat"], ["i16x8", "i32x4"], 2),
    ...plain(["fcopysign"], ["f32x4", "f64x2"], 2),
    ...plain(["bitselect"], ["f32", "f64"], 3),
    ...comparisons("icmp", INT_CONDITIONS, "i64x2", "i64x2"),
    ...comparisons("fcmp", FLOAT_CONDITIONS, "f32x4", "i32x4"),
    ...comparisons("fcmp", FLOAT_CONDITIONS, "f64x2", "i64x2"),
    ...ints.flatMap((type) =>
      ["rotl", "rotr"].map((op) =>
        single("r", [type, "i32"], type, `    v9 = ${op} v0, v1\n    return v9\n`),
      ),
    ),
  ];
  assert.ok(agree(texts) > 15_000);
});

test("floats of 128 bits are moved", () => {
  const select = single("s", ["i64", "f128", "f128"], "f128", "    v9 = select v0, v1, v2\n    return v9\n");
  const casts = [
    ["f128", "i128"],
    ["i128", "f128"],
    ["f128", "i8x16"],
    ["f64x2", "f128"],
  ].map(([from, to]) => single("b", [from!], to!, `    v9 = bitcast.${to} little v0\n    return v9\n`));
  const memory = single(
    "m",
    ["f128"],
    "f128",
    "    v7 = iconst.i64 0x4000\n    store v0, v7\n    v9 = load.f128 v7\n    return v9\n",
  );
  assert.ok(agree([select, memory, ...casts]) > 3000);
});

test("vectors of 64 bits", () => {
  const ints = ["i8x8", "i16x4", "i32x2"];
  const questions = ["vany_true", "vall_true"].flatMap((op) =>
    ints.map((type) => single("q", [type], "i8", `    v9 = ${op} v0\n    return v9\n`)),
  );
  const highBits = ints.map((type) =>
    single("h", [type], "i8", "    v9 = vhigh_bits.i8 v0\n    return v9\n"),
  );
  const casts = ["i64", "f64", "i16x4"].map((to) =>
    single("b", ["i8x8"], to, `    v9 = bitcast.${to} little v0\n    return v9\n`),
  );
  const widenings = ["swiden_low", "swiden_high", "uwiden_low", "uwiden_high"].map((op) =>
    single("w", ["i8x8"], "i16x4", `    v9 = ${op} v0\n    return v9\n`),
  );
  const memory = single(
    "m",
    ["i32x2", "f64"],
    "i32x2, i64",
    "    v7 = iconst.i64 0x4000\n    store v1, v7+8\n    store v0, v7\n    v8 = load.i32x2 v7\n    v9 = load.i64 v7+8\n    return v8, v9\n",
  );
  const constant = single(
    "c",
    ["i8x8"],
    "i8x8",
    "    v1 = vconst.i8x8 [1 2 3 4 5 6 7 8]\n    v9 = iadd v0, v1\n    return v9\n",
  );
  const texts = [
    ...plain(["iadd", "isub", "band", "uadd_sat", "smin", "umax", "iadd_pairwise"], ints.slice(0, 2), 2),
    ...plain(["fadd", "fmax"], ["f32x2"], 2),
    ...plain(["iabs", "popcnt"], ints, 1),
    ...comparisons("icmp", INT_CONDITIONS, "i32x2", "i32x2"),
    ...[...questions, ...highBits, ...casts, ...widenings, memory, constant],
  ];
  assert.ok(agree(texts) > 3000);
});

/** `(1 + 2^-12)²` lies between two floats, and `2^-100` decides: a sum in f64 has forgotten it. */
test("fma of f32 rounds once", () => {
  assert.ok(agree(plain(["fma"], ["f32", "f32x4"], 3)) > 6000);
});

test("atomic operations and memory of the other byte order", () => {
  const setUp = "    v7 = iconst.i64 0x4000\n    store v0, v7\n";
  const atomics = ["i8", "i16", "i32", "i64"].flatMap((type) =>
    ["", " big"].flatMap((order) => [
      ...ATOMIC_OPS.map((op) =>
        single(
          "a",
          [type, type],
          `${type}, ${type}`,
          `${setUp}    v8 = atomic_rmw.${type}${order} ${op} v7, v1\n    v9 = load.${type} v7\n    return v8, v9\n`,
        ),
      ),
      single(
        "a",
        [type, type],
        `${type}, ${type}`,
        `${setUp}    v8 = atomic_cas${order} v7, v1, v0\n    v9 = atomic_load.${type}${order} v7\n    return v8, v9\n`,
      ),
    ]),
  );
  const accesses = ["i16", "i32", "i64", "i128", "f32", "f64", "i8x16"].map((type) =>
    single(
      "m",
      [type],
      `${type}, ${type}`,
      `    v7 = iconst.i64 0x4000\n    store big v0, v7\n    v8 = load.${type} big v7\n    v9 = load.${type} v7\n    return v8, v9\n`,
    ),
  );
  const parts = [16, 32].flatMap((bits) =>
    ["uload", "sload"].map((load) => {
      const suffix = bits === 16 ? ".i64" : "";
      return single(
        "p",
        ["i64"],
        "i64, i64",
        `    v7 = iconst.i64 0x4000\n    istore${bits} big v0, v7\n    v8 = ${load}${bits}${suffix} big v7\n    v9 = load.i64 v7\n    return v8, v9\n`,
      );
    }),
  );
  assert.ok(agree([...atomics, ...accesses, ...parts]) > 10_000);
});

test("what cannot be split is refused by name", () => {
  const text = single("f", ["i128", "i64"], "i128", "    v9 = atomic_rmw.i128 add v1, v0\n    return v9\n");
  const compiled = new CompiledFile(parseFile(text).functions.map(({ func }) => func));
  assert.deepEqual(compiled.call(0, []), {
    kind: "refused",
    why: "atomic_rmw on values of 128 bits cannot be split into halves",
  });
});
