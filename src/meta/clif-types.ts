/**
 * The sets of CLIF types that an opcode's control type, or a free operand, may come from.
 *
 * Source: `cranelift/codegen/meta/src/shared/instructions.rs`. Widths are log2 of bits, lanes log2 of the count;
 * scalars have lane log2 0. A dynamic vector is in a set when its lane type is and `dynamicLanes` has its count.
 */
export interface TypeSet {
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly lanes: readonly number[];
  readonly dynamicLanes: readonly number[];
}

const SCALAR = [0];
const LANES = [1, 2, 3, 4, 5, 6, 7, 8];
const SCALAR_OR_LANES = [0, ...LANES];
const INTS = [3, 4, 5, 6, 7];
const FLOATS = [4, 5, 6, 7];
const NONE: readonly number[] = [];

const set = (
  ints: readonly number[],
  floats: readonly number[],
  lanes: readonly number[],
  dynamicLanes: readonly number[] = NONE,
): TypeSet => ({ ints, floats, lanes, dynamicLanes });

/** Named as the opcode table uses them; `…Dyn` also holds dynamic vectors. */
export const TYPE_SETS: Readonly<Record<string, TypeSet>> = {
  IntScalar: set(INTS, NONE, SCALAR),
  NarrowInt: set([3, 4, 5, 6], NONE, SCALAR),
  WideInt: set([4, 5, 6, 7], NONE, SCALAR),
  Int16To64: set([4, 5, 6], NONE, SCALAR),
  Int64: set([6], NONE, SCALAR),
  Addr: set([5, 6], NONE, SCALAR),
  FloatScalar: set(NONE, FLOATS, SCALAR),
  Int: set(INTS, NONE, SCALAR_OR_LANES),
  IntDyn: set(INTS, NONE, SCALAR_OR_LANES, LANES),
  Float: set(NONE, FLOATS, SCALAR_OR_LANES),
  FloatDyn: set(NONE, FLOATS, SCALAR_OR_LANES, LANES),
  Any: set(INTS, FLOATS, SCALAR_OR_LANES),
  AnyDyn: set(INTS, FLOATS, SCALAR_OR_LANES, LANES),
  Vector: set(INTS, FLOATS, LANES),
  VectorDyn: set(INTS, FLOATS, LANES, LANES),
  IntVector: set(INTS, NONE, LANES),
  Int16Or32Vector128: set([4, 5], NONE, [2, 3]),
  Narrowable: set([4, 5, 6], NONE, [1, 2, 3], [1, 2, 3]),
  Widenable: set([3, 4, 5], NONE, [1, 2, 3, 4], [1, 2, 3, 4]),
  // Upstream's typeset for `extract_vector` admits scalars; kept, so that the same text is accepted.
  ScalarOrDyn: set(INTS, FLOATS, SCALAR, LANES),
};
