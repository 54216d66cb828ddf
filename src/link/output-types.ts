/**
 * The function types of an output: those of the input in numbers, with and without an address behind their parameters, each once, and those
 * that are added. A runtime that is merged has its own behind them.
 */
import * as wasm from "../wasm/types.ts";
import { TypeTable, type ValType } from "../wasm/types.ts";

const NONE = -1;

export class OutputTypes {
  readonly table: TypeTable;
  private readonly byKey: Map<string, number>;
  private readonly types: TypeTable;
  /** By type of the input, as it is and with one more parameter; `NONE` for what was not asked for. */
  private readonly indices: Int32Array;

  constructor(types: TypeTable) {
    this.table = new TypeTable();
    this.byKey = new Map();
    this.types = types;
    this.indices = new Int32Array(2 * types.length).fill(NONE);
  }

  /** The output's index of one of the input's function types, or of one that has an address behind the parameters; added if it is not there. */
  indexOf(type: number, hasAddress: boolean): number {
    const key = 2 * type + Number(hasAddress);
    if (this.indices[key] === NONE) this.indices[key] = this.withWords(type, Number(hasAddress));
    return this.indices[key]!;
  }

  /** The same with an address and the index in a table. */
  withIndex(type: number): number {
    return this.withWords(type, 2);
  }

  private withWords(type: number, words: number): number {
    const values = loweredValues(this.types, type);
    const count = this.types.paramCount(type);
    const params = values.slice(0, count);
    for (let i = 0; i < words; i++) params.push(wasm.I32);
    return this.add(params, values.slice(count));
  }

  /** The output's index of a function type of numbers, which is added if it is not there. */
  add(params: readonly ValType[], results: readonly ValType[]): number {
    const key = keyOf(params.length, [...params, ...results]);
    const found = this.byKey.get(key);
    if (found !== undefined) return found;
    const index = addFunctionType(this.table, params, results);
    this.byKey.set(key, index);
    return index;
  }
}

/** References are addresses. */
export function lowered(type: ValType): ValType {
  return wasm.isRef(type) ? wasm.I32 : type;
}

/** Equal for function types that become one. */
export function loweredKey(types: TypeTable, type: number): string {
  return keyOf(types.paramCount(type), loweredValues(types, type));
}

function keyOf(params: number, values: readonly ValType[]): string {
  return `${params}:${values.join()}`;
}

function loweredValues(types: TypeTable, type: number): ValType[] {
  const values = new Array<ValType>(types.valueCountOf(type));
  for (let i = 0; i < values.length; i++) values[i] = lowered(types.rawValue(type, i));
  return values;
}

export function addFunctionType(
  out: TypeTable,
  params: readonly ValType[],
  results: readonly ValType[],
): number {
  out.beginGroup(false);
  out.begin(wasm.KIND_FUNC, true, -1);
  for (const type of [...params, ...results]) out.addValue(type);
  return out.finish(params.length);
}
