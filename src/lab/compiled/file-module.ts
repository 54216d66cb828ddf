/**
 * A Wasm module around the functions of one CLIF file, so that they can be called with exact bits: each function has a
 * wrapper that takes the address of its arguments and the address for its results, sixteen bytes a value.
 */

import type { ModuleIndices } from "../../backend/environment.ts";
import { FunctionEmitter } from "../../backend/function-emitter.ts";
import { WASM_TYPE_BYTES, wasmTypeOf } from "../../backend/wasm-types.ts";
import { ByteWriter } from "../../base/byte-writer.ts";
import { InputError } from "../../base/diagnostics.ts";
import { nameKey } from "../../interp/names.ts";
import type { FuncRef } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { type Signature, signatureOf } from "../../ir/signature.ts";
import { F32, F64, F128, I8X16, I32, I64, I128, isVector, type Type } from "../../ir/types.ts";
import { legalize } from "../../passes/legalize.ts";
import { makeReducible } from "../../passes/make-reducible.ts";

export const VALUE_BYTES = 16;
/** Where the shadow stack begins, growing down; memory ends there. */
export const STACK_TOP: number = 32 << 16;
const PAGES = STACK_TOP >> 16;

/** Set to 1 by whoever calls a refused function. */
export const REFUSED_FLAG: number = 1000;
/** No locals; stores the flag, traps. */
const STUB = Uint8Array.of(0, 0x41, 0xe8, 0x07, 0x41, 1, 0x3a, 0, 0, 0, 0x0b);

export interface FileModule {
  readonly bytes: Uint8Array;
  /** Why a function was refused, or null; the wrapper of function i is the export `f<i>`. */
  readonly refusals: readonly (string | null)[];
}

export function compileFile(functions: readonly Function[]): FileModule {
  const signatures = functions.map((func) => func.signature);
  const types = new TypeSection();
  const indices = fileIndices(functions, types);
  const emitter = new FunctionEmitter();
  // All of them before the first is emitted: a call needs the signature that its callee will have.
  const refusals = functions.map((func) => refusalOf(() => legalize(func)));
  const bodies = functions.map((func, i) => {
    let body: Uint8Array | null = null;
    refusals[i] ??= refusalOf(() => {
      makeReducible(func);
      body = emitter.emit(func, indices).bytes;
    });
    return body;
  });
  return { bytes: moduleBytes(functions, signatures, bodies, types), refusals };
}

/** The message with which something is refused, or null. */
function refusalOf(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
}

class TypeSection {
  readonly keys: string[] = [];

  index({ params, returns }: Signature): number {
    const bytes = (list: Signature["params"]): string =>
      list.map((param) => WASM_TYPE_BYTES[wasmTypeOf(param.type)]).join();
    const key = `${bytes(params)}|${bytes(returns)}`;
    const found = this.keys.indexOf(key);
    return found >= 0 ? found : this.keys.push(key) - 1;
  }

  /** Of a function of the file, which is told where the shadow stack ends. */
  functionIndex({ params, returns }: Signature): number {
    return this.index({ ...signatureOf([...params.map(({ type }) => type), I32], []), returns });
  }
}

function fileIndices(functions: readonly Function[], types: TypeSection): ModuleIndices {
  const names = functions.map((func) => nameKey(func.name));
  const indexOf = (func: Function, callee: FuncRef): number => {
    const { name } = func.dfg.extFuncs[callee]!;
    const user = name.kind === "user" ? func.dfg.userNames.get(name.ref)! : null;
    const key = user === null ? `%${(name as { name: string }).name}` : `u${user.namespace}:${user.index}`;
    const index = names.indexOf(key);
    if (index < 0) throw new InputError({ code: "test", message: `the file has no ${key}` });
    types.functionIndex(functions[index]!.signature);
    return index;
  };
  return {
    functionIndex: indexOf,
    typeIndex: (func, signature) => types.functionIndex(func.dfg.signatures[signature]!),
    tableSlot: indexOf,
    tableIndex: () => 0,
    frameBase: 0,
    stackLimit: 0,
    stackSource: "parameter",
    stackPassing: () => "argument",
    indirectStackPassing: () => "argument",
    exitSymbol: () => -1,
    indirectExitSymbol: () => -1,
    importEndSymbol: () => -1,
    get stackPointer(): number {
      throw new Error("functions of a file are told where the stack ends");
    },
    memory: 0,
    exceptionTag: 0,
    exceptionForm: "legacy",
    exceptionCell: -1,
    mayThrow: () => false,
    memoryOf: () => 0,
    isMemory64: () => false,
    isTable64: () => false,
    symbols: null,
    trapSymbol: () => -1,
  };
}

function section(out: ByteWriter, id: number, fill: (content: ByteWriter) => void): void {
  const content = new ByteWriter();
  fill(content);
  out.byte(id);
  out.u32(content.length);
  out.append(content.bytes());
}

function ascii(out: ByteWriter, text: string): void {
  out.u32(text.length);
  for (const letter of text) out.byte(letter.charCodeAt(0));
}

