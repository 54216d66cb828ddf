/** Every opcode, under every type that it can have, is read from text, printed, and read again to the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inst } from "../../src/ir/entities.ts";
import * as Op from "../../src/ir/op.gen.ts";
import {
  argRule,
  controlTypeSet,
  Format,
  fixedArgCount,
  fixedResultCount,
  freeTypeSet,
  isCall,
  OPCODE_COUNT,
  OpFlag,
  opcodeFlags,
  opcodeFormat,
  opcodeName,
  TypeRule,
  typeOfRule,
  typeSetHas,
} from "../../src/ir/opcodes.ts";
import {
  dynamicOf,
  INVALID,
  isDynamicVector,
  laneType,
  type Type,
  typeOfName,
  vectorOf,
} from "../../src/ir/types.ts";
import { clifTypeName, functionText, parseFunctions } from "../../src/text/index.ts";

const LANES = ["i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128"].map(typeOfName);
const VECTORS = LANES.flatMap((lane) => [2, 4, 8, 16, 256].map((count) => vectorOf(lane, count)));
const TYPES: readonly Type[] = [...LANES, ...VECTORS, ...VECTORS.map(dynamicOf)];

/** A type that the operand may have. */
function operandType(rule: number, control: Type): Type {
  const set = freeTypeSet(rule);
  if (set >= 0) return TYPES.find((type) => typeSetHas(set, type))!;
  const type = typeOfRule(rule, control);
  if (type !== INVALID || (rule !== TypeRule.Narrower && rule !== TypeRule.Wider)) return type;
  // The parser leaves it to the verifier whether these fit.
  return control;
}

/** In the opcode's set; for `extract_vector` that has fixed types, which have no result. */
function isControlType(op: number, type: Type): boolean {
  return typeSetHas(controlTypeSet(op), type) && (op !== Op.ExtractVector || isDynamicVector(type));
}

/** The operands of an instruction whose values are `args`, by its format. */
function operands(op: number, args: readonly string[]): string {
  const list = args.join(", ");
  switch (opcodeFormat(op)) {
    case Format.Load:
      return `notrap aligned big region0 ${list}-8`;
    case Format.Store:
      return `user7 readonly can_move little ${list}+0x1_0000`;
    case Format.AtomicRmw:
      return `nand ${list}`;
    case Format.LoadNoOffset:
    case Format.StoreNoOffset:
      return `little ${list}`;
    case Format.IntCompare:
      return `ugt ${list}`;
    case Format.FloatCompare:
      return `uno ${list}`;
    case Format.IntAddTrap:
    case Format.CondTrap:
      return `${list}, bad_toint`;
    case Format.Trap:
      return "user250";
    case Format.BinaryImm8:
    case Format.TernaryImm8:
      return `${list}, 255`;
    case Format.Shuffle:
      return `${list}, 0x000102030405060708090a0b0c0d0e0f`;
    case Format.Jump:
      return "block0";
    case Format.Brif:
      return `${list}, block0, block0`;
    case Format.BranchTable:
      return `${list}, block0, []`;
    case Format.Call:
      return "fn0()";
    case Format.CallIndirect:
      return `sig0, ${list}()`;
    case Format.TryCall:
      return "fn0(), sig0, block0, []";
    case Format.TryCallIndirect:
      return `${list}(), sig0, block0, [ default: block0 ]`;
    case Format.FuncAddr:
      return "fn0";
    case Format.StackAddr:
      return "ss0+4";
    case Format.DynamicStackAddr:
      return "dss0";
    case Format.UnaryGlobalValue:
      return "gv0";
    case Format.ExceptionHandlerAddress:
      return "block0, 3";
    case Format.UnaryConst:
      return "const0";
    case Format.UnaryImm:
      return "-7";
    case Format.UnaryIeee16:
    case Format.UnaryIeee32:
    case Format.UnaryIeee64:
      return "-0x1.8p-3";
    default:
      return list;
  }
}

/** A function with that one instruction; its operands are parameters of the block. */
function functionWith(op: number, control: Type): string {
  const types = Array.from({ length: fixedArgCount(op) }, (_, i) => operandType(argRule(op, i), control));
  const params = types.map((type, i) => `v${i}: ${clifTypeName(type)}`).join(", ");
  const args = types.map((_, i) => `v${i}`);
  const count = isCall(op) && opcodeFormat(op) !== Format.Ternary ? 0 : fixedResultCount(op);
  const results = Array.from({ length: count }, (_, i) => `v${10 + i}`).join(", ");
  const suffix = control === INVALID ? "" : `.${clifTypeName(control)}`;
  return `function %f() {
    dss0 = explicit_dynamic_slot dt0
    ss0 = explicit_slot 8
    region0 = 1 "r"
    gv0 = vmctx
    dt0 = i32x4*gv0
    sig0 = ()
    fn0 = %g sig0
    const0 = 0x00112233445566778899aabbccddeeff

block0${params === "" ? "" : `(${params})`}:
    ${results === "" ? "" : `${results} = `}${opcodeName(op)}${suffix} ${operands(op, args)}
}
`;
}

for (let op = 1; op <= OPCODE_COUNT; op++) {
  const polymorphic = (opcodeFlags(op) & OpFlag.Polymorphic) !== 0;
  const controls = polymorphic ? TYPES.filter((type) => isControlType(op, type)) : [INVALID];
  test(`${opcodeName(op)} under ${controls.length} types`, () => {
    assert.ok(controls.length > 0);
    for (const control of controls) {
      const text = functionWith(op, control);
      const func = parseFunctions(text)[0]!;
      const inst = 0 as Inst;
      assert.equal(func.dfg.opcode(inst), op);
      const printed = functionText(func, { dynamicTypes: true });
      assert.equal(functionText(parseFunctions(printed)[0]!, { dynamicTypes: true }), printed);
      if (polymorphic && func.dfg.controlType(inst) !== INVALID) {
        assert.equal(laneType(func.dfg.controlType(inst)), laneType(control), text);
        assert.equal(isDynamicVector(func.dfg.controlType(inst)), isDynamicVector(control));
      }
    }
  });
}

test("types outside an opcode's set are refused", () => {
  for (let op = 1; op <= OPCODE_COUNT; op++) {
    if ((opcodeFlags(op) & OpFlag.Polymorphic) === 0) continue;
    const other = TYPES.find((type) => !isControlType(op, type));
    if (other === undefined || (fixedArgCount(op) > 0 && op !== Op.ExtractVector)) continue;
    assert.throws(() => parseFunctions(functionWith(op, other)), { name: "InputError" }, opcodeName(op));
  }
});
