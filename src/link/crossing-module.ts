/**
 * Calls from a store's instances to functions of JavaScript's own, without JavaScript in between: a module whose functions take and
 * give references as numbers, and call the imported ones with references of the engine's.
 *
 *     imports   "" "memory"           the store's
 *               "" "values"           a table of values by the number of their box
 *               "" "numbers"          a table of the `SMALL_NUMBERS`, each null until it has crossed
 *               "" "tag"              of what JavaScript throws (`WebAssembly.JSTag`)
 *               "" "toJavaScript"     (reference) → externref, for what is no box
 *               "" "boxText"          (externref) → a new box of a string, or 0 (`value-table-module.ts`)
 *               "" "throw"            (externref) → never: throws what code of the store is to see of a value
 *               "" "throwPending"     () → never: the same of what `rethrow` throws
 *               "function" "0", "1"   what is called
 *               "result" "0", "1"     (externref) → reference, of functions that give one: of what `boxText` does not take
 *     exports   "0", "1" …            the functions
 *               "rethrow"             throws what is on its way and no value of JavaScript's
 *
 * A reference that is a box is a look at its header and one at the table; that is most of them, and costs as much as the
 * engine's own call. A small number is as cheap, since JavaScript, which alone makes one a value of its own, is not asked again. Results are
 * taken for strings until a function gives something else, and then not until it gives one again. What a called function throws is caught here: a value by the engine's tag for these, anything else, as an
 * exception of another module of the engine's, by a detour through JavaScript, which alone can see what it is.
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import { CATCH, CATCH_ALL_REF } from "../wasm/operators.ts";
import { EXNREF, EXTERNREF, I32, isRef, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { lowered } from "./output-types.ts";
import { importTable, importValueTable, NO_VALUE, pushBoxedValue } from "./value-table-module.ts";
import { WrittenModule } from "./written-module.ts";

/** A function of JavaScript's own: numbers, references that are values of JavaScript's, and one result at most. */
export interface CrossingType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Its result may be any value but null, at least: a string is. */
  readonly givesAny: boolean;
}

/** Integers that cross often, bytes and indices above all: so many, from the least on. */
export const SMALL_NUMBERS: { readonly least: number; readonly count: number } = {
  least: -256,
  count: 1 << 14,
};

/** `ref.null exn`. */
const NO_EXCEPTION = Uint8Array.of(0xd0, 0x69, 0x0b);
const ZERO = Uint8Array.of(0x41, 0, 0x0b);
/** The indices of what is always imported. */
const TO_JAVASCRIPT = 0;
const THROW = 1;
const THROW_PENDING = 2;
const BOX_TEXT = 3;
const TAG = 0;
/** A table's index; `values` comes first. */
const NUMBERS = 1;
/** The exception that JavaScript is to see. */
const PENDING = 0;

/** A module with functions of these types; boxes have the descriptor. */
export function crossingModule(functions: readonly CrossingType[], descriptor: number): Uint8Array {
  const module = new WrittenModule();
  module.importMemory("", "memory");
  importValueTable(module);
  importTable(module, "numbers");
  module.import("", "tag", { kind: "tag", type: module.addType([EXTERNREF], []) });
  module.importFunction("", "toJavaScript", [I32], [EXTERNREF]);
  module.importFunction("", "throw", [EXTERNREF], []);
  module.importFunction("", "throwPending", [], []);
  module.importFunction("", "boxText", [EXTERNREF], [I32]);
  const called = functions.map(({ params, results }, i) =>
    module.importFunction("function", String(i), params.map(crossing), results.map(crossing)),
  );
  const given = functions.map(({ results }, i) =>
    results.some(isRef) ? module.importFunction("result", String(i), [EXTERNREF], [I32]) : -1,
  );
  module.addGlobal({ type: EXNREF, mutable: true }, NO_EXCEPTION);
  module.addFunction(module.addType([], []), rethrowBody(), "rethrow");
  functions.forEach(({ params, results }, i) => {
    const type = module.addType(params.map(lowered), results.map(lowered));
    const givesOther = given[i]! < 0 ? -1 : module.addGlobal({ type: I32, mutable: true }, ZERO);
    const body = callBody(functions[i]!, { descriptor, called: called[i]!, given: given[i]!, givesOther });
    module.addFunction(type, body, String(i));
  });
  return module.encode();
}

function crossing(type: ValType): ValType {
  return isRef(type) ? EXTERNREF : type;
}

