/**
 * A module without what only modules of a store can share, so that it stands alone on any target: text to text, since there an item
 * is taken away or added without renumbering anything.
 *
 *     imports     become definitions at their places. A function writes down that it was called, and with what, in a sum; it gives
 *                 what `surroundings.ts` gives. The first functions, if they take numbers alone, can stay imported
 *     exports     functions of numbers with one result at most stay; others get a function that makes up what are no numbers, and
 *                 gives a sum of the results. All else is not exported
 *     state       functions give the value of each mutable global, and sums of each memory and table, in the end
 *
 * A sum is FNV-1a by words; a reference counts by its kind, a NaN as one that is always the same.
 */
import { type Module, types, type ValType, valTypeName } from "../../wasm/index.ts";
import { binaryToText, textToBinary } from "../../wast/index.ts";
import { Random } from "../fuzz/random.ts";
import { LaterOperators } from "./later-operators.ts";
import { CLASS_FUNCTION, valueText } from "./surroundings.ts";

export interface ClosedOptions {
  /** Leave the first functions imported that take and give numbers alone. */
  readonly keepsImports: boolean;
  /** Read the tables in the end; one that is read can be kept in fewer ways. */
  readonly readsTables: boolean;
  /** Put in operators that came after the first version of Wasm (`later-operators.ts`), by the numbers of this seed. */
  readonly laterOperators?: number;
}

const SUM_GLOBAL = "$sum-of-calls";
const FNV_BASIS = "(i64.const 0xcbf29ce484222325)";
const IMPORT = /^ {2}\(import "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" (\(.*)\)\)$/;

/** Null for a module with an import that cannot be made up. */
export async function closedModule(
  bytes: Uint8Array,
  module: Module,
  options: ClosedOptions,
): Promise<Uint8Array | null> {
  const text = new ClosedText(module, options).textOf(await binaryToText(bytes));
  return text === null ? null : textToBinary(text);
}

class ClosedText {
  private readonly module: Module;
  private readonly options: ClosedOptions;
  private readonly later: LaterOperators | null;

  constructor(module: Module, options: ClosedOptions) {
    this.module = module;
    this.options = options;
    const { laterOperators: seed } = options;
    const hasMemory = module.memories.length > 0 && !module.memories[0]!.type.is64;
    this.later = seed === undefined ? null : new LaterOperators(new Random(seed), SUM_GLOBAL, hasMemory);
  }

  textOf(text: string): string | null {
    const kept: string[] = [];
    const defined: string[] = [];
    const rest: string[] = [];
    let imports = 0;
    let keeps = this.options.keepsImports;
    for (const line of text.trimEnd().split("\n").slice(1, -1)) {
      if (line.startsWith("  (import ")) {
        const { kind } = this.module.imports[imports]!.type;
        if (kind === "func") keeps &&= this.isPlainImport(imports);
        if (kind === "func" && keeps) kept.push(line);
        else {
          const definition = this.definitionOf(line, imports);
          if (definition === null) return null;
          defined.push(definition);
        }
        imports++;
      } else if (!line.startsWith("  (export ")) {
        rest.push(line);
        const more = this.later?.after(line) ?? "";
        if (more !== "") rest.push(`    ${more}`);
      }
    }
    // Types come first, and imports before all that is defined.
    const typesEnd = rest.findIndex((line) => !/^ {2}(\((type|rec)|\)$)|^ {4}/.test(line));
    const end = typesEnd < 0 ? rest.length : typesEnd;
    return [
      "(module",
      ...rest.slice(0, end),
      ...kept,
      ...defined,
      ...rest.slice(end),
      ...this.added(),
      ")",
    ].join("\n");
  }

  /** A function of numbers that throws nothing. */
  private isPlainImport(index: number): boolean {
    const { name, type } = this.module.imports[index]!;
    return type.kind === "func" && name.startsWith("log-") && this.isPlain(type.type);
  }

