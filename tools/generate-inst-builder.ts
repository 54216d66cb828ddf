/**
 * The builder with one method per opcode, from `src/meta/clif-opcodes.ts`. A method takes, in this order: the
 * control type where text writes it, the immediates and values as CLIF text orders them; it returns the result, a
 * pair where there are two, or the instruction where there is none or a signature says how many.
 */
import { FORMATS } from "../src/meta/clif-formats.ts";
import { CLIF_OPCODES, type OpcodeRow } from "../src/meta/clif-opcodes.ts";
import { HEADER, inferredFrom, pascalCase } from "./generate-opcodes.ts";

/** Parameters around the values, and what goes to aux, a and b of the row. */
interface Shape {
  readonly before?: string;
  readonly after?: string;
  readonly aux?: string;
  readonly a?: string;
  readonly b?: string;
  /** Statements between making the instruction and its results. */
  readonly fill?: string;
}

const ADD_ARGS = "for (let i = 0; i < args.length; i++) this.dfg.addArg(args[i]!);";

const SHAPES: Readonly<Record<string, Shape>> = {
  AtomicCas: { before: "flags: MemFlags", a: "flags" },
  AtomicRmw: { before: "flags: MemFlags, op: AtomicOp", a: "flags", aux: "ATOMIC_OPS.indexOf(op)" },
  BinaryImm8: { after: "imm: number", aux: "imm" },
  BranchTable: { after: "calls: readonly BlockCall[]", fill: "this.dfg.addBranchTable(inst, calls);" },
  Brif: { after: "blockThen: BlockCall, blockElse: BlockCall", a: "blockThen", b: "blockElse" },
  Call: { before: "callee: FuncRef", after: "args: readonly Value[]", a: "callee", fill: ADD_ARGS },
  CallIndirect: {
    before: "signature: SigRef",
    after: "args: readonly Value[]",
    a: "signature",
    fill: ADD_ARGS,
  },
  CondTrap: { after: "code: TrapCode", aux: "code" },
  DynamicStackAddr: { after: "slot: DynamicStackSlot", a: "slot" },
  ExceptionHandlerAddress: { after: "block: Block, index: number", a: "block", b: "index" },
  FloatCompare: { before: "condition: FloatCondition", aux: "FLOAT_CONDITIONS.indexOf(condition)" },
  FuncAddr: { after: "func: FuncRef", a: "func" },
  IntAddTrap: { after: "code: TrapCode", aux: "code" },
  IntCompare: { before: "condition: IntCondition", aux: "INT_CONDITIONS.indexOf(condition)" },
  Jump: { after: "destination: BlockCall", a: "destination" },
  Load: { before: "flags: MemFlags", after: "offset: number", a: "flags", b: "offset" },
  LoadNoOffset: { before: "flags: MemFlags", a: "flags" },
  MultiAry: { after: "args: readonly Value[]", fill: ADD_ARGS },
  Shuffle: { after: "mask: Immediate", a: "mask" },
  StackAddr: { after: "slot: StackSlot, offset: number", a: "slot", b: "offset" },
  Store: { before: "flags: MemFlags", after: "offset: number", a: "flags", b: "offset" },
  StoreNoOffset: { before: "flags: MemFlags", a: "flags" },
  TernaryImm8: { after: "imm: number", aux: "imm" },
  Trap: { after: "code: TrapCode", aux: "code" },
  TryCall: {
    before: "callee: FuncRef",
    after: "args: readonly Value[], table: ExceptionTable",
    a: "callee",
    b: "table",
    fill: ADD_ARGS,
  },
  TryCallIndirect: { after: "args: readonly Value[], table: ExceptionTable", b: "table", fill: ADD_ARGS },
  UnaryConst: { after: "constant: Constant", a: "constant" },
  UnaryGlobalValue: { after: "global: GlobalValue", a: "global" },
  UnaryIeee16: { after: "bits: number", a: "bits" },
  UnaryIeee32: { after: "bits: number", a: "bits | 0" },
  UnaryIeee64: { after: "bits: bigint", a: "lowWord(bits)", b: "highWord(bits)" },
  UnaryImm: { after: "imm: number | bigint", a: "lowWord(imm)", b: "highWord(imm)" },
};

