/** Signatures: what is passed and returned, and how. Source: `cranelift/codegen/src/ir/extfunc.rs`. */
import type { Type } from "./types.ts";

export const CALL_CONVS = [
  "fast",
  "tail",
  "system_v",
  "windows_fastcall",
  "apple_aarch64",
  "probestack",
  "winch",
  "preserve_all",
] as const;
export type CallConv = (typeof CALL_CONVS)[number];

/** How a small integer fills its register. */
export type Extension = "none" | "uext" | "sext";

/** What a parameter is for; `sarg` is a struct passed by value, its size in bytes beside it. */
export type Purpose = "normal" | "vmctx" | "sret" | "sarg";

export interface AbiParam {
  readonly type: Type;
  readonly extension: Extension;
  readonly purpose: Purpose;
  /** Size in bytes, for `sarg`. */
  readonly structSizeBytes?: number;
}

export interface Signature {
  readonly params: readonly AbiParam[];
  readonly returns: readonly AbiParam[];
  readonly callConv: CallConv;
}

/** Those made so far: a module has thousands of signatures, of five types. */
const plain: Map<Type, AbiParam> = new Map();

/** A plain parameter of that type. */
export function abiParam(type: Type): AbiParam {
  let param = plain.get(type);
  if (param === undefined) {
    param = { type, extension: "none", purpose: "normal" };
    plain.set(type, param);
  }
  return param;
}

/** A signature of plain parameters and results. */
export function signatureOf(
  params: readonly Type[],
  returns: readonly Type[],
  callConv: CallConv = "fast",
): Signature {
  return { params: params.map(abiParam), returns: returns.map(abiParam), callConv };
}
