/** Counts that lie, depth, sizes: a clean error or an answer, with the memory that the input's size allows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import { decodeAndValidate, decodeModule } from "../../src/wasm/index.ts";
import { refusal, wat } from "./wat.ts";

type Section = readonly [id: number, write: (w: ByteWriter) => void];

function moduleOf(...sections: readonly Section[]): Uint8Array {
  const w = new ByteWriter();
  w.u32le(0x6d736100);
  w.u32le(1);
  for (const [id, write] of sections) {
    const body = new ByteWriter();
    write(body);
    w.byte(id);
    w.u32(body.length);
    w.append(body.bytes());
  }
  return w.bytes().slice();
}

/** A module whose only function has `params` parameters, `results` results and this body. */
function moduleWithBody(write: (w: ByteWriter) => void, params = 0, results = 0): Uint8Array {
  const body = new ByteWriter();
  write(body);
  return moduleOf(
    [1, (w) => writeFunctionType(w, params, results)],
    [3, (w) => writeAll(w, [1, 0])],
    [
      10,
      (w) => {
        w.u32(1);
        w.u32(body.length);
        w.append(body.bytes());
      },
    ],
  );
}

function writeFunctionType(w: ByteWriter, params: number, results: number): void {
  writeAll(w, [1, 0x60]);
  for (const count of [params, results]) {
    w.u32(count);
    for (let i = 0; i < count; i++) w.byte(0x7f);
  }
}

function writeAll(w: ByteWriter, bytes: readonly number[]): void {
  for (const byte of bytes) w.byte(byte);
}

function repeat(w: ByteWriter, times: number, bytes: readonly number[]): void {
  for (let i = 0; i < times; i++) for (const byte of bytes) w.byte(byte);
}

test("what may begin as module text does is looked through once", () => {
  // A comment could be divided into comments in 2^31 ways.
  for (const text of [
    ";".repeat(64),
    `${";".repeat(4000)}\n`,
    ";;\r\n".repeat(1000),
    "(;".repeat(2000).slice(1),
  ])
    assert.match(refusal(new TextEncoder().encode(text)).message, /^magic header not detected: it begins/);
  const texts = [";;;;;;;; module\n (module)", ";;\r;;\r\n(;;)", "(@custom", "(func"];
  for (const text of texts)
    assert.match(refusal(new TextEncoder().encode(text)).message, /this looks like module text/, text);
});

test("a count of four thousand million is refused in every section", () => {
  const huge = (w: ByteWriter): void => w.u32(0xffff_ffff);
  for (const id of [1, 2, 3, 4, 5, 13, 6, 7, 9, 10, 11]) {
    assert.match(refusal(moduleOf([id, huge])).message, /^length out of bounds/, `section ${id}`);
  }
});

