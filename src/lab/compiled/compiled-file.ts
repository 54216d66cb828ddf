/**
 * The functions of one CLIF file on the host's own WebAssembly: compiled once, called with exact bits. Each call begins with
 * memory as it was at first.
 *
 * What the backend does not do is refused by name, and so is a call that comes upon such a function. A module that is valid, but
 * that the host does not take, has something that this host does not know; that refuses all of it.
 */

import { type HostInstance, hostWebAssembly } from "../../embed/host-webassembly.ts";
import type { DataValue } from "../../interp/data-value.ts";
import type { Function } from "../../ir/function.ts";
import type { Signature } from "../../ir/signature.ts";
import { bytesOf } from "../../ir/types.ts";
import { decodeAndValidate } from "../../wasm/index.ts";
import { compileFile, REFUSED_FLAG, STACK_TOP, VALUE_BYTES } from "./file-module.ts";

/** Arguments stand at 0, results here. */
const RESULTS = 4096;

export type CompiledOutcome =
  | { readonly kind: "returned"; readonly values: readonly DataValue[] }
  | { readonly kind: "trapped"; readonly message: string }
  | { readonly kind: "refused"; readonly why: string };

export class CompiledFile {
  private readonly signatures: readonly Signature[];
  private readonly refusals: readonly (string | null)[];
  private readonly instance: HostInstance | null;
  private readonly memory: Uint8Array;

  /** Compiling changes the functions. */
  constructor(functions: readonly Function[]) {
    this.signatures = functions.map(({ signature }) => signature);
    const { bytes, refusals } = compileFile(functions);
    decodeAndValidate(bytes);
    this.refusals = refusals;
    this.instance = instantiate(bytes);
    const memory = this.instance?.exports["memory"] as { readonly buffer: ArrayBuffer } | undefined;
    this.memory = new Uint8Array(memory?.buffer ?? new ArrayBuffer(0));
  }

  /** Calls function `index` of the file. */
  call(index: number, args: readonly DataValue[]): CompiledOutcome {
    const refusal = this.refusals[index];
    if (typeof refusal === "string") return { kind: "refused", why: refusal };
    if (this.instance === null) return { kind: "refused", why: "this host does not take the module" };
    const { memory } = this;
    memory.fill(0xab, 0, 2 * RESULTS);
    memory.fill(0, 2 * RESULTS, STACK_TOP);
    args.forEach(({ bytes }, at) => void memory.set(bytes, at * VALUE_BYTES));
    try {
      (this.instance.exports[`f${index}`] as (args: number, results: number) => void)(0, RESULTS);
    } catch (error) {
      if (memory[REFUSED_FLAG] === 1) return { kind: "refused", why: "it calls a function that is refused" };
      return { kind: "trapped", message: error instanceof Error ? error.message : String(error) };
    }
    const values = this.signatures[index]!.returns.map(({ type }, at) => {
      const start = RESULTS + at * VALUE_BYTES;
      return { type, bytes: memory.slice(start, start + bytesOf(type)) };
    });
    return { kind: "returned", values };
  }
}

function instantiate(bytes: Uint8Array): HostInstance | null {
  try {
    return new hostWebAssembly.Instance(new hostWebAssembly.Module(bytes), {});
  } catch {
    return null;
  }
}
