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

  /**
   * The constant of an immediate form. Narrow constants hold the bits of their width only; 128 bits are an extended
   * 64-bit constant, as there is no `iconst.i128`.
   */
  protected constantOf(
    type: Type,
    imm: number | bigint,
    extend: (wide: Type, low: Value) => Value,
    iconst: (narrow: Type, bits: bigint) => Value,
  ): Value {
    const wide = type === I128;
    const narrow = wide ? I64 : type;
    const bits = BigInt.asIntN(64, BigInt.asUintN(bitsOf(narrow), BigInt(imm)));
    const low = iconst(narrow, bits);
    return wide ? extend(type, low) : low;
  }
}
