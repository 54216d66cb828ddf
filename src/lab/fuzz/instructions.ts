/** Random instructions, terminators apart: each is drawn by what it is good for, calls most of all. */
import type { Block, FuncRef, Value } from "../../ir/entities.ts";
import type { InstBuilder } from "../../ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS, type MemFlags, TRUSTED_MEMFLAGS, withEndianness } from "../../ir/memflags.ts";
import { userTrap } from "../../ir/trap-codes.ts";
import {
  bitsOf,
  bytesOf,
  F16,
  F128,
  I8,
  I32,
  I64,
  I128,
  isFloat,
  isInt,
  isVector,
  laneCount,
  laneType,
  type Type,
} from "../../ir/types.ts";
import type { Entities } from "./entities.ts";
import type { Scope } from "./scope.ts";

export interface InstructionContext {
  readonly scope: Scope;
  readonly entities: Entities;
  readonly types: readonly Type[];
  readonly pointer: Type;
  /** How many of a hundred instructions are calls. */
  readonly callPercent: number;
  readonly stackSwitches: boolean;
  /** The blocks, by their numbers in the plan. */
  readonly blocks: Block[];
  /** How many parameters each block has of its own, before SSA construction adds any. */
  readonly ownParams: number[];
}

/** Builds one instruction with what it needs. */
export function buildInstruction(context: InstructionContext): void {
  const { scope } = context;
  const { random } = scope;
  if (random.chance(context.callPercent)) {
    buildCall(context);
    return;
  }
  const draw = random.below(100);
  if (draw < 50) buildArithmetic(context, random.pick(context.types));
  else if (draw < 60) buildComparison(context);
  else if (draw < 61) scope.builder.ins.fence();
  else if (draw < 68) buildConversion(context);
  else if (draw < 84) buildMemoryAccess(context);
  else if (draw < 92) scope.constant(random.pick(context.types));
  else if (draw < 96) buildTrap(context);
  else if (context.stackSwitches && random.chance(30)) buildStackSwitch(context);
  else scope.builder.ins.nop();
}

export function buildCall({ scope, entities, pointer }: InstructionContext): void {
  const { random, builder } = scope;
  const { dfg } = builder.func;
  const indirect = entities.signatures.length > 0 && random.chance(20);
  let inst: ReturnType<InstBuilder["call"]>;
  if (indirect) {
    const signature = random.pick(entities.signatures);
    const callee = random.chance(50)
      ? addressOf(scope, pointer, random.pick(entities.callees))
      : scope.pick(pointer);
    inst = builder.ins.callIndirect(signature, callee, scope.pickAll(dfg.signatures[signature]!.params));
  } else {
    const callee = random.pick(entities.callees);
    const { params } = dfg.signatures[dfg.extFuncs[callee]!.signature]!;
    inst = builder.ins.call(callee, scope.pickAll(params));
  }
  for (let i = 0; i < dfg.resultCount(inst); i++) scope.define(dfg.result(inst, i));
}

function addressOf(scope: Scope, pointer: Type, callee: FuncRef): Value {
  const address = scope.builder.ins.funcAddr(pointer, callee);
  scope.define(address);
  return address;
}

function buildArithmetic({ scope }: InstructionContext, type: Type): void {
  const { random, builder } = scope;
  const { ins } = builder;
  const x = scope.pick(type);
  if (type === F16 || type === F128) {
    scope.define(ins.fneg(x));
  } else if (isFloat(laneType(type))) {
    const y = scope.pick(type);
    scope.define(random.pick([() => ins.fadd(x, y), () => ins.fmul(x, y), () => ins.fneg(x)])());
  } else if (isInt(type) && random.chance(10)) {
    const [sum, carry] = ins.uaddOverflow(x, scope.pick(type));
    scope.define(sum);
    scope.define(carry);
  } else {
    const y = random.chance(20) && isInt(type) ? scope.constant(type) : scope.pick(type);
    const make = random.pick([
      () => ins.iadd(x, y),
      () => ins.isub(x, y),
      () => ins.bxor(x, y),
      () => ins.band(x, y),
      () => ins.ineg(x),
    ]);
    scope.define(make());
  }
}

