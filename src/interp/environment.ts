/**
 * The world outside a compared function: its arguments, what external functions give, when they throw, and where the
 * collector moves references. All of it follows from a seed and the ordinal of the call, so both sides meet the same world as
 * long as they behave the same; what they pass to it is in their traces.
 *
 * Moving a reference is an involution on the bits of its type: exclusive or with a mask of that safepoint and type, except
 * that a few values stay where they are (`fix`). Those are the constants that are references: a collector does not move
 * null or a small integer, so a policy may make them again instead of reloading them. A value whose image would be one of
 * them stays too, so no two values ever become one.
 */
import type { Type } from "../ir/types.ts";
import { bytesOf } from "../ir/types.ts";
import { mix } from "./hash.ts";
import type { Machine } from "./machine.ts";
import { cellsOf, wordsOf } from "./type-sizes.ts";

const INPUTS = 0x1111;
const RESULTS = 0x2222;
const THROWS = 0x3333;
const PAYLOAD = 0x4444;
const MASKS = 0x5555;
const GARBAGE = 0x6666;
/** Cells of payload that an exception brings. */
const PAYLOAD_CELLS = 16;

/** A word as its type's cell has it. */
function canonicalWord(word: number, bytes: number): number {
  if (bytes >= 4) return word;
  return (word << (32 - 8 * bytes)) >> (32 - 8 * bytes);
}

export class Environment {
  private seed: number;
  /** Hashes of values that do not move. A collision fixes one more value, on both sides. */
  private readonly fixed: Set<number>;
  /** By type, the mask of one safepoint. */
  private readonly masks: Int32Array[];
  private readonly maskOrdinals: number[];

  constructor() {
    this.seed = 0;
    this.fixed = new Set();
    this.masks = [];
    this.maskOrdinals = [];
  }

  /** Forgets the fixed values of the last pair of functions. */
  clear(): void {
    this.fixed.clear();
  }

  start(seed: number): void {
    this.seed = mix(seed, 0x5eed);
    this.maskOrdinals.fill(-1);
  }

  get memorySeed(): number {
    return this.seed;
  }

  /** Puts arguments of these types into `transfer`. */
  inputs(m: Machine, types: readonly Type[]): void {
    this.fill(m, types, mix(this.seed, INPUTS));
  }

  /** Puts the results of external call `ordinal` into `transfer`. */
  results(m: Machine, types: readonly Type[], ordinal: number): void {
    this.fill(m, types, mix(mix(this.seed, RESULTS), ordinal));
  }

  private fill(m: Machine, types: readonly Type[], seed: number): void {
    let cells = 0;
    for (const type of types) cells += cellsOf(type);
    m.reserveTransfer(cells);
    let cell = 0;
    for (let i = 0; i < types.length; i++) {
      const type = types[i]!;
      const state = mix(seed, i);
      const bytes = bytesOf(type);
      for (let w = 0; w < wordsOf(type); w++) {
        m.transfer[2 * cell + w] = canonicalWord(shaped(mix(state, w), state), bytes);
      }
      cell += cellsOf(type);
    }
  }

  /** Which of `handlers` handlers external call `ordinal` ends in; -1 when it returns. */
  throwsTo(ordinal: number, handlers: number): number {
    if (handlers === 0) return -1;
    const state = mix(mix(this.seed, THROWS), ordinal);
    return (state & 1) === 0 ? -1 : (state >>> 1) % handlers;
  }

  payload(m: Machine, ordinal: number): void {
    m.reserveTransfer(PAYLOAD_CELLS);
    const state = mix(mix(this.seed, PAYLOAD), ordinal);
    for (let i = 0; i < 2 * PAYLOAD_CELLS; i++) m.transfer[i] = mix(state, i);
  }

  /** What lies in a cell before anything is stored. */
  garbage(m: Machine, q: number, cells: number): void {
    for (let i = 0; i < 2 * cells; i++) m.i32[(q << 1) + i] = mix(mix(this.seed, GARBAGE), 2 * q + i);
  }

  // The moving heap.

  /** Hash of the value at word `at`, moved by `mask` if there is one. */
  private hash(i32: Int32Array, at: number, type: Type, mask: Int32Array | null): number {
    let hash = type as number;
    const words = wordsOf(type);
    for (let i = 0; i < words; i++) hash = mix(hash, mask === null ? i32[at + i]! : i32[at + i]! ^ mask[i]!);
    return hash;
  }

  /** Makes the value at word `at` one that does not move. */
  fix(i32: Int32Array, at: number, type: Type): void {
    this.fixed.add(this.hash(i32, at, type, null));
  }

  isFixed(i32: Int32Array, at: number, type: Type): boolean {
    return this.fixed.size > 0 && this.fixed.has(this.hash(i32, at, type, null));
  }

  /** Moves the reference at word `at`, as safepoint `ordinal` does; applied twice it does nothing. */
  move(i32: Int32Array, at: number, type: Type, ordinal: number): void {
    const mask = this.mask(type, ordinal);
    if (this.fixed.size > 0) {
      if (this.fixed.has(this.hash(i32, at, type, null))) return;
      if (this.fixed.has(this.hash(i32, at, type, mask))) return;
    }
    const words = mask.length;
    for (let i = 0; i < words; i++) i32[at + i] = i32[at + i]! ^ mask[i]!;
  }

  /** The mask of a type at a safepoint; each word's lowest bit is set, so that even the narrowest type changes. */
  private mask(type: Type, ordinal: number): Int32Array {
    let mask = this.masks[type];
    if (mask === undefined) {
      mask = new Int32Array(wordsOf(type));
      this.masks[type] = mask;
      this.maskOrdinals[type] = -1;
    }
    if (this.maskOrdinals[type] === ordinal) return mask;
    this.maskOrdinals[type] = ordinal;
    const bytes = bytesOf(type);
    const state = mix(mix(this.seed, MASKS + ordinal), type);
    for (let i = 0; i < mask.length; i++) mask[i] = canonicalWord(mix(state, i) | 1, bytes);
    return mask;
  }
}

/** Zero or a small number now and then: values decide branches, and index tables. */
function shaped(word: number, state: number): number {
  switch (state & 7) {
    case 0:
      return 0;
    case 1:
      return (word & 3) * ((state >>> 3) & 1);
    default:
      return word;
  }
}
