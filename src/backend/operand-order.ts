/**
 * The order in which Wasm takes an instruction's operands, where it is not CLIF's: addresses come before what is stored,
 * conditions after what is chosen from, the callee of an indirect call last, a high half before the low one.
 */
import * as Op from "../ir/op.gen.ts";
import { Format, type Opcode, opcodeFormat } from "../ir/opcodes.ts";

/** Which CLIF operand is pushed as number `place` of `count`. */
export function operandAt(op: Opcode, place: number, count: number): number {
  switch (opcodeFormat(op)) {
    case Format.Store:
    case Format.StoreNoOffset:
      return 1 - place;
    case Format.CallIndirect:
    case Format.TryCallIndirect:
      return (place + 1) % count;
    case Format.Ternary:
      return op === Op.Select || op === Op.SelectSpectreGuard || op === Op.Bitselect
        ? (place + 1) % 3
        : place;
    default:
      return op === Op.Iconcat ? 1 - place : place;
  }
}
