/**
 * Division of 128 bits by shifting and subtracting, one bit of the quotient a turn: a loop in place of the instruction. What is
 * shifted out of the dividend at the top comes into the remainder, and the quotient's bits fill the dividend from below.
 *
 *     before: trap when the divisor is zero; magnitudes
 *     loop(remainder, dividend, turns):
 *         shift dividend into remainder; subtract the divisor where it fits, and count that in
 *         back while turns are left
 *     behind: the quotient is what the dividend has become
 *
 * Signed division divides magnitudes and puts the signs right after, the remainder's being the dividend's; the most negative
 * number divided by -1 traps, and leaves no remainder. A remainder may have 129 bits for a moment, hence the bit that goes out.
 */
import { FuncCursor } from "../ir/cursor.ts";
import type { Block, Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { INTEGER_DIVISION_BY_ZERO, INTEGER_OVERFLOW } from "../ir/trap-codes.ts";
import { I64 } from "../ir/types.ts";
import { anyBits, compare, type Halves, negate, select, subtract } from "./halves.ts";

const BITS = 128;

/** Puts the code before `inst`, which then stands first in a block of its own; the result in halves. */
export function splitDivision(func: Function, inst: Inst, x: Halves, y: Halves): Halves {
  const op = func.dfg.opcode(inst);
  const signed = op === Op.Sdiv || op === Op.Srem;
  const wantsQuotient = op === Op.Sdiv || op === Op.Udiv;
  const ins = new FuncCursor(func).beforeInst(inst).withSourceLoc(func.sourceLoc(inst));
  ins.trapz(anyBits(ins, y), INTEGER_DIVISION_BY_ZERO);
  if (op === Op.Sdiv) trapOnOverflow(ins, x, y);
  if (!signed) return divideMagnitudes(func, inst, x, y)[wantsQuotient ? 0 : 1];
  const [xNegative, yNegative] = [isNegative(ins, x), isNegative(ins, y)];
  const dividend = select(ins, xNegative, negate(ins, x), x);
  const divisor = select(ins, yNegative, negate(ins, y), y);
  const result = divideMagnitudes(func, inst, dividend, divisor)[wantsQuotient ? 0 : 1];
  const after = new FuncCursor(func).beforeInst(inst).withSourceLoc(func.sourceLoc(inst));
  const isNegated = wantsQuotient ? after.bxor(xNegative, yNegative) : xNegative;
  return select(after, isNegated, negate(after, result), result);
}

function isNegative(ins: FuncCursor, [, high]: Halves): Value {
  return ins.icmpImmS("slt", high, 0);
}

function trapOnOverflow(ins: FuncCursor, [xl, xh]: Halves, [yl, yh]: Halves): void {
  const least = ins.bor(xl, ins.bxor(xh, ins.iconst(I64, -(1n << 63n))));
  const minusOne = ins.bnot(ins.band(yl, yh));
  ins.trapz(ins.bor(least, minusOne), INTEGER_OVERFLOW);
}

/** Quotient and remainder; what follows `inst` goes on behind the loop. */
function divideMagnitudes(func: Function, inst: Inst, x: Halves, divisor: Halves): readonly [Halves, Halves] {
  const { dfg, layout } = func;
  const before = layout.blockOf(inst) as Block;
  const [loop, behind] = [dfg.makeBlock(), dfg.makeBlock()];
  layout.insertBlockAfter(loop, before);
  layout.insertBlockAfter(behind, loop);
  layout.splitBlock(behind, inst);
  const ins = new FuncCursor(func).atEnd(before);
  const zero = ins.iconst(I64, 0);
  ins.jump(dfg.blockCall(loop, [zero, zero, ...x, ins.iconst(I64, BITS)]));
  const pair = (): Halves => [dfg.appendBlockParam(loop, I64), dfg.appendBlockParam(loop, I64)];
  const [remainder, dividend] = [pair(), pair()];
  const turns = dfg.appendBlockParam(loop, I64);

  ins.atEnd(loop);
  const grown: Halves = [
    ins.bor(ins.ishlImmS(remainder[0], 1), ins.ushrImmS(dividend[1], 63)),
    ins.bor(ins.ishlImmS(remainder[1], 1), ins.ushrImmS(remainder[0], 63)),
  ];
  const out = ins.icmpImmS("slt", remainder[1], 0);
  const fits = ins.bor(out, compare(ins, "uge", grown, divisor));
  const rest = select(ins, fits, subtract(ins, grown, divisor), grown);
  const next: Halves = [
    ins.bor(ins.ishlImmS(dividend[0], 1), ins.uextend(I64, fits)),
    ins.bor(ins.ishlImmS(dividend[1], 1), ins.ushrImmS(dividend[0], 63)),
  ];
  const left = ins.iaddImmS(turns, -1);
  ins.brif(left, dfg.blockCall(loop, [...rest, ...next, left]), dfg.blockCall(behind, []));
  return [next, rest];
}
