/** What engines do not take is not written: functions that come out larger than they may be are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { hostAccepts } from "../wasm/host-engine.ts";

/** Entered in any of so many places, with as many variables, each of which may come from either way at each of them. */
function coroutine(places: number): string {
  const each = (text: (i: number) => string): string =>
    Array.from({ length: places }, (_, i) => text(i)).join("\n");
  const names = Array.from({ length: places }, (_, i) => `$b${i}`);
  return `(module
    (type $s (struct (field (mut i32))))
    (global $g (mut (ref null $s)) (ref.null $s))
    (func $next (result (ref null $s)) (global.get $g))
    (func $add (param i32 (ref null $s)) (result i32)
      (i32.add (local.get 0) (struct.get $s 0 (local.get 1))))
    (func (export "main") (param $state i32) (result i32) ${each((i) => `(local $l${i} (ref null $s))`)}
      ${[...names]
        .reverse()
        .map((name) => `(block ${name}`)
        .join(" ")}
      (br_table ${names.join(" ")} (local.get $state)))
      ${each((i) => `(local.set $l${i} (call $next)) ${i + 1 < places ? ")" : ""}`)}
      ${each((i) => `(local.set $state (call $add (local.get $state) (local.get $l${i})))`)}
      (local.get $state)))`;
}

test("a function that comes out with more locals than engines take is refused", async () => {
  const small = compile(await textToBinary(coroutine(20)));
  assert.ok(hostAccepts(small));
  const large = await textToBinary(coroutine(330));
  assert.throws(
    () => compile(large),
    (error: unknown) => {
      assert.ok(error instanceof InputError);
      const { message, notes } = error.diagnostic;
      assert.match(message, /^the compiled function has \d+ locals, and engines take 50000$/);
      assert.deepEqual(notes?.slice(1), ["in function 2"]);
      return true;
    },
  );
});
