/**
 * The function types of an output: those of the input in numbers, each once, and those that are added. A runtime that is merged has its own
 * behind them.
 */
import * as wasm from "../wasm/types.ts";
import { TypeTable, type ValType } from "../wasm/types.ts";

const NONE = -1;

export class OutputTypes {
  readonly table: TypeTable;
  private readonly byKey: Map<string, number>;
  /** By type of the input; `NONE` for what is no function type. */
  private readonly indices: Int32Array;

  constructor(types: TypeTable) {
    this.table = new TypeTable();
    this.byKey = new Map();
    this.indices = new Int32Array(types.length).fill(NONE);
    for (let type = 0; type < types.length; type++) {
      if (types.kind(type) !== wasm.KIND_FUNC) continue;
      const values = loweredValues(types, type);
      const params = types.paramCount(type);
      this.indices[type] = this.add(values.slice(0, params), values.slice(params));
    }
  }

  /** The output's index of one of the input's function types. */
  indexOf(type: number): number {
    return this.indices[type]!;
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
