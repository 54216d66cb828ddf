/** Rules on immediates and on debug tags; each error ends the function, as upstream's do. */
import type { Inst } from "../ir/entities.ts";
import { isReadonly } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, isCall } from "../ir/opcodes.ts";
import { I8, I16, I32, isDynamicVector, laneCount } from "../ir/types.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";

/** Whether to go on with the next instruction. */
export function verifyImmediates(context: VerifyContext, inst: Inst): boolean {
  const message = immediateError(context, inst);
  if (message !== null) context.errors.atInst(inst, message);
  return message === null && verifyDebugTags(context, inst);
}

function immediateError(context: VerifyContext, inst: Inst): string | null {
  const { dfg } = context.func;
  switch (dfg.format(inst)) {
    case Format.Store:
      return isReadonly(dfg.memFlags(inst)) ? messages.READONLY_STORE : null;
    case Format.UnaryImm:
      return constantFits(context, inst) ? null : messages.CONSTANT_BOUNDS;
    case Format.BinaryImm8:
      return dfg.opcode(inst) === Op.Extractlane ? laneError(context, inst) : null;
    case Format.TernaryImm8:
      return laneError(context, inst);
    case Format.Shuffle:
      return shuffleError(dfg.immediates[dfg.shuffleMask(inst)]);
    default:
      return null;
  }
}

/** The bits of a constant above its type's width are 0: `iconst.i8 -1` is held as 255. */
function constantFits(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const low = dfg.immLow(inst) >>> 0;
  const high = dfg.immHigh(inst);
  switch (dfg.controlType(inst)) {
    case I8:
      return high === 0 && low <= 0xff;
    case I16:
      return high === 0 && low <= 0xffff;
    case I32:
      return high === 0;
    default:
      // `i64`, or a type that the type check has refused.
      return true;
  }
}

function laneError(context: VerifyContext, inst: Inst): string | null {
  const { dfg } = context.func;
  const type = dfg.valueType(dfg.arg(inst, 0));
  const lane = dfg.imm8(inst);
  const lanes = isDynamicVector(type) ? 0 : laneCount(type);
  return lane < lanes ? null : messages.laneIndex(lane, type);
}

function shuffleError(mask: Uint8Array | undefined): string | null {
  if (mask === undefined || mask.length !== 16) return messages.SHUFFLE_SIZE;
  const index = mask.find((lane) => lane >= 32);
  return index === undefined ? null : messages.shuffleIndex(index);
}

function verifyDebugTags(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  if (!dfg.hasDebugTags || dfg.debugTags(inst).length === 0) return true;
  const op = dfg.opcode(inst);
  if (isCall(op) || op === Op.SequencePoint) return true;
  context.errors.atBareInst(inst, messages.DEBUG_TAGS);
  return false;
}
