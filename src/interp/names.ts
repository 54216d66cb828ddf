/**
 * Names of functions and symbols as keys, and the addresses that stand for them. An address follows from the name alone,
 * so that both sides of a comparison, and every run, agree on it.
 */
import type { FuncRef } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ExternalName, FunctionName } from "../ir/names.ts";
import { hashString, mix } from "./hash.ts";

/** `%name` or `u0:7`, as text has it. */
export function nameKey(name: FunctionName): string {
  return name.kind === "user" ? `u${name.namespace}:${name.index}` : `%${name.name}`;
}

export function externalKey(func: Function, name: ExternalName): string {
  if (name.kind !== "user") return `%${name.name}`;
  const user = func.dfg.userNames.get(name.ref);
  return user === undefined ? `userextname${name.ref}` : `u${user.namespace}:${user.index}`;
}

export function functionKey(func: Function, ref: FuncRef): string {
  const extFunc = func.dfg.extFuncs[ref];
  return extFunc === undefined ? `fn${ref}` : externalKey(func, extFunc.name);
}

/** A number that stands for a callee in traces. */
export function functionHash(func: Function, ref: FuncRef): number {
  const name = func.dfg.extFuncs[ref]?.name;
  const user = name?.kind === "user" ? func.dfg.userNames.get(name.ref) : undefined;
  return user === undefined ? hashString(functionKey(func, ref)) : mix(user.namespace, user.index);
}

/** 16-byte aligned, in a part of the address space where nothing else lies. */
export function functionAddress(key: string): number {
  return 0x4000_0000 | (hashString(key) & 0x0fff_fff0);
}

export function symbolAddress(func: Function, name: ExternalName): number {
  return 0x5000_0000 | (hashString(externalKey(func, name)) & 0x0fff_fff0);
}
