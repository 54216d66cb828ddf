/**
 * A module as the reducer sees it: always valid, always in the canonical encoding, never changed. A pass makes another
 * one, from a `Module` whose ranges may lie in any buffer, and gets `null` if that is not valid.
 */
import { InputError } from "../../../base/diagnostics.ts";
import { decodeModule } from "../../../wasm/decode.ts";
import { encodeModule } from "../../../wasm/encode.ts";
import { DEFAULT_FEATURES, featureMask } from "../../../wasm/features.ts";
import type { Module } from "../../../wasm/module.ts";
import { OperatorReader } from "../../../wasm/operators.ts";
import { TypeStore } from "../../../wasm/subtyping.ts";
import { validateBodies, validateDeclarations, validateTypes } from "../../../wasm/validate.ts";
import { type BodyShape, bodyShape } from "./body-shape.ts";
import { itemsWeight, LOCAL_WEIGHT, operatorWeight } from "./module-weight.ts";
import { StackWatch } from "./stack-watch.ts";

export interface ModuleSubject {
  readonly module: Module;
  readonly bytes: Uint8Array;
  /** How many instructions each body has, without its last `end`. */
  readonly counts: readonly number[];
  readonly insts: number;
  readonly weight: number;
  /** The state of validation, for questions about types. */
  readonly watch: StackWatch;
  readonly shapes: (BodyShape | undefined)[];
}

/** All proposals are on: whether one is off is the condition's business. */
export const FEATURE_MASK: number = featureMask(DEFAULT_FEATURES);

/** Throws `InputError` unless it is a valid module. */
export function openModule(bytes: Uint8Array): ModuleSubject {
  const module = decodeModule(bytes);
  const store = new TypeStore();
  const watch = new StackWatch(module, FEATURE_MASK, store, validateTypes(module, store));
  validateDeclarations(watch);
  validateBodies(watch);
  const { counts, weight } = weigh(module);
  const insts = counts.reduce((sum, count) => sum + count, 0);
  return { module, bytes, counts, insts, weight: weight + bytes.length, watch, shapes: [] };
}

/** The module as a subject; `null` if it is not valid. */
export function closeModule(module: Module): ModuleSubject | null {
  try {
    return openModule(encodeModule(module));
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

export function shapeOf(subject: ModuleSubject, body: number): BodyShape {
  const { shapes } = subject;
  shapes[body] ??= bodyShape(subject.watch, body);
  return shapes[body];
}

/** A reader that can read the bodies and expressions of the module. */
export function operatorReader(module: Module): OperatorReader {
  const reader = new OperatorReader(module.bytes, 0, 0, FEATURE_MASK);
  reader.typeLimit = module.types.length;
  return reader;
}

/** Moves the reader to the first instruction of the body; returns how many locals are declared before it. */
export function seekCode(reader: OperatorReader, { code }: Module, body: number): number {
  reader.seek(code.starts.get(body), code.ends.get(body));
  const runs = reader.u32();
  let locals = 0;
  for (let run = 0; run < runs; run++) {
    locals += reader.u32();
    reader.readValType();
  }
  return locals;
}

function weigh(module: Module): { counts: number[]; weight: number } {
  const reader = operatorReader(module);
  const counts: number[] = [];
  let weight = itemsWeight(module);
  for (let body = 0; body < module.code.starts.length; body++) {
    weight += seekCode(reader, module, body) * LOCAL_WEIGHT;
    let count = -1;
    while (reader.pos < reader.end) {
      weight += operatorWeight(reader.next(), reader);
      count++;
    }
    counts.push(count);
  }
  return { counts, weight };
}
