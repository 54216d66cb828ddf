/**
 * Modules with one function, "f", between those that a store's table has, which are told by an argument where the shadow stack ends, and all
 * others, which find it in the runtime's global (`stack-passing.ts`). They import what it calls as "" "f", and the global as "" "stackPointer".
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import { I32, type TypeTable, type ValType } from "../wasm/types.ts";
import { lowered } from "./output-types.ts";
import { callLeaving, callTelling } from "./stack-end-calls.ts";
import { WrittenModule } from "./written-module.ts";

const CALLED = 0;
const STACK_POINTER = 0;

/** A function as the table has it: the last parameter is where the stack ends. */
export function forReferences(types: TypeTable, type: number): Uint8Array {
  const { params, results } = signatureOf(types, type);
  const body = new BodyWriter();
  callLeaving(body, CALLED, params.length, STACK_POINTER);
  const module = moduleAround(params, results);
  module.addFunction(module.addType([...params, I32], results), body.finish(), "f");
  return module.encode();
}

/** A function of the table as others call it. */
export function forOthers(types: TypeTable, type: number): Uint8Array {
  const { params, results } = signatureOf(types, type);
  const body = new BodyWriter([I32]);
  callTelling(body, CALLED, params.length, STACK_POINTER);
  const module = moduleAround([...params, I32], results);
  module.addFunction(module.addType(params, results), body.finish(), "f");
  return module.encode();
}

function signatureOf(types: TypeTable, type: number): { params: ValType[]; results: ValType[] } {
  return {
    params: Array.from({ length: types.paramCount(type) }, (_, i) => lowered(types.param(type, i))),
    results: Array.from({ length: types.resultCount(type) }, (_, i) => lowered(types.result(type, i))),
  };
}

function moduleAround(params: readonly ValType[], results: readonly ValType[]): WrittenModule {
  const module = new WrittenModule();
  module.importFunction("", "f", params, results);
  module.import("", "stackPointer", { kind: "global", global: { type: I32, mutable: true } });
  return module;
}
