/**
 * What an input has that its target lacks and nothing stands for: what others see of it, vectors, atomics. Each is refused with its
 * place in the input; whatever else the target lacks is lowered (`lowering/`).
 */
import { InputError } from "../base/diagnostics.ts";
import { targetLacks } from "../lowering/messages.ts";
import { type FeatureName, type Features, featureBit } from "../wasm/features.ts";
import { type ImportType, type Module, SECTION_TYPE } from "../wasm/module.ts";
import { OP_FEATURES, opcodeName } from "../wasm/opcodes.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { notLinkedYet } from "./messages.ts";
import { typeWithoutRoom } from "./stack-passing.ts";

const ALL_FEATURES = -1;

/**
 * Throws `InputError` for the first thing that cannot be kept. In a store imported tables are no tables, and others call functions
 * that are not exported where there is a heap.
 */
export function refuseForTarget(
  module: Module,
  target: Features,
  mode: "standalone" | "store" | "heap",
): void {
  const check = new TargetCheck(module, target);
  check.imports();
  if (mode === "standalone") check.importedTables();
  check.exports();
  check.severalResults(mode === "heap");
  check.memories();
  if (mode === "standalone") check.seenTables();
  if (!target.has("simd")) check.vectors();
  if (!target.has("simd")) check.operators("simd");
  if (!target.has("threads")) check.operators("threads");
}

/** Throws `InputError` for a function type without room for the parameters that are added. The limit is that of all engines. */
export function refuseWideTypes(module: Module, added: (type: number) => number): void {
  const type = typeWithoutRoom(module.types, added);
  if (type < 0) return;
  const what = `a function type with ${module.types.paramCount(type)} parameters, in a module with references,`;
  const { functionTypes, sections } = module;
  let func = 0;
  while (func < functionTypes.length && functionTypes.get(func) !== type) func++;
  const isUsed = func < functionTypes.length;
  const offset = isUsed ? offsetOfFunction(module, func) : sections[SECTION_TYPE]!.start;
  throw new InputError(notLinkedYet(what, offset));
}

class TargetCheck {
  private readonly module: Module;
  private readonly target: Features;

  constructor(module: Module, target: Features) {
    this.module = module;
    this.target = target;
  }

  private need(feature: FeatureName, what: string, offset: number): void {
    if (!this.target.has(feature)) throw targetLacks(what, feature, offset);
  }

  imports(): void {
    for (const { type, offset } of this.module.imports) this.imported(type, offset);
  }

  private imported(type: ImportType, offset: number): void {
    switch (type.kind) {
      case "global":
        if (type.global.mutable) this.need("mutable-global", "an imported mutable global", offset);
        return;
      case "func":
        if (this.module.types.resultCount(type.type) > 1) {
          this.need("multi-value", "an imported function with several results", offset);
        }
        return;
      default:
    }
  }

  /** What is given must be of the very type. */
  importedTables(): void {
    for (const { type, offset } of this.module.imports) {
      if (type.kind !== "table" || type.table.element === wasm.FUNCREF) continue;
      const feature = type.table.element === wasm.EXTERNREF ? "reference-types" : "function-references";
      this.need(feature, `an imported table of ${wasm.valTypeName(type.table.element)}`, offset);
    }
  }

  exports(): void {
    const { module } = this;
    for (const { kind, index, offset } of module.exports) {
      if (kind === "global" && module.globals[index]!.mutable) {
        this.need("mutable-global", "an exported mutable global", offset);
      }
      if (kind === "func" && module.types.resultCount(module.functionTypes.get(index)) > 1) {
        this.need("multi-value", "an exported function with several results", offset);
      }
    }
  }

  /** What lowering does with further results is between the functions of one module. */
  severalResults(isOpen: boolean): void {
    const { module, target } = this;
    if (target.has("multi-value")) return;
    const seen = module.importedTableCount > 0 || module.exports.some(({ kind }) => kind === "table");
    if (!isOpen && !seen) return;
    for (let i = 0; i < module.functionTypes.length; i++) {
      if (module.types.resultCount(module.functionTypes.get(i)) < 2) continue;
      const what = "a function with several results that others may call";
      throw targetLacks(what, "multi-value", offsetOfFunction(module, i));
    }
  }

  memories(): void {
    for (const { type, offset } of this.module.memories) {
      if (type.shared) this.need("threads", "a shared memory", offset);
    }
  }

  /** What is done with a table that others see, and need not be as this module left it. */
  seenTables(): void {
    const { module, target } = this;
    const seen = new Set(module.exports.flatMap(({ kind, index }) => (kind === "table" ? [index] : [])));
    for (let table = 0; table < module.importedTableCount; table++) seen.add(table);
    if (seen.size === 0) return;
    if (!target.has("tail-call")) {
      const calls = [WasmOp.ReturnCallIndirect, WasmOp.ReturnCallRef];
      this.find(calls, null, "in a module whose table others see", "tail-call");
    }
    if (!target.has("reference-types")) {
      this.find([WasmOp.TableSize], seen, "of a table that others see", "reference-types");
    }
  }

  /** Refuses the first of such operators, if `indices` are given on one of those. */
  private find(
    ops: readonly number[],
    indices: ReadonlySet<number> | null,
    where: string,
    feature: FeatureName,
  ): void {
    const { module } = this;
    const reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
    reader.typeLimit = module.types.length;
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seekInstructions(module.code.starts.get(i), module.code.ends.get(i));
      while (reader.pos < reader.end) {
        const op = reader.next();
        if (ops.includes(op) && (indices === null || indices.has(reader.index))) {
          throw targetLacks(`${opcodeName(op)} ${where}`, feature, reader.opStart);
        }
      }
    }
  }

  /** Vectors where no operator is. */
  vectors(): void {
    const { module } = this;
    for (const { type, initStart } of module.globals) {
      if (type === wasm.V128) this.need("simd", "a global of type v128", initStart);
    }
    for (let i = 0; i < module.functionTypes.length; i++) {
      const type = module.functionTypes.get(i);
      for (let value = 0; value < module.types.valueCountOf(type); value++) {
        if (module.types.rawValue(type, value) !== wasm.V128) continue;
        throw targetLacks("v128 in a function's type", "simd", offsetOfFunction(module, i));
      }
    }
  }

  /** Operators that only come with the feature, and locals of its type. */
  operators(feature: "simd" | "threads"): void {
    const { module } = this;
    const bits = featureBit(feature) | (feature === "simd" ? featureBit("relaxed-simd") : 0);
    const reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
    reader.typeLimit = module.types.length;
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seek(module.code.starts.get(i), module.code.ends.get(i));
      for (let runs = reader.u32(); runs > 0; runs--) {
        const { pos } = reader;
        reader.u32();
        if (reader.readValType() === wasm.V128) this.need("simd", "a local of type v128", pos);
      }
      while (reader.pos < reader.end) {
        const op = reader.next();
        if ((OP_FEATURES[op]! & ~bits) === 0) throw targetLacks(opcodeName(op), feature, reader.opStart);
      }
    }
  }
}

/** Where its body begins, or its import. */
function offsetOfFunction({ imports, importedFunctionCount, code }: Module, index: number): number {
  if (index >= importedFunctionCount) return code.starts.get(index - importedFunctionCount);
  return imports.filter(({ type }) => type.kind === "func")[index]!.offset;
}