/** A refused function is a stub that says so and traps, of a signature that Wasm has. */
function moduleBytes(
  functions: readonly Function[],
  signatures: readonly Signature[],
  bodies: readonly (Uint8Array | null)[],
  types: TypeSection,
): Uint8Array {
  const empty = signatureOf([], []);
  const own = functions.map((func, i) =>
    types.functionIndex(bodies[i] === null ? stubSignature(func) : func.signature),
  );
  const wrapper = types.index(signatureOf([I32, I32], []));
  if (functions.some(handlesExceptions)) types.index(empty);
  const count = functions.length;
  const out = new ByteWriter();
  for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte);
  section(out, 1, (w) => writeTypes(w, types));
  section(out, 3, (w) => {
    w.u32(count * 2);
    for (const type of own) w.u32(type);
    for (let i = 0; i < count; i++) w.u32(wrapper);
  });
  section(out, 4, (w) => [1, 0x70, 0, ...leb(count)].forEach((byte) => void w.byte(byte)));
  section(out, 5, (w) => [1, 0, ...leb(PAGES)].forEach((byte) => void w.byte(byte)));
  const tagType = types.keys.indexOf("|");
  if (tagType >= 0) section(out, 13, (w) => [1, 0, ...leb(tagType)].forEach((byte) => void w.byte(byte)));
  section(out, 7, (w) => {
    w.u32(count + 1);
    ascii(w, "memory");
    w.byte(2);
    w.u32(0);
    for (let i = 0; i < count; i++) {
      ascii(w, `f${i}`);
      w.byte(0);
      w.u32(count + i);
    }
  });
  section(out, 9, (w) => {
    for (const byte of [1, 0, 0x41, 0, 0x0b]) w.byte(byte);
    w.u32(count);
    for (let i = 0; i < count; i++) w.u32(i);
  });
  section(out, 10, (w) => {
    w.u32(count * 2);
    for (const body of bodies) writeBody(w, body ?? STUB);
    signatures.forEach((signature, i) => {
      writeBody(w, bodies[i] === null ? wrapperBody(empty, i, true) : wrapperBody(signature, i, false));
    });
  });
  return out.bytes().slice();
}

/** Whether the module needs the tag. */
function handlesExceptions({ dfg }: Function): boolean {
  return dfg.blockCalls.tableCount > 0;
}

function stubSignature(func: Function): Signature {
  try {
    for (const param of [...func.signature.params, ...func.signature.returns]) wasmTypeOf(param.type);
    return func.signature;
  } catch {
    return signatureOf([], []);
  }
}

function leb(value: number): number[] {
  const out = new ByteWriter();
  out.u32(value);
  return [...out.bytes()];
}

function writeTypes(w: ByteWriter, types: TypeSection): void {
  w.u32(types.keys.length);
  for (const key of types.keys) {
    w.byte(0x60);
    for (const list of key.split("|")) {
      const bytes = list.split(",").filter(Boolean).map(Number);
      w.u32(bytes.length);
      for (const byte of bytes) w.byte(byte);
    }
  }
}

function writeBody(w: ByteWriter, body: Uint8Array): void {
  w.u32(body.length);
  w.append(body);
}

/** One Wasm value of a parameter or result: its type, and where it stands among the bytes. */
interface Part {
  readonly type: Type;
  readonly offset: number;
}

/** An i128 or f128 is two; of shorter vectors the lower half of a whole one counts. */
function partsOf(params: Signature["params"]): Part[] {
  return params.flatMap(({ type }, place) => {
    const offset = place * VALUE_BYTES;
    if (type !== I128 && type !== F128) return [{ type: isVector(type) ? I8X16 : type, offset }];
    return [
      { type: I64, offset },
      { type: I64, offset: offset + 8 },
    ];
  });
}

/** Loads or stores the part; its address base is on the stack. */
function access(code: ByteWriter, { type, offset }: Part, store: boolean): void {
  if (isVector(type)) {
    code.byte(0xfd);
    code.u32(store ? 11 : 0);
  } else {
    const loads = type === I64 ? 0x29 : type === F32 ? 0x2a : type === F64 ? 0x2b : 0x28;
    const stores = type === I64 ? 0x37 : type === F32 ? 0x38 : type === F64 ? 0x39 : 0x36;
    code.byte(store ? stores : loads);
  }
  code.u32(0);
  code.u32(offset);
}

function wrapperBody(signature: Signature, index: number, refused: boolean): Uint8Array {
  const code = new ByteWriter();
  const [params, returns] = [partsOf(signature.params), partsOf(signature.returns)];
  code.u32(returns.length);
  for (const result of returns) {
    code.u32(1);
    code.byte(WASM_TYPE_BYTES[wasmTypeOf(result.type)]!);
  }
  if (refused) {
    code.byte(0);
  } else {
    for (const param of params) {
      code.byte(0x20);
      code.u32(0);
      access(code, param, false);
    }
    code.byte(0x41);
    code.s32(STACK_TOP);
    code.byte(0x10);
    code.u32(index);
    for (let i = returns.length - 1; i >= 0; i--) {
      code.byte(0x21);
      code.u32(2 + i);
    }
    returns.forEach((result, i) => {
      code.byte(0x20);
      code.u32(1);
      code.byte(0x20);
      code.u32(2 + i);
      access(code, result, true);
    });
  }
  code.byte(0x0b);
  return code.bytes();
}