  private params(type: number): ValType[] {
    const { types: table } = this.module;
    return Array.from({ length: table.paramCount(type) }, (_, i) => table.param(type, i));
  }

  private results(type: number): ValType[] {
    const { types: table } = this.module;
    return Array.from({ length: table.resultCount(type) }, (_, i) => table.result(type, i));
  }

  /** Nothing but numbers, one result at most: so that any target can have it at its border. */
  private isPlain(type: number): boolean {
    const results = this.results(type);
    return results.length < 2 && [...this.params(type), ...results].every(isScalar);
  }

  private definitionOf(line: string, index: number): string | null {
    const head = IMPORT.exec(line)?.[1];
    if (head === undefined) throw new Error(`no import: ${line}`);
    const { type, name } = this.module.imports[index]!;
    switch (type.kind) {
      case "func":
        return `  ${head} ${this.stubBody(type.type, index, name)})`;
      case "global": {
        const value = this.valueOf(type.global.type);
        return value === null ? null : `  ${head} ${value})`;
      }
      case "table":
        return types.isNullable(type.table.element) ? `  ${head})` : null;
      default:
        return `  ${head})`;
    }
  }

  private stubBody(type: number, index: number, name: string): string {
    const lines = [this.mixed(SUM_GLOBAL, "global", `(i64.const ${index + 1})`)];
    this.params(type).forEach((param, i) => {
      lines.push(this.mixed(SUM_GLOBAL, "global", this.wordOf(param, `(local.get ${i})`)));
    });
    if (name === "throw") return [...lines, "(throw $thrown-by-import)"].join("\n");
    const values = this.results(type).map((result) => this.valueOf(result));
    return [...lines, ...(values.includes(null) ? ["(unreachable)"] : values)].join("\n");
  }

  /** As `valueText`, and null of a type of the module's own. */
  private valueOf(type: ValType): string | null {
    if (types.isRef(type) && types.isNullable(type) && types.isConcrete(types.heapOf(type))) {
      return `(ref.null ${types.heapTypeName(types.heapOf(type))})`;
    }
    return valueText(type);
  }

  private mixed(into: string, kind: "global" | "local", word: string): string {
    return `(${kind}.set ${into} (i64.mul (i64.xor (${kind}.get ${into}) ${word}) (i64.const 0x100000001b3)))`;
  }

  /** The value as an i64. */
  private wordOf(type: ValType, value: string): string {
    switch (type) {
      case types.I32:
        return `(i64.extend_i32_u ${value})`;
      case types.I64:
        return value;
      case types.F32:
        return `(i64.extend_i32_u (i32.reinterpret_f32 ${numberOrNaN("f32", value)}))`;
      case types.F64:
        return `(i64.reinterpret_f64 ${numberOrNaN("f64", value)})`;
      case types.V128:
        return `(i64.add (i64x2.extract_lane 0 ${value}) (i64x2.extract_lane 1 ${value}))`;
      default:
        return `(i64.extend_i32_u ${this.kindOf(types.heapOf(type), value)})`;
    }
  }

  private kindOf(heap: number, value: string): string {
    if (heap === types.HEAP_EXTERN || heap === types.HEAP_NOEXTERN)
      return `(call $class (any.convert_extern ${value}))`;
    return this.isOfAny(heap) ? `(call $class ${value})` : `(ref.is_null ${value})`;
  }

  private isOfAny(heap: number): boolean {
    if (types.isConcrete(heap)) return this.module.types.kind(types.typeIndexOf(heap)) !== types.KIND_FUNC;
    return ![types.HEAP_FUNC, types.HEAP_NOFUNC, types.HEAP_EXN, types.HEAP_NOEXN].includes(heap);
  }

