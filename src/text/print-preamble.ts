/**
 * The head of a function's text: signature, and the preamble that declares stack slots, alias regions, global values,
 * signatures, functions, constants and the stack limit, in upstream's order.
 *
 * Upstream prints no `dtN` lines, so its text of a function with dynamic types does not read back. The option
 * `dynamicTypes` prints them, before the slots that name them, and dynamic types by these names.
 *
 * Source: `cranelift/codegen/src/write.rs` (`write_preamble`), `ir/extfunc.rs`, `ir/globalvalue.rs`.
 */
import { type Constant, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ExternalName, FunctionName } from "../ir/names.ts";
import type { AbiParam, Signature } from "../ir/signature.ts";
import type { GlobalValueData } from "../ir/tables.ts";
import { INVALID } from "../ir/types.ts";
import { writeConstantBytes, writeMemFlags } from "./print-instruction.ts";
import type { TextWriter } from "./text-writer.ts";
import { clifTypeName } from "./type-names.ts";

export function writeFunctionName(w: TextWriter, name: FunctionName): void {
  if (name.kind === "testcase") {
    w.byte(37);
    w.text(name.name);
    return;
  }
  w.entity("u", name.namespace);
  w.entity(":", name.index);
}

/** `(i32, i64 sext) -> f32 fast` */
export function writeSignature(w: TextWriter, signature: Signature): void {
  w.byte(40);
  writeParams(w, signature.params);
  w.byte(41);
  if (signature.returns.length > 0) {
    w.ascii(" -> ");
    writeParams(w, signature.returns);
  }
  w.byte(32);
  w.ascii(signature.callConv);
}

function writeParams(w: TextWriter, params: readonly AbiParam[]): void {
  for (let i = 0; i < params.length; i++) {
    w.checkpoint();
    if (i > 0) w.ascii(", ");
    const param = params[i]!;
    w.ascii(clifTypeName(param.type));
    if (param.extension !== "none") w.ascii(` ${param.extension}`);
    if (param.purpose === "sarg") w.ascii(` sarg(${param.structSizeBytes ?? 0})`);
    else if (param.purpose !== "normal") w.ascii(` ${param.purpose}`);
  }
}

/**
 * Writes the preamble; says whether there was anything to write. Names of the user's name spaces are known to
 * function declarations only: upstream prints those of global values as numbers.
 */
export function writePreamble(w: TextWriter, func: Function, dynamicTypes: boolean): boolean {
  if (dynamicTypes) writeDynamicTypes(w, func);
  writeStackSlots(w, func);
  for (let i = 0; i < func.aliasRegions.length; i++) {
    const region = func.aliasRegions[i]!;
    begin(w, "region", i);
    w.decimal(region.userId);
    w.ascii(' "');
    w.text(region.description);
    w.ascii('"\n');
  }
  for (let i = 0; i < func.globalValues.length; i++) {
    begin(w, "gv", i);
    writeGlobalValue(w, func.globalValues[i]!);
    w.byte(10);
  }
  const { signatures } = func.dfg;
  for (let i = 0; i < signatures.length; i++) {
    begin(w, "sig", i);
    writeSignature(w, signatures[i]!);
    w.byte(10);
  }
  writeFunctions(w, func);
  writeConstants(w, func);
  if (func.stackLimit !== NONE) {
    w.checkpoint();
    w.entity("    stack_limit = gv", func.stackLimit);
    w.byte(10);
  }
  return hasPreamble(func) || (dynamicTypes && func.dynamicTypes.length > 0);
}

function hasPreamble(func: Function): boolean {
  const { constants, extFuncs, signatures } = func.dfg;
  for (let i = 0; i < constants.length; i++) {
    if (constants.has(i as Constant)) return true;
  }
  return (
    func.dynamicStackSlots.length > 0 ||
    func.stackSlots.length > 0 ||
    func.aliasRegions.length > 0 ||
    func.globalValues.length > 0 ||
    signatures.length > 0 ||
    func.stackLimit !== NONE ||
    extFuncs.some((extFunc) => extFunc.signature !== NONE)
  );
}

