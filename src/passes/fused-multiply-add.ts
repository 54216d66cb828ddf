/**
 * `fma` of f32 in f64: the product is exact there, and the sum's error is a float too (Knuth's TwoSum). A sum that is not exact is
 * rounded to odd, which leaves the one rounding to f32 its choice: 53 bits are more than 24 and two. Source: Boldo and Melquiond,
 * "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 2008.
 */
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS } from "../ir/memflags.ts";
import { F32, F64, I64 } from "../ir/types.ts";

/** `x · y + z`, rounded once. */
export function fusedMultiplyAdd(ins: InstBuilder, x: Value, y: Value, z: Value): Value {
  const product = ins.fmul(ins.fpromote(F64, x), ins.fpromote(F64, y));
  const addend = ins.fpromote(F64, z);
  const sum = ins.fadd(product, addend);
  const added = ins.fsub(sum, product);
  const error = ins.fadd(ins.fsub(product, ins.fsub(sum, added)), ins.fsub(addend, added));
  const bits = ins.bitcast(I64, DEFAULT_MEMFLAGS, sum);
  // Away from zero where the error has the sum's sign, else towards it.
  const differs = ins.sshrImmS(ins.bxor(bits, ins.bitcast(I64, DEFAULT_MEMFLAGS, error)), 63);
  const step = ins.bor(differs, ins.iconst(I64, 1));
  const isEven = ins.icmpImmS("eq", ins.band(bits, ins.iconst(I64, 1)), 0);
  // Ordered: the error of infinities is no number.
  const isInexact = ins.fcmp("one", error, ins.f64const(0n));
  const odd = ins.select(ins.band(isInexact, isEven), ins.iadd(bits, step), bits);
  return ins.fdemote(F32, ins.bitcast(F64, DEFAULT_MEMFLAGS, odd));
}