function rethrowBody(): Uint8Array {
  const body = new BodyWriter();
  body.index(WasmOp.GlobalGet, PENDING);
  body.op(WasmOp.ThrowRef);
  return body.finish();
}

/** Pushes the value of the reference in a local; the others are locals of their own. */
function pushValue(
  body: BodyWriter,
  local: number,
  { number, value }: { readonly number: number; readonly value: number },
  descriptor: number,
): void {
  pushBoxedValue(body, local, descriptor, () => {
    // Where a small i31's number stands; what is even, an address or null, comes out beyond all of them.
    body.get(local);
    body.i32(-2 * SMALL_NUMBERS.least - 1);
    body.op(WasmOp.I32Add);
    body.i32(1);
    body.op(WasmOp.I32Rotr);
    body.index(WasmOp.LocalTee, number);
    body.i32(SMALL_NUMBERS.count);
    body.op(WasmOp.I32LtU);
    body.openIf(EXTERNREF);
    body.get(number);
    body.index(WasmOp.TableGet, NUMBERS);
    body.index(WasmOp.LocalTee, value);
    body.op(WasmOp.RefIsNull);
    body.open(WasmOp.If);
    body.get(number);
    body.get(local);
    body.call(TO_JAVASCRIPT);
    body.index(WasmOp.LocalTee, value);
    body.index(WasmOp.TableSet, NUMBERS);
    body.end();
    body.get(value);
    body.op(WasmOp.Else);
    body.get(local);
    body.openIf(EXTERNREF);
    body.get(local);
    body.call(TO_JAVASCRIPT);
    body.op(WasmOp.Else);
    body.index(...NO_VALUE);
    body.end();
    body.end();
  });
}

/** What a call is made of; `given` is -1 where no reference is given. */
interface Called {
  /** Of boxes. */
  readonly descriptor: number;
  readonly called: number;
  readonly given: number;
  /** A global that is not zero where its last result was no string. */
  readonly givesOther: number;
}

function callBody({ params, results, givesAny }: CrossingType, called: Called): Uint8Array {
  const [number, value, boxed] = [params.length, params.length + 1, params.length + 2];
  const body = new BodyWriter([I32, EXTERNREF, I32]);
  body.openTyped(WasmOp.Block, EXTERNREF);
  body.openTyped(WasmOp.Block, EXNREF);
  const clauses = [
    [CATCH, TAG, 1],
    [CATCH_ALL_REF, 0],
  ];
  body.openTryTable(results.length === 0 ? null : lowered(results[0]!), clauses);
  params.forEach((type, i) => {
    if (isRef(type)) pushValue(body, i, { number, value }, called.descriptor);
    else body.get(i);
  });
  body.call(called.called);
  if (called.given >= 0 && givesAny) pushReference(body, called, value, boxed);
  else if (called.given >= 0) body.call(called.given);
  body.end();
  body.op(WasmOp.Return);
  body.end();
  body.index(WasmOp.GlobalSet, PENDING);
  body.call(THROW_PENDING);
  body.op(WasmOp.Unreachable);
  body.end();
  body.call(THROW);
  body.op(WasmOp.Unreachable);
  return body.finish();
}

/** Of the value on the stack. */
function pushReference(body: BodyWriter, called: Called, value: number, boxed: number): void {
  const { descriptor, given, givesOther } = called;
  body.set(value);
  body.openTyped(WasmOp.Block, I32);
  body.index(WasmOp.GlobalGet, givesOther);
  body.op(WasmOp.I32Eqz);
  body.open(WasmOp.If);
  body.get(value);
  body.call(BOX_TEXT);
  body.index(WasmOp.LocalTee, boxed);
  body.get(boxed);
  body.index(WasmOp.BrIf, 1);
  body.op(WasmOp.Drop);
  body.i32(1);
  body.index(WasmOp.GlobalSet, givesOther);
  body.end();
  body.get(value);
  body.call(given);
  body.index(WasmOp.LocalTee, boxed);
  // A box, of a string perhaps.
  body.get(boxed);
  body.i32(1);
  body.op(WasmOp.I32And);
  body.op(WasmOp.I32Eqz);
  body.open(WasmOp.If);
  body.get(boxed);
  body.access(WasmOp.I32Load, 0);
  body.i32(descriptor);
  body.op(WasmOp.I32Ne);
  body.index(WasmOp.GlobalSet, givesOther);
  body.end();
  body.end();
}
