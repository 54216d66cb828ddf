/** Memory operations: small ones are loads and stores, larger ones calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBuilder } from "../../src/frontend/memory.ts";
import { BuilderError } from "../../src/frontend/messages.ts";
import type { Value } from "../../src/ir/entities.ts";
import { DEFAULT_MEMFLAGS } from "../../src/ir/memflags.ts";
import { I8, I64 } from "../../src/ir/types.ts";
import { Sketch } from "./sketch.ts";

type Build = (memory: MemoryBuilder, s: Sketch, x: Value, y: Value) => void;

/** The function's text from its first declaration on, its signature left out. */
function built(build: Build): string {
  const s = new Sketch([I64, I64]);
  const [block0] = s.blocks(1);
  const [x, y] = s.params(block0!);
  build(new MemoryBuilder(s.builder), s, x!, y!);
  s.ret();
  return s.text().replace("function %sample(i64, i64) system_v {\n", "");
}

const at = (pointer: Value, alignBytes: number): { pointer: Value; alignBytes: number } => ({
  pointer,
  alignBytes,
});

test("memcpy is a call of the library routine", () => {
  assert.equal(
    built((memory, s, x, y) => memory.callMemcpy(x, y, s.builder.ins.iconst(I64, 100))),
    `    sig0 = (i64, i64, i64) -> i64 system_v
    fn0 = %Memcpy sig0

block0(v0: i64, v1: i64):
    v2 = iconst.i64 100
    v3 = call fn0(v0, v1, v2)  ; v2 = 100
    return
}
`,
  );
});

test("memset takes its byte as an i32", () => {
  assert.match(
    built((memory, s, x) => memory.callMemset(x, s.builder.ins.iconst(I8, 1), s.builder.ins.iconst(I64, 9))),
    /sig0 = \(i64, i32, i64\) -> i64 system_v\n {4}fn0 = %Memset sig0\n[\s\S]*v4 = uextend\.i32 v2/,
  );
});

test("a small copy loads everything before it stores anything", () => {
  assert.equal(
    built((memory, _, x, y) => memory.emitSmallCopy(at(x, 8), at(y, 8), 16n, true, DEFAULT_MEMFLAGS)),
    `block0(v0: i64, v1: i64):
    v2 = load.i64 aligned v1
    v3 = load.i64 aligned v1+8
    store aligned v2, v0
    store aligned v3, v0+8
    return
}
`,
  );
});

test("a copy that needs more than four accesses is a call, memmove where the places may overlap", () => {
  const copy = (overlapping: boolean): string =>
    built((memory, _, x, y) =>
      memory.emitSmallCopy(at(x, 8), at(y, 8), 8192n, !overlapping, DEFAULT_MEMFLAGS),
    );
  assert.match(copy(false), /fn0 = %Memcpy sig0/);
  assert.match(copy(true), /fn0 = %Memmove sig0/);
  assert.match(copy(true), /v2 = iconst\.i64 8192\n {4}v3 = call fn0\(v0, v1, v2\)/);
});

test("an access wider than the alignment is not marked aligned", () => {
  const text = built((memory, _, x, y) =>
    memory.emitSmallCopy(at(x, 8), at(y, 2), 8n, true, DEFAULT_MEMFLAGS),
  );
  assert.match(text, /v2 = load\.i64 v1\n {4}store v2, v0\n/);
});

test("nothing is built for no bytes", () => {
  const text = built((memory, _, x, y) => {
    memory.emitSmallCopy(at(x, 8), at(y, 8), 0n, true, DEFAULT_MEMFLAGS);
    memory.emitSmallFill(at(x, 8), 1, 0n, DEFAULT_MEMFLAGS);
  });
  assert.equal(text, "block0(v0: i64, v1: i64):\n    return\n}\n");
});

test("a small fill stores the byte repeated to the access's width", () => {
  assert.match(
    built((memory, _, x) => memory.emitSmallFill(at(x, 8), 1, 8n, DEFAULT_MEMFLAGS)),
    /v2 = iconst\.i64 0x0101_0101_0101_0101\n {4}store aligned v2, v0 /,
  );
  assert.match(
    built((memory, _, x) => memory.emitSmallFill(at(x, 2), 0xff, 6n, DEFAULT_MEMFLAGS)),
    /v2 = iconst\.i16 -1\n {4}store aligned v2, v0 .*\n {4}store aligned v2, v0\+2 .*\n {4}store aligned v2, v0\+4 /,
  );
});

test("a fill that needs more than four accesses is a call", () => {
  assert.match(
    built((memory, _, x) => memory.emitSmallFill(at(x, 8), 1, 8192n, DEFAULT_MEMFLAGS)),
    /v2 = iconst\.i8 1\n {4}v3 = iconst\.i64 8192\n {4}v4 = uextend\.i32 v2 .*\n {4}v5 = call fn0\(v0, v4, v3\)/,
  );
});

test("a size that is no multiple of the alignment is refused", () => {
  const misuse: Build = (memory, _, x) => memory.emitSmallFill(at(x, 4), 1, 6n, DEFAULT_MEMFLAGS);
  assert.throws(() => built(misuse), BuilderError);
});

test("equality of a loadable size is two loads and a comparison", () => {
  const compare = (sizeBytes: bigint): string =>
    built((memory, _, x, y) =>
      memory.emitSmallCompare("ne", at(x, 4), at(y, 2), sizeBytes, DEFAULT_MEMFLAGS),
    );
  assert.match(compare(4n), /v2 = load\.i32 aligned v0\n {4}v3 = load\.i32 v1\n {4}v4 = icmp ne v2, v3\n/);
  assert.match(compare(16n), /v2 = load\.i128 v0\n {4}v3 = load\.i128 v1\n {4}v4 = icmp ne v2, v3\n/);
  assert.match(compare(3n), /call fn0\(v0, v1, v2\).*\n {4}v4 = iconst\.i32 0\n {4}v5 = icmp ne v3, v4 /);
});

test("order is compared by loads for single bytes only, as unsigned", () => {
  const compare = (sizeBytes: bigint): string =>
    built((memory, _, x, y) =>
      memory.emitSmallCompare("ugt", at(x, 1), at(y, 1), sizeBytes, DEFAULT_MEMFLAGS),
    );
  assert.match(
    compare(1n),
    /v2 = load\.i8 aligned v0\n {4}v3 = load\.i8 aligned v1\n {4}v4 = icmp ugt v2, v3\n/,
  );
  assert.match(compare(4n), /fn0 = %Memcmp sig0\n[\s\S]*v5 = icmp sgt v3, v4 /);
});

test("of no bytes, all are equal and none is less", () => {
  const empty = (condition: "eq" | "ule" | "ult"): string =>
    built((memory, _, x, y) => memory.emitSmallCompare(condition, at(x, 1), at(y, 1), 0n, DEFAULT_MEMFLAGS));
  assert.match(empty("eq"), /iconst\.i8 1\n/);
  assert.match(empty("ule"), /iconst\.i8 1\n/);
  assert.match(empty("ult"), /iconst\.i8 0\n/);
});

test("bytes are not compared as signed", () => {
  const misuse: Build = (memory, _, x, y) => {
    memory.emitSmallCompare("slt", at(x, 1), at(y, 1), 4n, DEFAULT_MEMFLAGS);
  };
  assert.throws(() => built(misuse), /slt cannot be asked/);
});
