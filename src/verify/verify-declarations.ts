/**
 * What is declared before the first block: global values, alias regions, the entry block's parameters, the signatures.
 * In upstream's order; each step says whether to go on. Errors of global values and alias regions end the function only
 * at the entry block's parameters, so that all of them are seen. Linear: a chain of global values is walked once.
 */
import { type Block, NONE } from "../ir/entities.ts";
import { aliasRegion } from "../ir/memflags.ts";
import type { AbiParam, Signature } from "../ir/signature.ts";
import type { GlobalValueData } from "../ir/tables.ts";
import { INVALID, isInt, type Type } from "../ir/types.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";

/** Whether the blocks are to be verified. */
export function verifyDeclarations(context: VerifyContext): boolean {
  verifyGlobalValues(context);
  verifyAliasRegions(context);
  return (
    verifyEntryParams(context) &&
    verifyEntryNotCold(context) &&
    verifyOwnSignature(context) &&
    verifySignatures(context) &&
    verifyPreserveAllPrologue(context)
  );
}

const Chain = { Unknown: 0, Ends: 1, Cycle: 2 } as const;

function verifyGlobalValues(context: VerifyContext): void {
  const globals = context.func.globalValues;
  if (globals.length === 0) return;
  const states = new Uint8Array(globals.length);
  let cycleSeen = false;
  for (let gv = 0; gv < globals.length; gv++) {
    if (states[gv] === Chain.Unknown) {
      const chain = walkGlobals(globals, states, gv);
      if (states[gv] === Chain.Cycle && !cycleSeen) {
        context.errors.at("global", gv, messages.globalCycle(chain));
        cycleSeen = true;
      }
    }
    if (states[gv] === Chain.Ends) verifyGlobalValue(context, gv, globals[gv]!);
  }
}

/** The chain of bases from `gv` on, as far as it was not known; enters what became of it. */
function walkGlobals(globals: readonly GlobalValueData[], states: Uint8Array, gv: number): number[] {
  const chain: number[] = [];
  let at = gv;
  while (at !== NONE && states[at] === Chain.Unknown) {
    // Counts as a cycle if it is met again before the chain ends.
    states[at] = Chain.Cycle;
    chain.push(at);
    const base = baseOf(globals[at]!);
    at = base < 0 || base >= globals.length ? NONE : base;
  }
  const state = at === NONE ? Chain.Ends : states[at]!;
  for (const member of chain) states[member] = state;
  return chain;
}

function baseOf(data: GlobalValueData): number {
  return data.kind === "load" || data.kind === "iadd_imm" ? data.base : NONE;
}

function verifyGlobalValue(context: VerifyContext, gv: number, data: GlobalValueData): void {
  const { errors, func, rules } = context;
  const base = baseOf(data);
  const baseType = base >= 0 ? globalType(context, base) : INVALID;
  if (base >= func.globalValues.length) errors.at("global", gv, messages.invalidGlobalBase(base));
  if (data.kind === "vmctx") {
    if (!func.signature.params.some((param) => param.purpose === "vmctx")) {
      errors.at("global", gv, messages.undeclaredVmctx(gv));
    }
  } else if (data.kind === "iadd_imm") {
    if (!isInt(data.type)) {
      errors.at("global", gv, messages.globalNotInt(data.type));
    } else if (baseType !== INVALID && data.type !== baseType) {
      errors.at("global", gv, messages.globalOperandType(data.type, baseType));
    }
  } else if (data.kind === "load") {
    if (rules.pointerType !== null && baseType !== INVALID && baseType !== rules.pointerType) {
      errors.at("global", gv, messages.globalBaseType(base, baseType, rules.pointerType));
    }
    const region = aliasRegion(data.flags);
    if (region !== NONE && region >= func.aliasRegions.length) {
      errors.at("global", gv, messages.undefinedRegion(region));
    }
  }
}

/** The type of a global value; `INVALID` without a target, which says what an address is. */
export function globalType(context: VerifyContext, gv: number): Type {
  const data = context.func.globalValues[gv];
  const { pointerType } = context.rules;
  if (data === undefined || pointerType === null) return INVALID;
  return data.kind === "load" || data.kind === "iadd_imm" ? data.type : pointerType;
}

