/** Instructions that are read and written again are the same bytes: every immediate was understood. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import {
  decodeAndValidate,
  type Module,
  OperatorReader,
  opcodeName,
  writeOperator,
} from "../../src/wasm/index.ts";
import { CORPUS } from "./corpus.ts";
import { REAL_MODULES, readRealModule } from "./real-modules.ts";
import { accept } from "./wat.ts";

/** Reads and rewrites every instruction of every body; returns how many there were and which opcodes. */
function rewriteBodies(module: Module, seen: Set<string>): number {
  const reader = new OperatorReader(module.bytes, 0, 0, -1);
  reader.typeLimit = module.types.length;
  const w = new ByteWriter();
  let count = 0;
  for (let i = 0; i < module.code.starts.length; i++) {
    reader.seek(module.code.starts.get(i), module.code.ends.get(i));
    const runs = reader.u32();
    for (let run = 0; run < runs; run++) {
      reader.u32();
      reader.readValType();
    }
    const start = reader.pos;
    w.clear();
    while (reader.pos < reader.end) {
      const op = reader.next();
      seen.add(opcodeName(op));
      writeOperator(w, op, reader);
      count++;
    }
    assert.ok(Buffer.compare(w.bytes(), module.bytes.subarray(start, reader.end)) === 0, `body ${i}`);
  }
  return count;
}

/** One of each kind of immediates that the corpus lacks. */
const MORE = `(module (memory 1) (memory 1) (table 1 funcref) (table 1 funcref) (elem func) (data "x")
  (type $a (array (mut i8))) (type $r (array (mut funcref)))
  (func (param v128 i64 f64 anyref (ref $a) (ref $r)) (result v128)
    i32.const -64 i32.const 63 i32.const -65 i32.const 64 i32.const -2147483648 i32.const 2147483647 drop drop drop drop drop drop
    i64.const -1 i64.const 34359738368 i64.const -34359738369 i64.const 9223372036854775807 drop drop drop drop
    f32.const -0 f64.const nan:0x4000000000001 drop drop
    local.get 3 ref.test (ref null i31) drop local.get 3 ref.cast (ref null eq) drop
    local.get 2 local.get 2 i32.const 0 select (result f64) drop
    i32.const 0 i32.const 0 i32.const 0 table.copy 1 0
    local.get 4 i32.const 0 i32.const 0 i32.const 0 array.init_data $a 0
    local.get 5 i32.const 0 i32.const 0 i32.const 0 array.init_elem $r 0
    i32.const 4 local.get 0 v128.load8_lane 1 offset=70000 align=1 15
    i32.const 4 i32.load 1 align=1 drop
    block (result anyref) local.get 3 br_on_cast_fail 0 anyref (ref null struct) end drop
    i8x16.neg))`;

test("in the corpus", async () => {
  const seen = new Set<string>();
  for (const text of CORPUS) rewriteBodies(await accept(text), seen);
  rewriteBodies(await accept(MORE), seen);
  for (const name of [
    "i64.const",
    "br_table",
    "try_table",
    "select_t",
    "br_on_cast_fail",
    "v128.load8_lane",
  ]) {
    assert.ok(seen.has(name), name);
  }
});

for (const real of REAL_MODULES.filter(({ name }) =>
  ["kotlin-fmt", "gg-bridge", "html5rw tests"].includes(name),
)) {
  test(`in ${real.name}`, (t) => {
    const bytes = readRealModule(real);
    if (bytes === null) {
      t.skip("its package is not installed");
      return;
    }
    assert.ok(rewriteBodies(decodeAndValidate(bytes), new Set()) > 1000);
  });
}
