/**
 * What a place of AFTER holds, as the set of things of BEFORE that it equals. See the header of `check-safepoints.ts` for
 * what the elements mean and how a safepoint changes a set.
 *
 *     element                    key                       kind
 *     value of BEFORE            its number                Movable when it was declared, else Plain
 *     constant                   values + n                Fixed
 *     reference of type T        REFERENCE_KEYS + 2T       Movable
 *     fixed reference of type T  REFERENCE_KEYS + 2T + 1   Fixed
 *
 * Sets are hash-consed maps from element to kind; a set's summary has the kinds in its low bits and a Bloom filter of the
 * elements above them.
 */
import type { Value } from "../ir/entities.ts";
import { NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { Type } from "../ir/types.ts";
import { Constants } from "./constants.ts";
import { EMPTY, PatriciaMaps } from "./patricia.ts";

/** A set of facts: a node number. */
export type FactSet = number;

/** What a safepoint does to a copy of the element: a movable one goes stale unless the map names the place. */
const Kind = { Movable: 1, Plain: 2, Fixed: 4 } as const;
const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;
const FILTER_BITS = 28;

/** Above any value and constant. */
const REFERENCE_KEYS = 1 << 29;

/** The summary bit that sets with this element have, among others. */
export function elementBit(element: number): number {
  return 1 << (KIND_BITS + ((Math.imul(element, 0x9e3779b1) >>> 16) % FILTER_BITS));
}

export class FactSets extends PatriciaMaps {
  private readonly constants: Constants;
  private before: Function | null;
  /** By resolved value of BEFORE: whether it was declared. */
  private declared: Uint8Array;
  /** By resolved value of BEFORE: its element + 1, 0 where it has not been asked for. */
  private elements: Int32Array;
  /** By set: the set after a safepoint whose map leaves the place out, + 1. */
  private unmappedMemo: Map<FactSet, FactSet>;
  private mappedMemo: Map<FactSet, FactSet>;

  constructor() {
    super();
    this.constants = new Constants();
    this.before = null;
    this.declared = new Uint8Array(0);
    this.elements = new Int32Array(0);
    this.unmappedMemo = new Map();
    this.mappedMemo = new Map();
  }

  /** Prepares for one function; aliases among its declared values declare what they stand for. */
  begin(before: Function): void {
    this.clear();
    this.unmappedMemo.clear();
    this.mappedMemo.clear();
    this.constants.clear();
    this.before = before;
    const values = before.dfg.numValues;
    if (this.declared.length < values) {
      this.declared = new Uint8Array(values);
      this.elements = new Int32Array(values);
    } else {
      this.declared.fill(0, 0, values);
      this.elements.fill(0, 0, values);
    }
    for (const value of before.needsStackMap) {
      if (!before.dfg.isValueValid(value)) continue;
      const resolved = before.dfg.resolveAliases(value);
      this.declared[resolved] = 1;
      const constant = this.constants.ofValue(before, resolved);
      if (constant !== NONE) this.constants.setReference(constant);
    }
  }

  /** Whether the resolved value of BEFORE needs stack maps. */
  isDeclared(value: Value): boolean {
    return this.declared[value] === 1;
  }

  /** The element that stands for a resolved value of BEFORE. */
  elementOf(value: Value): number {
    const known = this.elements[value]!;
    if (known !== 0) return known - 1;
    const constant = this.constants.ofValue(this.before!, value);
    const element = constant === NONE ? value : this.before!.dfg.numValues + constant;
    this.elements[value] = element + 1;
    return element;
  }

  /** The value of BEFORE that an element is, or `NONE`. */
  asValue(element: number): Value | typeof NONE {
    return element < this.before!.dfg.numValues ? (element as Value) : NONE;
  }

  /** What holds right after a value of BEFORE came into being. */
  ofValue(value: Value): FactSet {
    const element = this.elementOf(value);
    if (element !== value) return this.ofConstantElement(element, this.before!.dfg.valueType(value));
    return this.withValue(EMPTY, value);
  }

  /** The facts of a constant that AFTER makes. */
  ofConstant(func: Function, value: Value): FactSet {
    const constant = this.constants.ofValue(func, value);
    return this.ofConstantElement(this.before!.dfg.numValues + constant, func.dfg.valueType(value));
  }

  private ofConstantElement(element: number, type: Type): FactSet {
    const set = this.with(EMPTY, element, Kind.Fixed);
    if (!this.constants.isReference(element - this.before!.dfg.numValues)) return set;
    return this.with(this.with(set, referenceKey(type), Kind.Movable), fixedReferenceKey(type), Kind.Fixed);
  }

  /** The set with a value of BEFORE that is no constant, which makes the place a reference when it was declared. */
  withValue(set: FactSet, value: Value): FactSet {
    if (!this.isDeclared(value)) return this.with(set, value, Kind.Plain);
    const type = this.before!.dfg.valueType(value);
    return this.with(this.with(set, value, Kind.Movable), referenceKey(type), Kind.Movable);
  }

  has(set: FactSet, element: number): boolean {
    return this.get(set, element) !== 0;
  }

  /** Whether a collector may look at a place with these facts as a reference of that type. */
  isReference(set: FactSet, type: Type): boolean {
    return this.get(set, referenceKey(type)) !== 0;
  }

  /** What remains true of a place that no map names when a collector may have run. */
  unmapped(set: FactSet): FactSet {
    if ((this.summary(set) & Kind.Movable) === 0) return set;
    if ((this.summary(set) & (Kind.Plain | Kind.Fixed)) === 0) return EMPTY;
    const known = this.unmappedMemo.get(set);
    if (known !== undefined) return known;
    const result = this.keepUnmapped(set, set);
    this.unmappedMemo.set(set, result);
    return result;
  }

  private keepUnmapped(set: FactSet, whole: FactSet): FactSet {
    if ((this.summary(set) & Kind.Movable) === 0) return set;
    if (this.isLeaf(set)) {
      // A fixed reference is still a reference.
      const key = this.keyOf(set);
      return key >= REFERENCE_KEYS && this.get(whole, key + 1) !== 0 ? set : EMPTY;
    }
    const left = this.keepUnmapped(this.leftOf(set), whole);
    return this.branch(this.keyOf(set), this.bitOf(set), left, this.keepUnmapped(this.rightOf(set), whole));
  }

  /** What remains true of a place that the map names: the collector may have changed it, as it did the references. */
  mapped(set: FactSet): FactSet {
    if ((this.summary(set) & Kind.Plain) === 0) return set;
    const known = this.mappedMemo.get(set);
    if (known !== undefined) return known;
    const result = this.dropPlain(set);
    this.mappedMemo.set(set, result);
    return result;
  }

  private dropPlain(set: FactSet): FactSet {
    if ((this.summary(set) & Kind.Plain) === 0) return set;
    if (this.isLeaf(set)) return EMPTY;
    const left = this.dropPlain(this.leftOf(set));
    return this.branch(this.keyOf(set), this.bitOf(set), left, this.dropPlain(this.rightOf(set)));
  }

  protected override leafSummary(element: number, kind: number): number {
    return (kind & KIND_MASK) | elementBit(element);
  }

  protected override meetPayloads(kind: number, other: number): number {
    return kind === other ? kind : 0;
  }
}

function referenceKey(type: Type): number {
  return REFERENCE_KEYS + 2 * type;
}

function fixedReferenceKey(type: Type): number {
  return REFERENCE_KEYS + 2 * type + 1;
}
