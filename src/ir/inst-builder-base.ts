/** What the generated builder methods stand on. */
import type { DataFlowGraph } from "./dfg.ts";
import type { Inst, Value } from "./entities.ts";
import type { Function } from "./function.ts";
import { bitsOf, I64, I128, type Type } from "./types.ts";

/** Low 32 bits of an immediate, signed. Numbers must be safe integers. */
export function lowWord(imm: number | bigint): number {
  return typeof imm === "number" ? imm | 0 : Number(BigInt.asIntN(32, imm));
}

export function highWord(imm: number | bigint): number {
  return typeof imm === "number" ? Math.floor(imm / 2 ** 32) | 0 : Number(BigInt.asIntN(32, imm >> 32n));
}

export abstract class InstBuilderBase {
  readonly func: Function;
  protected readonly dfg: DataFlowGraph;

  constructor(func: Function) {
    this.func = func;
    this.dfg = func.dfg;
  }

  /** Puts a new instruction where the builder stands. */
  protected abstract insert(inst: Inst): void;

  abstract iconst(type: Type, imm: number | bigint): Value;
  abstract sextend(type: Type, x: Value): Value;
  abstract uextend(type: Type, x: Value): Value;

  /** The constant of an immediate form, sign-extended. 128 bits are an extended 64-bit constant, as there is no `iconst.i128`. */
  protected immediateS(type: Type, imm: number | bigint): Value {
    return type === I128 ? this.sextend(type, this.iconstWithin(I64, imm)) : this.iconstWithin(type, imm);
  }

  protected immediateU(type: Type, imm: number | bigint): Value {
    return type === I128 ? this.uextend(type, this.iconstWithin(I64, imm)) : this.iconstWithin(type, imm);
  }

  /** Narrow constants hold the bits of their width only. */
  private iconstWithin(type: Type, imm: number | bigint): Value {
    return this.iconst(type, bitsWithin(bitsOf(type), imm));
  }
}

/** The lowest bits of an immediate, unsigned but for all 64. */
function bitsWithin(width: number, imm: number | bigint): number | bigint {
  if (typeof imm !== "number") return BigInt.asIntN(64, BigInt.asUintN(width, imm));
  if (width === 64) return imm;
  return width === 32 ? imm >>> 0 : imm & ((1 << width) - 1);
}