  private added(): string[] {
    const { exports, globals, memories, tables, functionTypes } = this.module;
    const exported = exports.filter(({ kind }) => kind === "func");
    const lines = [
      `  (global ${SUM_GLOBAL} (mut i64) ${FNV_BASIS})`,
      "  (tag $thrown-by-import)",
      CLASS_FUNCTION,
      // What was exported may be referred to.
      `  (elem declare func ${exported.map(({ index }) => index).join(" ")})`,
    ];
    for (const { name, index } of exported) {
      const wrapper = this.exportOf(quoted(name), index, functionTypes.get(index));
      if (wrapper !== null) lines.push(wrapper);
    }
    lines.push(`  (func (export "calls of imports") (result i64) (global.get ${SUM_GLOBAL}))`);
    globals.forEach(({ type, mutable }, i) => {
      if (mutable) lines.push(reader(`global ${i}`, this.wordOf(type, `(global.get ${i})`)));
    });
    lines.push(...memories.map((_, i) => this.memoryReader(i)));
    if (this.later !== null) lines.push(...this.later.functions());
    if (this.options.readsTables) lines.push(...tables.map((_, i) => this.tableReader(i)));
    return lines;
  }

  /** Null for a function with a parameter that cannot be made up. */
  private exportOf(name: string, index: number, type: number): string | null {
    if (this.isPlain(type)) return `  (export ${name} (func ${index}))`;
    const params = this.params(type);
    const taken = params.filter(isScalar);
    const args: string[] = [];
    let at = 0;
    for (const param of params) {
      const value = isScalar(param) ? `(local.get ${at++})` : this.valueOf(param);
      if (value === null) return null;
      args.push(value);
    }
    const results = this.results(type);
    return [
      `  (func (export ${name}) ${taken.map((param) => `(param ${valTypeName(param)})`).join(" ")} (result i64)`,
      `(local $sum i64) ${results.map((result, i) => `(local $r${i} ${valTypeName(result)})`).join(" ")}`,
      `(call ${index} ${args.join(" ")})`,
      ...results.map((_, i) => `(local.set $r${results.length - 1 - i})`),
      ...results.map((result, i) => this.mixed("$sum", "local", this.wordOf(result, `(local.get $r${i})`))),
      "(local.get $sum))",
    ].join("\n");
  }

  private memoryReader(index: number): string {
    const address = this.module.memories[index]!.type.is64 ? "i64" : "i32";
    return `  (func (export "memory ${index}") (result i64) (local $at ${address}) (local $end ${address}) (local $sum i64)
      (local.set $end (${address}.mul (memory.size ${index}) (${address}.const 65536)))
      (loop $next
        (if (${address}.lt_u (local.get $at) (local.get $end)) (then
          ${this.mixed("$sum", "local", `(i64.load ${index} (local.get $at))`)}
          (local.set $at (${address}.add (local.get $at) (${address}.const 8)))
          (br $next))))
      (i64.add (local.get $sum) (i64.extend_i32_u ${narrow(address, "(local.get $end)")})))`;
  }

  private tableReader(index: number): string {
    const { is64, element } = this.module.tables[index]!.type;
    const address = is64 ? "i64" : "i32";
    return `  (func (export "table ${index}") (result i64) (local $at ${address}) (local $sum i64)
      (loop $next
        (if (${address}.lt_u (local.get $at) (table.size ${index})) (then
          ${this.mixed("$sum", "local", this.wordOf(element, `(table.get ${index} (local.get $at))`))}
          (local.set $at (${address}.add (local.get $at) (${address}.const 1)))
          (br $next))))
      (local.get $sum))`;
  }
}

function isScalar(type: ValType): boolean {
  return !types.isRef(type) && type !== types.V128;
}

function numberOrNaN(type: "f32" | "f64", value: string): string {
  return `(select (${type}.const nan) ${value} (${type}.ne ${value} ${value}))`;
}

function reader(name: string, word: string): string {
  return `  (func (export "${name}") (result i64) ${word})`;
}

function narrow(address: string, value: string): string {
  return address === "i64" ? `(i32.wrap_i64 ${value})` : value;
}

/** A name as text has it. */
function quoted(name: string): string {
  const bytes = new TextEncoder().encode(name);
  return `"${Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}