function verifyAliasRegions(context: VerifyContext): void {
  const regions = context.func.aliasRegions;
  if (regions.length === 0) return;
  const seen = new Map<number, number>();
  for (let region = 0; region < regions.length; region++) {
    const { userId } = regions[region]!;
    const first = seen.get(userId);
    if (first === undefined) seen.set(userId, region);
    else context.errors.at("region", region, messages.duplicateRegion(userId, first, region));
  }
}

function verifyEntryParams(context: VerifyContext): boolean {
  const { dfg, layout, signature } = context.func;
  const entry = layout.entryBlock;
  if (entry === NONE) return !context.errors.any;
  const count = dfg.blockParamCount(entry);
  if (count !== signature.params.length) {
    context.errors.at("block", entry, messages.entryParamCount(count, signature.params.length));
    return false;
  }
  for (let i = 0; i < count; i++) verifyEntryParam(context, entry, i, signature.params[i]!);
  return !context.errors.any;
}

function verifyEntryParam(context: VerifyContext, entry: Block, index: number, expected: AbiParam): void {
  const { dfg } = context.func;
  const type = dfg.valueType(dfg.blockParam(entry, index));
  if (type !== expected.type) {
    context.errors.at("block", entry, messages.entryParamType(index, expected, type));
  }
}

function verifyEntryNotCold(context: VerifyContext): boolean {
  const { layout } = context.func;
  const entry = layout.entryBlock;
  if (entry === NONE || !layout.isCold(entry)) return true;
  context.errors.at("block", entry, messages.ENTRY_COLD);
  return false;
}

function verifyOwnSignature(context: VerifyContext): boolean {
  const { params, returns } = context.func.signature;
  for (let i = 0; i < params.length; i++) verifyAbiParam(context, "Parameter", i, params[i]!);
  for (let i = 0; i < returns.length; i++) {
    verifyAbiParam(context, "Return value", i, returns[i]!);
  }
  return !context.errors.any;
}

function verifyAbiParam(context: VerifyContext, item: string, index: number, param: AbiParam): void {
  const { errors } = context;
  if (param.type === INVALID) errors.atFunction(messages.abiInvalidType(item, index));
  if (item === "Return value" && param.purpose === "sarg") {
    errors.atFunction(messages.abiStructReturn(item, index));
  }
  if (param.extension !== "none" && !isInt(param.type)) {
    const extension = param.extension === "uext" ? "Uext" : "Sext";
    errors.atFunction(messages.abiExtension(item, index, extension));
  }
}

/** The function's own signature, those of the functions it may call, and those of indirect calls. */
function verifySignatures(context: VerifyContext): boolean {
  const { errors, func } = context;
  const { signatures, extFuncs } = func.dfg;
  if (returnsThoughPreservesAll(func.signature)) {
    errors.atFunction(messages.PRESERVE_ALL_RETURNS);
    return false;
  }
  for (let i = 0; i < extFuncs.length; i++) {
    // Numbers that text skipped have no signature.
    const signature = signatures[extFuncs[i]!.signature];
    if (signature === undefined || !returnsThoughPreservesAll(signature)) continue;
    errors.at("func", i, messages.PRESERVE_ALL_RETURNS);
    return false;
  }
  for (let i = 0; i < signatures.length; i++) {
    if (!returnsThoughPreservesAll(signatures[i]!)) continue;
    errors.at("signature", i, messages.PRESERVE_ALL_RETURNS);
    return false;
  }
  return true;
}

function returnsThoughPreservesAll(signature: Signature): boolean {
  return signature.callConv === "preserve_all" && signature.returns.length > 0;
}

/** The prologue of a `preserve_all` function may not need scratch registers before it has saved them. */
function verifyPreserveAllPrologue(context: VerifyContext): boolean {
  const { errors, func, rules } = context;
  if (func.signature.callConv !== "preserve_all") return true;
  if (func.stackLimit !== NONE) errors.atFunction(messages.PRESERVE_ALL_STACK_LIMIT);
  else if (rules.outlineProbestack) errors.atFunction(messages.PRESERVE_ALL_PROBESTACK);
  return !errors.any;
}
