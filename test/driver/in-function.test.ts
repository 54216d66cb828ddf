/** Errors say which function they are about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { inFunction } from "../../src/driver/in-function.ts";
import { NotProven } from "../../src/driver/not-proven.ts";
import { decodeModule } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

const TEXT = `(module (import "m" "f" (func)) (func) (func $main (result i32) (i32.add (i32.const 1) (i32.const 2))))`;

test("what one function is refused for has a place and the function's name", async () => {
  const module = decodeModule(await textToBinary(TEXT));
  const fails = (error: unknown) => (): void => {
    inFunction(module, 2, () => {
      throw error;
    });
  };
  const place = { kind: "binary", offset: module.code.starts.get(1) };
  const diagnostic = { code: "x", message: "no", notes: ["so"] };
  assert.throws(fails(new InputError(diagnostic)), (error: InputError) => {
    assert.deepEqual(error.diagnostic, { ...diagnostic, place, notes: ["so", 'in function 2 "main"'] });
    return true;
  });
  const placed = { ...diagnostic, place: { kind: "binary", offset: 3 } } as const;
  assert.throws(fails(new InputError(placed)), (error: InputError) => {
    assert.deepEqual(error.diagnostic.place, placed.place);
    return true;
  });
  const defect = new TypeError("no such thing");
  assert.throws(fails(defect), { message: 'function 2 "main": no such thing', cause: defect });
  const unproven = new NotProven("it says which");
  assert.throws(fails(unproven), unproven);
});
