/** JSPI: code of a store is never on a stack that is suspended, and whoever tries is told so. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createWebAssembly, Store } from "../../src/embed.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Func = (...args: unknown[]) => unknown;

/** The host's own, and the same as the polyfill has it. */
interface Namespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports?: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, Func> };
  readonly Suspending: new (func: Func) => object;
  readonly promising: (func: Func) => (...args: unknown[]) => Promise<unknown>;
}

const native = (globalThis as unknown as { readonly WebAssembly: Namespace }).WebAssembly;
const hasSuspension = "Suspending" in native;

const FORWARDING = `(module
  (import "m" "f" (func $f (param i32) (result i32)))
  (func (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1))))`;

/** Keeps a reference in a frame across the call. */
const WITH_HEAP = `(module
  (type $cell (struct (field i32)))
  (import "m" "f" (func $f (param i32) (result i32)))
  (func (export "f") (param i32) (result i32) (local $cell (ref $cell))
    (local.set $cell (struct.new $cell (local.get 0)))
    (i32.add (call $f (local.get 0)) (struct.get $cell 0 (local.get $cell)))))`;

const forwarding = await textToBinary(FORWARDING);
const withHeap = await textToBinary(WITH_HEAP);

const later = async (value: unknown): Promise<unknown> => value;

describe("where the host suspends stacks", { skip: !hasSuspension }, () => {
  const REASON = /the stack of a module that is compiled here cannot be suspended \(JSPI\)$/;

  for (const force of [false, true]) {
    const spillway = createWebAssembly({ force }) as unknown as Namespace;
    const instanceOf = (bytes: Uint8Array, f: unknown): Record<string, Func> =>
      new spillway.Instance(new spillway.Module(bytes), { m: { f } }).exports;

    test(`a Suspending is no import of a compiled module${force ? ", whatever it has" : ""}`, () => {
      const make = (): unknown => instanceOf(force ? forwarding : withHeap, new spillway.Suspending(later));
      if (!force) return assert.doesNotThrow(make);
      assert.throws(make, (error: Error) => {
        assert.equal(error.name, "LinkError");
        assert.match(error.message, /^import "m" "f": expected a function, not a WebAssembly\.Suspending: /);
        assert.match(error.message, REASON);
        return true;
      });
    });
  }

  test("promising refuses a function of the store, and takes the host's", async () => {
    const store = new Store();
    const spillway = createWebAssembly({ store }) as unknown as Namespace;
    const own = store.instantiate(withHeap, { m: { f: (n: number) => n } }).exports as Record<string, Func>;
    assert.throws(
      () => spillway.promising(own["f"]!),
      (error: Error) =>
        error instanceof TypeError &&
        error.message.startsWith("WebAssembly.promising(): ") &&
        REASON.test(error.message),
    );
    const { exports } = new native.Instance(new native.Module(forwarding), {
      m: { f: new spillway.Suspending(later) },
    });
    assert.equal(await spillway.promising(exports["f"]!)(41), 42);
  });

  test("nor is it suspended between modules of the host's own", async () => {
    // promising → native → store, twice → native → Suspending, with nothing of JavaScript that one could see.
    const inner = new native.Instance(new native.Module(forwarding), {
      m: { f: new native.Suspending(later) },
    });
    for (const [first, second] of [
      [forwarding, forwarding],
      [forwarding, withHeap],
      [withHeap, forwarding],
    ] as const) {
      const store = new Store();
      const one = store.instantiate(first, { m: { f: inner.exports["f"] } }).exports;
      const two = store.instantiate(second, { m: { f: one["f"] } }).exports;
      const outer = new native.Instance(new native.Module(forwarding), { m: { f: two["f"] } });
      const call = native.promising(outer.exports["f"]!);
      await assert.rejects(call(1), /suspend/i);
      await assert.rejects(call(2), /suspend/i);
    }
  });
});

test("where the host has none, neither has the namespace", () => {
  const spillway = createWebAssembly();
  assert.equal("Suspending" in spillway, hasSuspension);
  assert.equal("promising" in spillway, hasSuspension);
});
