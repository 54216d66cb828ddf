/**
 * Which types an indirect call can still tell apart in the output.
 *
 * There a reference is an `i32`, so that different function types of the input become one, and an indirect call that has to trap
 * would reach a function of another type. It is decided by what tables can hold: the functions of element segments and of
 * initialisers of tables, or anything at all where others see the table. A call is confusable when one of those becomes the same
 * type without being a subtype. Such calls are refused.
 */
import { InputError } from "../base/diagnostics.ts";
import type { ByteRange, Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { notLinkedYet } from "./messages.ts";

const ALL_FEATURES = -1;

export class IndirectTypes {
  private readonly module: Module;
  private readonly store: TypeStore;
  private readonly ids: Uint32Array;
  /** The canonical types in tables, by what they become. */
  private readonly inTables: Map<string, Set<number>>;
  private readonly tablesAreVisible: boolean;

  /** Throws `InputError` when others see a table that holds functions on references. */
  constructor(module: Module, store: TypeStore) {
    this.module = module;
    this.store = store;
    this.ids = store.canonicalize(module.types);
    this.inTables = new Map();
    this.tablesAreVisible =
      module.importedTableCount > 0 || module.exports.some(({ kind }) => kind === "table");
    for (const segment of module.elements) {
      if (segment.itemsAreExprs) this.addExpressions(segment.items, segment.itemCount);
      else this.addIndices(segment.items, segment.itemCount);
    }
    for (const { init } of module.tables) if (init !== null) this.addExpressions(init, 1);
  }

  isConfusable(type: number): boolean {
    if (this.tablesAreVisible && this.hasReferences(type)) return true;
    for (const other of this.inTables.get(this.lowered(type)) ?? []) {
      if (!this.store.isSubtypeOf(other, this.ids[type]!)) return true;
    }
    return false;
  }

  private reader({ start, end }: ByteRange): OperatorReader {
    const { bytes, types } = this.module;
    const reader = new OperatorReader(bytes, start, end, ALL_FEATURES);
    reader.typeLimit = types.length;
    return reader;
  }

  private addIndices(items: ByteRange, count: number): void {
    const reader = this.reader(items);
    for (let i = 0; i < count; i++) this.add(reader.u32(), items.start);
  }

  private addExpressions(items: ByteRange, count: number): void {
    const reader = this.reader(items);
    for (let ends = 0; ends < count; ) {
      const op = reader.next();
      if (op === WasmOp.End) ends++;
      else if (op === WasmOp.RefFunc) this.add(reader.index, reader.opStart);
    }
  }

  private add(func: number, offset: number): void {
    const type = this.module.functionTypes.get(func);
    if (this.tablesAreVisible && this.hasReferences(type)) {
      throw new InputError(
        notLinkedYet("a function with references in a module whose tables others see", offset),
      );
    }
    const lowered = this.lowered(type);
    const found = this.inTables.get(lowered);
    if (found === undefined) this.inTables.set(lowered, new Set([this.ids[type]!]));
    else found.add(this.ids[type]!);
  }

  private hasReferences(type: number): boolean {
    const { types } = this.module;
    for (let i = 0; i < types.valueCountOf(type); i++) if (wasm.isRef(types.rawValue(type, i))) return true;
    return false;
  }

  /** Equal for types that become one. */
  private lowered(type: number): string {
    const { types } = this.module;
    const values = Array.from({ length: types.valueCountOf(type) }, (_, i) => {
      const value = types.rawValue(type, i);
      return wasm.isRef(value) ? wasm.I32 : value;
    });
    return `${types.paramCount(type)}:${values.join()}`;
  }
}
