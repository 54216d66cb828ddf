/** The opcode table against another reader of the format: each row, encoded, prints under its own name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { print } from "@bytecodealliance/jco-transpile/wasm-tools";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import { WASM_OPCODES, type WasmOpcodeRow } from "../../src/meta/wasm-opcodes.ts";
import { opcodeBytes, opcodeId, opcodeName } from "../../src/wasm/index.ts";

/** Rows whose text has another name: the three that share one, and those that open or close a block. */
const TEXT_NAMES: Readonly<Record<string, string>> = {
  select_t: "select",
  "ref.test_null": "ref.test",
  "ref.cast_null": "ref.cast",
};
const BLOCKS = ["block", "loop", "if", "else", "end", "try", "catch", "catch_all", "delegate", "try_table"];

/** Bytes for the immediates that are well formed whatever they name. */
const IMMEDIATE_BYTES: Readonly<Record<string, readonly number[]>> = {
  "": [],
  label: [0],
  labels: [0, 0],
  i32: [0],
  i64: [0],
  f32: [0, 0, 0, 0],
  f64: [0, 0, 0, 0, 0, 0, 0, 0],
  v128: new Array<number>(16).fill(0),
  shuffle: new Array<number>(16).fill(0),
  lane: [0],
  "memory access": [0, 0],
  "memory access lane": [0, 0, 0],
  "value types": [1, 0x7f],
  "heap type": [0x6e],
  "branch on cast": [3, 0, 0x6e, 0x6e],
  "zero byte": [0],
};

/** A module with one of everything, and one body that is the row's instruction. */
function moduleWith(row: WasmOpcodeRow): Uint8Array {
  const w = new ByteWriter();
  const section = (id: number, bytes: readonly number[]): void => {
    w.byte(id);
    w.u32(bytes.length);
    w.append(Uint8Array.from(bytes));
  };
  const body = new ByteWriter();
  body.u32(0);
  if (row.prefix === 0) body.byte(row.code);
  else {
    body.byte(row.prefix);
    body.u32(row.code);
  }
  // An index, or two, of what is there as number 0; of the types, 1 is a struct and 2 an array.
  const aggregate = row.name.startsWith("struct") ? 1 : 2;
  const ofType = (word: string): boolean => row.prefix === 0xfb && word === "type";
  const indices = row.immediates.split(" ").map((word) => (ofType(word) ? aggregate : 0));
  for (const byte of IMMEDIATE_BYTES[row.immediates] ?? indices) body.byte(byte);
  body.byte(0x0b);
  w.u32le(0x6d736100);
  w.u32le(1);
  section(1, [3, 0x60, 0, 0, 0x5f, 1, 0x78, 1, 0x5e, 0x78, 1]);
  section(3, [1, 0]);
  section(4, [1, 0x70, 0, 0]);
  section(5, [1, 0, 0]);
  section(13, [1, 0, 0]);
  section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]);
  section(9, [1, 1, 0, 0]);
  section(12, [1]);
  section(10, [1, body.length, ...body.bytes()]);
  section(11, [1, 1, 0]);
  return w.bytes().slice();
}

test("every row's text name is its own", async () => {
  for (const row of WASM_OPCODES) {
    if (BLOCKS.includes(row.name)) continue;
    const text = await print(moduleWith(row)).catch((error: unknown) => {
      assert.fail(`${row.name}: ${String(error)}`);
    });
    const words = text.split(/[\s()]+/);
    const name = TEXT_NAMES[row.name] ?? row.name;
    assert.ok(words.includes(name), `${row.name} prints as\n${text}`);
  }
});

test("ids and bytes lead to each other", () => {
  WASM_OPCODES.forEach((row, id) => {
    assert.equal(opcodeName(id), row.name);
    assert.deepEqual(opcodeBytes(id), { prefix: row.prefix, code: row.code });
    assert.equal(opcodeId(row.prefix, row.code), id);
  });
  assert.equal(opcodeId(0, 0x27), -1);
  assert.equal(opcodeId(0xfd, 0x9a), -1);
  assert.equal(opcodeId(0xfa, 0), -1);
});

test("names and encodings are each used once", () => {
  assert.equal(new Set(WASM_OPCODES.map((row) => row.name)).size, WASM_OPCODES.length);
  assert.equal(new Set(WASM_OPCODES.map((row) => row.prefix * 4096 + row.code)).size, WASM_OPCODES.length);
});

test("an access is aligned by the width in its name", () => {
  for (const row of WASM_OPCODES.filter((each) => each.alignLog2 >= 0)) {
    const width = /(?:load|store|rmw|wait)(\d+)/.exec(row.name)?.[1];
    const lanes = /load(\d+)x(\d+)/.exec(row.name);
    const whole = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128, memory: 32 }[row.name.split(".")[0]!]!;
    const bits = lanes === null ? Number(width ?? whole) : Number(lanes[1]) * Number(lanes[2]);
    assert.equal(8 << row.alignLog2, bits, row.name);
  }
});