/** Keywords of the language get a trailing underscore. */
const RESERVED = new Set(["return"]);

function methodName(name: string): string {
  const pascal = pascalCase(name);
  const camel = pascal[0]!.toLowerCase() + pascal.slice(1);
  return RESERVED.has(camel) ? `${camel}_` : camel;
}

const VALUE_NAMES = ["x", "y", "z"];

/** Results known from the row: -1 when the callee's signature tells. */
function knownResults(row: OpcodeRow): number {
  return (row.format === "Call" || row.format === "CallIndirect") && !row.flags.includes("return")
    ? -1
    : row.results.length;
}

function method(row: OpcodeRow): string {
  const shape = SHAPES[row.format] ?? {};
  const format = FORMATS.find((candidate) => candidate.name === row.format)!;
  const operand = inferredFrom(row);
  const explicit = row.controlSet !== undefined && operand < 0;
  const values = VALUE_NAMES.slice(0, format.values);
  const params = [
    explicit ? "type: Type" : "",
    shape.before ?? "",
    ...values.map((value) => `${value}: Value`),
    shape.after ?? "",
  ].filter(Boolean);
  const control = explicit ? "type" : operand >= 0 ? `this.dfg.valueType(${values[operand]})` : "INVALID";
  const results = knownResults(row);
  const [type, value] =
    results === 1
      ? ["Value", "this.dfg.firstResult(inst)"]
      : results === 2
        ? ["readonly [Value, Value]", "[this.dfg.result(inst, 0), this.dfg.result(inst, 1)]"]
        : ["Inst", "inst"];
  const lines = [
    `const inst = this.dfg.newInst(Op.${pascalCase(row.name)}, ${shape.aux ?? 0}, ${shape.a ?? 0}, ${shape.b ?? 0});`,
    ...values.map((name) => `this.dfg.addArg(${name});`),
    shape.fill ?? "",
    results === 0 ? "" : `this.dfg.makeResults(inst, ${control});`,
    "this.insert(inst);",
    `return ${value};`,
  ].filter(Boolean);
  return `  ${methodName(row.name)}(${params.join(", ")}): ${type} {\n    ${lines.join("\n    ")}\n  }\n`;
}

/** `iaddImmS(x, imm)`: the constant, sign- or zero-extended, then the operation. */
function immediateForms(row: OpcodeRow): string {
  const name = methodName(row.name);
  const condition = row.format === "IntCompare" ? "condition, " : "";
  const params = row.format === "IntCompare" ? "condition: IntCondition, " : "";
  return ["S", "U"]
    .map(
      (sign) =>
        `  ${name}Imm${sign}(${params}x: Value, imm: number | bigint): Value {\n    return this.${name}(${condition}x, this.immediate${sign}(this.dfg.valueType(x), imm));\n  }\n`,
    )
    .join("\n");
}

export function instBuilderFile(): string {
  const methods = CLIF_OPCODES.flatMap((row) =>
    row.flags.includes("immediate-form") ? [method(row), immediateForms(row)] : [method(row)],
  );
  return `${HEADER}
import { ATOMIC_OPS, type AtomicOp, FLOAT_CONDITIONS, type FloatCondition, INT_CONDITIONS, type IntCondition } from "./conditions.ts";
import type { Block, BlockCall, Constant, DynamicStackSlot, ExceptionTable, FuncRef, GlobalValue, Immediate, Inst, SigRef, StackSlot, Value } from "./entities.ts";
import { highWord, InstBuilderBase, lowWord } from "./inst-builder-base.ts";
import type { MemFlags } from "./memflags.ts";
import * as Op from "./op.gen.ts";
import type { TrapCode } from "./trap-codes.ts";
import { INVALID, type Type } from "./types.ts";

/** One method per opcode; where the instructions go is the subclass's choice. */
export abstract class InstBuilder extends InstBuilderBase {
${methods.join("\n")}}
`;
}
