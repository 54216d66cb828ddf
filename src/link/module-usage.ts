/**
 * What the code of a module does with its parts, as far as that decides where they live in the output: one walk over all bodies
 * and constant expressions, which looks at opcodes and immediates only.
 */
import type { ByteRange, Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES, OPCODE_COUNT, opcodeBytes } from "../wasm/opcodes.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** One operator on a memory; `other` is the lane, the memory copied from or the data segment. */
export interface MemoryUse {
  readonly operator: number;
  readonly memory: number;
  readonly other: number;
}

export interface ModuleUsage {
  /** Bodies have references on the stack, in locals or in their signatures. */
  readonly usesReferences: boolean;
  /** The module has tags, throws or catches. */
  readonly usesExceptions: boolean;
  /** Functions that `ref.func` or an element segment names, each once, in the order of first mention. */
  readonly referencedFunctions: readonly number[];
  /** Exported functions that are called directly. */
  readonly calledExports: ReadonlySet<number>;
  /** Tables that are read or written element by element, grown or filled. */
  readonly openTables: ReadonlySet<number>;
  /** Pairs of tables, `target * tables + source`, between which elements are copied. */
  readonly tableCopies: ReadonlySet<number>;
  /** Pairs `segment * tables + table`. */
  readonly tableInits: ReadonlySet<number>;
  /** Pairs `table * types + type` of indirect calls. */
  readonly indirectCalls: ReadonlySet<number>;
  /** Element segments that arrays are made of. */
  readonly arraySegments: ReadonlySet<number>;
  /** Data segments that arrays are made of. */
  readonly arrayData: ReadonlySet<number>;
  /** Each use of a memory once. */
  readonly memoryUses: readonly MemoryUse[];
}

const ALL_FEATURES = -1;
const GC_PREFIX = 0xfb;
/** More than a module may have memories or data segments. */
const INDICES = 2 ** 17;

/** Walks a valid module. */
export function findUsage(module: Module): ModuleUsage {
  return new UsageWalk(module).run();
}

class UsageWalk {
  private readonly module: Module;
  private readonly reader: OperatorReader;
  private usesReferences = false;
  private usesExceptions: boolean;
  private readonly referenced: Set<number> = new Set();
  private readonly exported: Set<number>;
  private readonly calledExports: Set<number> = new Set();
  private readonly openTables: Set<number> = new Set();
  private readonly tableCopies: Set<number> = new Set();
  private readonly tableInits: Set<number> = new Set();
  private readonly indirectCalls: Set<number> = new Set();
  private readonly arraySegments: Set<number> = new Set();
  private readonly arrayData: Set<number> = new Set();
  private readonly memoryUses: Map<number, MemoryUse> = new Map();

  constructor(module: Module) {
    this.module = module;
    this.usesExceptions = module.tags.length > 0;
    this.exported = new Set(module.exports.flatMap(({ kind, index }) => (kind === "func" ? [index] : [])));
    this.reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
    this.reader.typeLimit = module.types.length;
  }