test("lengths inside sections are held against the bytes that are there", () => {
  const cases: readonly Section[] = [
    [1, (w) => writeAll(w, [1, 0x4e, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    [1, (w) => writeAll(w, [1, 0x60, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    [1, (w) => writeAll(w, [1, 0x5f, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    [2, (w) => writeAll(w, [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    [9, (w) => writeAll(w, [1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    [11, (w) => writeAll(w, [1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    [0, (w) => w.u32(0xffff_ffff)],
  ];
  for (const section of cases)
    assert.match(refusal(moduleOf(section)).message, /length out of bounds|is more than/);
});

test("four thousand million locals in six bytes", () => {
  const declare = (count: number): Uint8Array =>
    moduleWithBody((w) => {
      w.u32(1);
      w.u32(count);
      writeAll(w, [0x7f, 0x0b]);
    });
  decodeAndValidate(declare(50_000));
  assert.match(refusal(declare(50_001)).message, /^too many locals: 50001 is more/);
  assert.match(refusal(declare(0xffff_ffff)).message, /^too many locals/);
});

test("a local of a far run has that run's type", () => {
  const bytes = moduleWithBody((w) => {
    w.u32(3);
    for (const [count, type] of [
      [20_000, 0x7f],
      [20_000, 0x7e],
      [10_000, 0x7d],
    ] as const) {
      w.u32(count);
      w.byte(type);
    }
    for (const [local, convert] of [
      [19_999, 0xac],
      [20_000, 0x50],
      [39_999, 0x50],
      [40_000, 0x8b],
    ] as const) {
      w.byte(0x20);
      w.u32(local);
      w.byte(convert);
      w.byte(0x1a);
    }
    w.byte(0x0b);
  });
  decodeAndValidate(bytes);
});

test("a million functions that claim fifty thousand locals each cost their bytes", () => {
  const count = 200_000;
  const bytes = moduleOf(
    [1, (w) => writeFunctionType(w, 0, 0)],
    [
      3,
      (w) => {
        w.u32(count);
        repeat(w, count, [0]);
      },
    ],
    [
      10,
      (w) => {
        w.u32(count);
        repeat(w, count, [6, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b]);
      },
    ],
  );
  assert.equal(decodeAndValidate(bytes).code.starts.length, count);
});

test("a hundred thousand nested blocks, closed and not", () => {
  const nested = (closed: boolean): Uint8Array =>
    moduleWithBody((w) => {
      w.u32(0);
      repeat(w, 100_000, [0x02, 0x40]);
      if (closed) repeat(w, 100_000, [0x0b]);
      w.byte(0x0b);
    });
  decodeAndValidate(nested(true));
  assert.match(refusal(nested(false)).message, /^unexpected end of section or function in function 0/);
});

test("a constant expression of blocks is refused, however deep", () => {
  const bytes = moduleOf([
    6,
    (w) => {
      writeAll(w, [1, 0x7f, 0]);
      repeat(w, 50_000, [0x02, 0x40]);
      repeat(w, 50_001, [0x0b]);
    },
  ]);
  assert.match(refusal(bytes).message, /^constant expression required/);
});

test("a body of seven megabytes is read; one beyond the limit is refused", () => {
  const ofBytes = (count: number): Uint8Array =>
    moduleWithBody((w) => {
      w.u32(0);
      repeat(w, count - 2, [0x01]);
      w.byte(0x0b);
    });
  decodeAndValidate(ofBytes(7_654_321));
  assert.match(refusal(ofBytes(7_654_322)).message, /^body bytes: 7654322 is more than/);
});

test("calls that push a thousand values each end at the limit of operands", () => {
  const bytes = moduleWithBody(
    (w) => {
      w.u32(0);
      repeat(w, 100_000, [0x10, 0]);
      writeAll(w, [0, 0x0b]);
    },
    0,
    1000,
  );
  assert.match(refusal(bytes).message, /^operands: \d+ is more than this implementation's limit of 16000000/);
});

test("a thousand values moved by two bytes, a million times, end at the limit", () => {
  const bytes = moduleWithBody(
    (w) => {
      w.u32(0);
      w.byte(0);
      repeat(w, 1_000_000, [0x0d, 0]);
      w.byte(0x0b);
    },
    0,
    1000,
  );
  assert.match(refusal(bytes).message, /^values moved by calls and branches/);
});

test("a memory of the largest size is only a declaration", () => {
  decodeAndValidate(moduleOf([5, (w) => writeAll(w, [1, 0, 0x80, 0x80, 0x04])]));
});

test("every prefix of a module is refused or a module, and says where", async () => {
  const bytes =
    await wat(`(module (type (func (param i32) (result i32))) (import "m" "g" (global i32)) (memory 1)
    (func (export "f") (type 0) local.get 0 block i32.const 7 br_if 0 end) (data (i32.const 0) "abc"))`);
  for (let length = 0; length < bytes.length; length++) {
    const prefix = bytes.slice(0, length);
    try {
      decodeModule(prefix);
    } catch {
      const { place } = refusal(prefix).diagnostic;
      assert.ok(place?.kind === "binary" && place.offset <= length);
    }
  }
});

test("integers that are too long or too large are refused at their place", () => {
  const long = moduleOf([1, (w) => writeAll(w, [0x80, 0x80, 0x80, 0x80, 0x80, 0])]);
  assert.match(refusal(long).message, /^integer representation too long/);
  const large = moduleOf([1, (w) => writeAll(w, [0x80, 0x80, 0x80, 0x80, 0x10])]);
  const { message, diagnostic } = refusal(large);
  assert.match(message, /^integer too large/);
  assert.deepEqual(diagnostic.place, { kind: "binary", offset: 10 });
});
