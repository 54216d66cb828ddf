/**
 * A module without references, each of its functions by way of CLIF: decode, validate, translate, emit. All index spaces stay
 * as they are, so only the bodies change. It is what every function of a module with references goes through as well, and a
 * test of translation and backend on whole programs.
 */

import type { ModuleIndices } from "../backend/environment.ts";
import { FunctionEmitter } from "../backend/function-emitter.ts";
import { I32List } from "../base/column.ts";
import { FunctionBuilderContext } from "../frontend/context.ts";
import type { FuncRef } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { makeReducible } from "../passes/make-reducible.ts";
import { FunctionTranslator } from "../translate/translate-function.ts";
import { decodeModule } from "../wasm/decode.ts";
import { encodeModule } from "../wasm/encode.ts";
import { DEFAULT_FEATURES, type Features, featureMask } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import { validateModule } from "../wasm/validate.ts";

/** Throws `InputError` for a module that is not valid, or that has what is not compiled yet, by name. */
export function recompileModule(bytes: Uint8Array, features: Features = DEFAULT_FEATURES): Uint8Array {
  const module = decodeModule(bytes, features);
  validateModule(module, features);
  const context = new FunctionBuilderContext();
  const func = new Function();
  const emitter = new FunctionEmitter();
  const translator = new FunctionTranslator(module, featureMask(features), func, context);
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < module.code.starts.length; i++) {
    func.clear();
    translator.run(i);
    makeReducible(func);
    bodies.push(emitter.emit(func, indicesOf(module, translator)).bytes);
  }
  return encodeModule(withBodies(module, bodies));
}

/** The module with other bodies, which stand behind the bytes that its other ranges refer to. */
function withBodies(module: Module, bodies: readonly Uint8Array[]): Module {
  const length = bodies.reduce((sum, body) => sum + body.length, module.bytes.length);
  const bytes = new Uint8Array(length);
  bytes.set(module.bytes);
  const starts = new I32List();
  const ends = new I32List();
  let at = module.bytes.length;
  for (const body of bodies) {
    bytes.set(body, at);
    starts.push(at);
    at += body.length;
    ends.push(at);
  }
  return { ...module, bytes, code: { starts, ends } };
}

/** What a body refers to is what the module's own body did. */
function indicesOf(module: Module, translator: FunctionTranslator): ModuleIndices {
  return {
    functionIndex: (func: Function, callee: FuncRef) => {
      const { name } = func.dfg.extFuncs[callee]!;
      if (name.kind !== "user") throw new Error("a translated function calls by index");
      return func.dfg.userNames.index(name.ref);
    },
    typeIndex: (_, signature) => translator.typeIndexOf(signature),
    tableSlot: () => {
      throw new Error("a translated function has no func_addr");
    },
    tableIndex: (_, signature) => translator.tableOf(signature),
    get stackPointer(): number {
      throw new Error("a function without references has no frame");
    },
    memory: 0,
    exceptionTag: -1,
    exceptionForm: "legacy",
    exceptionCell: -1,
    mayThrow: () => false,
    memoryOf: (func, region) => func.aliasRegions[region]!.userId,
    isMemory64: (memory) => module.memories[memory]!.type.is64,
    isTable64: (table) => module.tables[table]!.type.is64,
    symbols: null,
    frameBase: 0,
    stackLimit: 0,
    stackSource: "none",
    stackPassing: () => "none",
    indirectStackPassing: () => "none",
    exitSymbol: () => -1,
    indirectExitSymbol: () => -1,
    importEndSymbol: () => -1,
    trapSymbol: () => -1,
  };
}
