/**
 * Calls from a store's instances to functions of JavaScript's own, without JavaScript in between: a module whose functions take and
 * give references as numbers, and call the imported ones with references of the engine's.
 *
 *     imports   "" "memory"           the store's
 *               "" "values"           a table of values by the number of their box
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
 * engine's own call. What a called function throws is caught here: a value by the engine's tag for these, anything else, as an
 * exception of another module of the engine's, by a detour through JavaScript, which alone can see what it is.
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import { CATCH, CATCH_ALL_REF } from "../wasm/operators.ts";
import { EXNREF, EXTERNREF, I32, isRef, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { lowered } from "./output-types.ts";
import { boxOr, importValueTable, NO_VALUE, pushBoxedValue } from "./value-table-module.ts";
import { WrittenModule } from "./written-module.ts";

/** A function of JavaScript's own: numbers, references that are values of JavaScript's, and one result at most. */
export interface CrossingType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Its result may be any value but null, at least: a string is. */
  readonly givesAny: boolean;
}

/** `ref.null exn`. */
const NO_EXCEPTION = Uint8Array.of(0xd0, 0x69, 0x0b);
/** The indices of what is always imported. */
const TO_JAVASCRIPT = 0;
const THROW = 1;
const THROW_PENDING = 2;
const BOX_TEXT = 3;
const TAG = 0;
/** The exception that JavaScript is to see. */
const PENDING = 0;

/** A module with functions of these types; boxes have the descriptor. */
export function crossingModule(functions: readonly CrossingType[], descriptor: number): Uint8Array {
  const module = new WrittenModule();
  module.importMemory("", "memory");
  importValueTable(module);
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
    const body = callBody(functions[i]!, { descriptor, called: called[i]!, given: given[i]! });
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

/** Pushes the value of the reference in a local. */
function pushValue(body: BodyWriter, local: number, descriptor: number): void {
  pushBoxedValue(body, local, descriptor, () => {
    body.get(local);
    body.openIf(EXTERNREF);
    body.get(local);
    body.call(TO_JAVASCRIPT);
    body.op(WasmOp.Else);
    body.index(...NO_VALUE);
    body.end();
  });
}

/** The functions that a call is made of; `given` is -1 where no reference is given. */
interface Called {
  /** Of boxes. */
  readonly descriptor: number;
  readonly called: number;
  readonly given: number;
}

function callBody({ params, results, givesAny }: CrossingType, called: Called): Uint8Array {
  const boxesText = called.given >= 0 && givesAny;
  const body = new BodyWriter(boxesText ? [EXTERNREF, I32] : []);
  body.openTyped(WasmOp.Block, EXTERNREF);
  body.openTyped(WasmOp.Block, EXNREF);
  const clauses = [
    [CATCH, TAG, 1],
    [CATCH_ALL_REF, 0],
  ];
  body.openTryTable(results.length === 0 ? null : lowered(results[0]!), clauses);
  params.forEach((type, i) => {
    if (isRef(type)) pushValue(body, i, called.descriptor);
    else body.get(i);
  });
  body.call(called.called);
  if (boxesText) boxOr(body, BOX_TEXT, { value: params.length, boxed: params.length + 1 }, called.given);
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
