/** The tables of a random function: what it can call, the slots it has, the types its values take. */
import type { FunctionBuilder } from "../../frontend/builder.ts";
import type { FuncRef, SigRef, StackSlot } from "../../ir/entities.ts";
import { type CallConv, type Signature, signatureOf } from "../../ir/signature.ts";
import {
  F16,
  F32,
  F32X4,
  F64,
  F64X2,
  F128,
  I8,
  I8X16,
  I16,
  I16X8,
  I32,
  I32X4,
  I64,
  I64X2,
  I128,
  type Type,
} from "../../ir/types.ts";
import type { Random } from "./random.ts";

const TYPES: readonly Type[] = [I8, I16, I32, I64, I128, F32, F64, I8X16, I16X8, I32X4, I64X2, F32X4, F64X2];
const RARE_TYPES: readonly Type[] = [F16, F128];

/** Types of a function's values: a few, addresses always among them. */
export function drawTypes(random: Random, pointer: Type): Type[] {
  const types = [pointer];
  if (random.chance(85)) types.push(I32);
  const extra = random.chance(50) ? random.below(2) : random.below(5);
  for (let i = 0; i < extra; i++) types.push(random.pick(random.chance(5) ? RARE_TYPES : TYPES));
  return types;
}

export function drawSignature(
  random: Random,
  types: readonly Type[],
  maxParams: number,
  maxReturns: number,
  callConv: CallConv,
): Signature {
  const draw = (max: number): Type[] =>
    Array.from({ length: random.between(0, max) }, () => random.pick(types));
  return signatureOf(draw(maxParams), draw(maxReturns), callConv);
}

/** What a random function can call and address. */
export interface Entities {
  readonly callees: readonly FuncRef[];
  /** Signatures for indirect calls. */
  readonly signatures: readonly SigRef[];
  /** A callee and a signature that tail calls can have, or null. */
  readonly tailCallee: FuncRef | null;
  readonly tailSignature: SigRef | null;
  readonly slots: readonly StackSlot[];
}

export function importEntities(random: Random, builder: FunctionBuilder, types: readonly Type[]): Entities {
  const { func } = builder;
  const { callConv } = func.signature;
  const importCallee = (signature: SigRef): FuncRef =>
    builder.importFunction({
      name: { kind: "user", ref: builder.declareImportedUserFunction(0, func.dfg.extFuncs.length) },
      signature,
      colocated: random.chance(80),
      patchable: false,
      noCollect: random.chance(12),
    });
  const drawn = (): SigRef => {
    const conv = random.chance(70) ? "system_v" : "tail";
    return builder.importSignature(drawSignature(random, types, 3, random.chance(10) ? 3 : 1, conv));
  };
  const callees = Array.from({ length: random.between(1, 4) }, () => importCallee(drawn()));
  const signatures = Array.from({ length: random.below(2) }, drawn);
  let tailCallee: FuncRef | null = null;
  let tailSignature: SigRef | null = null;
  if (callConv === "tail") {
    const params = drawSignature(random, types, 3, 0, "tail").params;
    tailSignature = builder.importSignature({ ...func.signature, params });
    tailCallee = importCallee(tailSignature);
  }
  const slots = Array.from({ length: random.chance(20) ? random.between(1, 3) : 0 }, () =>
    builder.createSizedStackSlot({ sizeBytes: 1 << random.below(6), alignLog2: random.below(4) }),
  );
  return { callees, signatures, tailCallee, tailSignature, slots };
}