  run(): ModuleUsage {
    const { module, reader } = this;
    for (let i = 0; i < module.functionTypes.length; i++) this.signature(module.functionTypes.get(i));
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seek(module.code.starts.get(i), module.code.ends.get(i));
      this.locals();
      while (reader.pos < reader.end) this.operator(reader.next());
    }
    for (let i = module.importedGlobalCount; i < module.globals.length; i++) {
      const { initStart, initEnd } = module.globals[i]!;
      this.expressions(initStart, initEnd);
    }
    for (const { init } of module.tables) if (init !== null) this.expressions(init.start, init.end);
    for (const { items, itemCount, itemsAreExprs } of module.elements) {
      if (itemsAreExprs) this.expressions(items.start, items.end);
      else this.indices(items, itemCount);
    }
    return {
      // An exception is an object of the heap.
      usesReferences: this.usesReferences || this.usesExceptions,
      usesExceptions: this.usesExceptions,
      referencedFunctions: [...this.referenced],
      calledExports: this.calledExports,
      openTables: this.openTables,
      tableCopies: this.tableCopies,
      tableInits: this.tableInits,
      indirectCalls: this.indirectCalls,
      arraySegments: this.arraySegments,
      arrayData: this.arrayData,
      memoryUses: [...this.memoryUses.values()],
    };
  }

  private signature(type: number): void {
    const { types } = this.module;
    for (let i = 0; i < types.valueCountOf(type); i++) {
      if (wasm.isRef(types.rawValue(type, i))) this.usesReferences = true;
    }
  }

  private locals(): void {
    const { reader } = this;
    for (let runs = reader.u32(); runs > 0; runs--) {
      reader.u32();
      if (wasm.isRef(reader.readValType())) this.usesReferences = true;
    }
  }

  /** One constant expression behind the other; references in them alone need no code of their own. */
  private expressions(start: number, end: number): void {
    const before = this.usesReferences;
    this.reader.seek(start, end);
    while (this.reader.pos < end) this.operator(this.reader.next());
    this.usesReferences = before;
  }

  private indices({ start, end }: ByteRange, count: number): void {
    this.reader.seek(start, end);
    for (let i = 0; i < count; i++) this.referenced.add(this.reader.u32());
  }

  private operator(op: number): void {
    const { reader, module } = this;
    const { index, index2 } = reader;
    switch (OP_IMMEDIATES[op]) {
      case imm.IMM_MEMORY_ACCESS:
        this.memory(op, reader.memory, 0);
        return;
      case imm.IMM_MEMORY_ACCESS_LANE:
        this.memory(op, reader.memory, reader.lane);
        return;
      case imm.IMM_MEMORY:
        this.memory(op, index, 0);
        return;
      case imm.IMM_MEMORY_MEMORY:
        this.memory(op, index, index2);
        return;
      case imm.IMM_DATA_MEMORY:
        this.memory(op, index2, index);
        return;
      default:
    }
    switch (op) {
      case WasmOp.Call:
      case WasmOp.ReturnCall:
        if (this.exported.has(index)) this.calledExports.add(index);
        return;
      case WasmOp.TableGet:
      case WasmOp.TableSet:
      case WasmOp.TableGrow:
      case WasmOp.TableFill:
        this.usesReferences = true;
        this.openTables.add(index);
        return;
      case WasmOp.TableCopy:
        this.tableCopies.add(index * module.tables.length + index2);
        return;
      case WasmOp.TableInit:
        this.tableInits.add(index * module.tables.length + index2);
        return;
      case WasmOp.CallIndirect:
      case WasmOp.ReturnCallIndirect:
        this.indirectCalls.add(index2 * module.types.length + index);
        return;
      case WasmOp.RefFunc:
        this.usesReferences = true;
        this.referenced.add(index);
        return;
      case WasmOp.ArrayNewElem:
      case WasmOp.ArrayInitElem:
        this.arraySegments.add(index2);
        break;
      case WasmOp.ArrayNewData:
      case WasmOp.ArrayInitData:
        this.arrayData.add(index2);
        break;
      default:
    }
    const needs = NEEDS[op]!;
    if ((needs & EXCEPTIONS) !== 0) this.usesExceptions = true;
    if ((needs & REFERENCES) !== 0) this.usesReferences = true;
  }

  private memory(operator: number, memory: number, other: number): void {
    const key = (operator * INDICES + memory) * INDICES + other;
    if (!this.memoryUses.has(key)) this.memoryUses.set(key, { operator, memory, other });
  }
}

/** Operators that catch, and those that throw without naming a tag. */
const EXCEPTION_OPERATORS: ReadonlySet<number> = new Set([WasmOp.Try, WasmOp.TryTable, WasmOp.ThrowRef]);

/** Operators on references without a prefix of their own. */
const REFERENCE_OPERATORS: ReadonlySet<number> = new Set([
  WasmOp.RefNull,
  WasmOp.RefIsNull,
  WasmOp.RefAsNonNull,
  WasmOp.RefEq,
  WasmOp.BrOnNull,
  WasmOp.BrOnNonNull,
  WasmOp.CallRef,
  WasmOp.ReturnCallRef,
]);

const REFERENCES = 1;
const EXCEPTIONS = 2;
/** By operator. */
const NEEDS: Uint8Array = Uint8Array.from({ length: OPCODE_COUNT }, (_, op) => {
  const isOnReferences = opcodeBytes(op).prefix === GC_PREFIX || REFERENCE_OPERATORS.has(op);
  return (isOnReferences ? REFERENCES : 0) | (EXCEPTION_OPERATORS.has(op) ? EXCEPTIONS : 0);
});
