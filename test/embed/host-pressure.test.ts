/**
 * What JavaScript has dropped is a few small objects to its collector: it is pressed when the heap has grown
 * much, and only then.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compile, type Module, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

const LARGE_BYTES = 1 << 24;

let module: Module;

before(async () => {
  module = compile(
    await textToBinary(`(module
      (type $words (array (mut i32)))
      (func (export "make") (result (ref $words)) (array.new $words (i32.const 1) (i32.const 4096))))`),
  );
});

/** How many large buffers are made while JavaScript gets so many objects of 16 KB. All stay alive: it is one job. */
function buffersMade(objects: number): number {
  const store = new Store();
  const make = store.instantiate(module).exports["make"] as () => object;
  const { ArrayBuffer } = globalThis;
  let made = 0;
  globalThis.ArrayBuffer = new Proxy(ArrayBuffer, {
    construct: (target, [bytes]: [number]) => {
      if (bytes > LARGE_BYTES) made++;
      return new target(bytes);
    },
  });
  try {
    for (let i = 0; i < objects; i++) {
      make();
      if (i % 100 === 0) store.collect();
    }
  } finally {
    globalThis.ArrayBuffer = ArrayBuffer;
  }
  return made;
}

test("the host is pressed while the heap is much larger than it was, but not all the time", () => {
  const start = performance.now();
  const made = buffersMade(4000);
  const most = (performance.now() - start) / 20 + 1;
  assert.ok(made > 0 && made <= most, `${made} of at most ${most}`);
});

test("and left alone while it is small", () => {
  assert.equal(buffersMade(50), 0);
});
