/**
 * Functions with several results where a function has at most one: the first is the result, the others are left in globals, set
 * right before the function returns and read right behind the call.
 *
 * Two types that differ in such results only must stay different, since indirect calls are checked by type: one of them gets
 * parameters that nobody reads.
 */
import type { Module } from "../wasm/module.ts";
import { I32, type TypeTable, type ValType } from "../wasm/types.ts";
import { type Additions, type FunctionShape, shapeKey, shapeOf } from "./additions.ts";

export class ResultLowering {
  private readonly module: Module;
  private readonly additions: Additions;
  /** Parameters added, by type. */
  private readonly fillers: Map<number, number>;

  /** Fills the types of what is added with those of the module. */
  constructor(module: Module, additions: Additions, hasSeveral: boolean) {
    this.module = module;
    this.additions = additions;
    this.fillers = new Map();
    const { types } = module;
    const isSingle = (type: number): boolean => hasSeveral || types.resultCount(type) < 2;
    const taken = new Set<string>();
    for (let type = 0; type < types.length; type++) {
      if (isSingle(type)) taken.add(shapeKey(shapeOf(types, type)));
    }
    const reduced = new Map<string, FunctionShape>();
    for (let type = 0; type < types.length; type++) {
      const shape = shapeOf(types, type);
      if (isSingle(type)) {
        additions.addType(shape);
        continue;
      }
      const key = shapeKey(shape);
      const known = reduced.get(key) ?? this.reduce(shape, taken);
      reduced.set(key, known);
      this.fillers.set(type, known.params.length - shape.params.length);
      additions.addType(known);
    }
  }

  private reduce({ params, results }: FunctionShape, taken: Set<string>): FunctionShape {
    let shape: FunctionShape = { params, results: results.slice(0, 1) };
    while (taken.has(shapeKey(shape))) shape = { ...shape, params: [...shape.params, I32] };
    taken.add(shapeKey(shape));
    return shape;
  }

  get hasFillers(): boolean {
    for (const count of this.fillers.values()) if (count > 0) return true;
    return false;
  }

  /** How many parameters were added to a type. */
  fillersOf(type: number): number {
    return this.fillers.get(type) ?? 0;
  }

  /** The types of the results that a type leaves in globals. */
  othersOf(type: number): readonly ValType[] {
    if (!this.fillers.has(type)) return [];
    return shapeOf(this.module.types, type).results.slice(1);
  }

  /** The globals of those results, in order. By position and type alone, for a tail call hands on the results of another function. */
  globalsOf(type: number): readonly number[] {
    return this.othersOf(type).map((result, i) =>
      this.additions.once(`result ${i}:${result}`, () => this.additions.addGlobal(result)),
    );
  }
}

/** Whether the type table has a function type with several results. */
export function hasSeveralResults(types: TypeTable): boolean {
  for (let type = 0; type < types.length; type++) if (types.resultCount(type) > 1) return true;
  return false;
}