function buildComparison({ scope, types }: InstructionContext): void {
  const { random, builder } = scope;
  const type = random.pick(types);
  const condition = scope.pick(I8);
  if (random.chance(50) && isFloat(type) && type !== F16 && type !== F128) {
    const x = scope.pick(type);
    scope.define(builder.ins.fcmp(random.pick(["lt", "uno", "ne"] as const), x, scope.pick(type)));
  } else if (random.chance(50) && isInt(type)) {
    const operator = random.pick(["eq", "slt", "ugt"] as const);
    const x = scope.pick(type);
    scope.define(builder.ins.icmp(operator, x, scope.pick(type)));
  } else {
    const x = scope.pick(type);
    scope.define(builder.ins.select(condition, x, scope.pick(type)));
  }
}

function buildConversion({ scope, types }: InstructionContext): void {
  const { random, builder } = scope;
  const { ins } = builder;
  const from = random.pick(types);
  const to = random.pick(types);
  const x = scope.pick(from);
  if (bitsOf(from) === bitsOf(to) && from !== to && bitsOf(from) >= 16 && random.chance(70)) {
    scope.define(ins.bitcast(to, withEndianness(DEFAULT_MEMFLAGS, "little"), x));
  } else if (isInt(from) && isInt(to) && from !== to) {
    const widens = bitsOf(to) > bitsOf(from);
    scope.define(widens ? (random.chance(50) ? ins.uextend(to, x) : ins.sextend(to, x)) : ins.ireduce(to, x));
  } else if (isVector(to) && laneType(to) === from) {
    scope.define(ins.splat(to, x));
  } else if (isVector(from)) {
    const lane = ins.extractlane(x, random.below(laneCount(from)));
    scope.define(lane);
    if (random.chance(50)) scope.define(ins.insertlane(x, lane, random.below(laneCount(from))));
  } else if (from === I128) {
    for (const half of ins.isplit(x)) scope.define(half);
  } else if (from === I64) {
    scope.define(ins.iconcat(x, scope.pick(I64)));
  }
}

function buildMemoryAccess({ scope, entities, types, pointer }: InstructionContext): void {
  const { random, builder } = scope;
  const { ins } = builder;
  const type = random.pick(types);
  const flags: MemFlags = random.chance(50) ? TRUSTED_MEMFLAGS : DEFAULT_MEMFLAGS;
  let address: Value;
  let offset = random.below(4) * 8;
  if (entities.slots.length > 0 && random.chance(60)) {
    const slot = random.pick(entities.slots);
    const room = builder.func.stackSlots[slot]!.sizeBytes - bytesOf(type);
    if (room < 0) return;
    address = ins.stackAddr(pointer, slot, random.below(room + 1));
    scope.define(address);
    offset = 0;
  } else {
    address = scope.pick(pointer);
  }
  if (random.chance(50)) scope.define(ins.load(type, flags, address, offset));
  else ins.store(flags, scope.pick(type), address, offset);
}

function buildTrap({ scope }: InstructionContext): void {
  const { random, builder } = scope;
  const condition = scope.pick(random.chance(50) ? I8 : I32);
  // Traps that are always taken would leave little of the function to run.
  if (random.chance(85)) return;
  const code = userTrap(random.between(1, 9));
  if (random.chance(50)) builder.ins.trapz(condition, code);
  else builder.ins.trapnz(condition, code);
}

function buildStackSwitch({ scope, pointer }: InstructionContext): void {
  const [x, y] = [scope.pick(pointer), scope.pick(pointer)];
  scope.define(scope.builder.ins.stackSwitch(x, y, scope.pick(pointer)));
}