/** `    ss0 = ` */
function begin(w: TextWriter, prefix: string, index: number): void {
  w.checkpoint();
  w.ascii("    ");
  w.entity(prefix, index);
  w.ascii(" = ");
}

function writeDynamicTypes(w: TextWriter, func: Function): void {
  for (let i = 0; i < func.dynamicTypes.length; i++) {
    const data = func.dynamicTypes[i]!;
    // A number that the text skipped.
    if (data.base === INVALID) continue;
    begin(w, "dt", i);
    w.ascii(clifTypeName(data.base));
    w.entity("*gv", data.scale);
    w.byte(10);
  }
}

function writeStackSlots(w: TextWriter, func: Function): void {
  for (let i = 0; i < func.dynamicStackSlots.length; i++) {
    begin(w, "dss", i);
    w.entity("explicit_dynamic_slot dt", func.dynamicStackSlots[i]!.dynamicType);
    w.byte(10);
  }
  for (let i = 0; i < func.stackSlots.length; i++) {
    const slot = func.stackSlots[i]!;
    begin(w, "ss", i);
    w.entity("explicit_slot ", slot.sizeBytes);
    if (slot.alignLog2 > 0) w.entity(", align = ", 2 ** slot.alignLog2);
    if (slot.key !== undefined) w.ascii(`, key = ${slot.key}`);
    w.byte(10);
  }
}

function writeGlobalValue(w: TextWriter, data: GlobalValueData): void {
  switch (data.kind) {
    case "vmctx":
      w.ascii("vmctx");
      return;
    case "load":
      w.ascii(`load.${clifTypeName(data.type)}`);
      writeMemFlags(w, data.flags);
      w.entity(" gv", data.base);
      w.offset32(data.offset);
      return;
    case "iadd_imm":
      w.ascii(`iadd_imm.${clifTypeName(data.type)}`);
      w.entity(" gv", data.base);
      w.ascii(", ");
      writeImm64(w, data.offset);
      return;
    case "symbol":
      w.ascii("symbol ");
      if (data.colocated) w.ascii("colocated ");
      if (data.tls) w.ascii("tls ");
      writeExternalName(w, data.name, null);
      if (data.offset > 0n) w.byte(43);
      if (data.offset !== 0n) writeImm64(w, data.offset);
      return;
    case "dyn_scale_target_const":
      w.ascii(`dyn_scale_target_const.${clifTypeName(data.vectorType)}`);
  }
}

function writeImm64(w: TextWriter, imm: bigint): void {
  w.imm64(Number(BigInt.asIntN(32, imm)), Number(BigInt.asIntN(32, imm >> 32n)));
}

/** With `func`, a user name is looked up in its table; without, or where the table lacks it, it is a number. */
function writeExternalName(w: TextWriter, name: ExternalName, func: Function | null): void {
  if (name.kind !== "user") {
    w.byte(37);
    w.text(name.name);
    return;
  }
  const user = func?.dfg.userNames.get(name.ref);
  if (user === undefined) {
    w.entity("userextname", name.ref);
    return;
  }
  w.entity("u", user.namespace);
  w.entity(":", user.index);
}

/** Functions whose numbers the text skipped have no signature and are left out. */
function writeFunctions(w: TextWriter, func: Function): void {
  const { extFuncs } = func.dfg;
  for (let i = 0; i < extFuncs.length; i++) {
    const extFunc = extFuncs[i]!;
    if (extFunc.signature === NONE) continue;
    begin(w, "fn", i);
    if (extFunc.colocated) w.ascii("colocated ");
    if (extFunc.patchable) w.ascii("patchable ");
    writeExternalName(w, extFunc.name, func);
    w.checkpoint();
    w.entity(" sig", extFunc.signature);
    w.byte(10);
  }
}

function writeConstants(w: TextWriter, func: Function): void {
  const { constants } = func.dfg;
  for (let i = 0; i < constants.length; i++) {
    if (!constants.has(i as Constant)) continue;
    begin(w, "const", i);
    writeConstantBytes(w, constants.bytes(i as Constant));
    w.byte(10);
  }
}
