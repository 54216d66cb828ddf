/**
 * Where the input's memories are in the output.
 *
 *     beside    under the indices that they have, the heap's behind them: of a module without a heap, or where the target has
 *               several memories
 *     below     the only one is the lower part of the heap's: standing alone, where the target has one memory a module
 *     modules   each has a module of its own (`memory-module.ts`), but for one that needs none where there is no heap: in a store
 *
 * Below the heap the program has what is reserved for it, and never sees more than its own size, which a global holds:
 *
 *     0 … size … reserved    the program's memory; nothing is reserved where the program never makes it grow
 *     reserved … stackTop    shadow stack, growing down, and checked against its end
 *     stackTop …             static memory, heap
 */
import { InputError } from "../base/diagnostics.ts";
import type { ProgramMemory } from "../gc/module-plan.ts";
import { targetLacks } from "../lowering/messages.ts";
import type { Features } from "../wasm/features.ts";
import type { Memory, Module } from "../wasm/module.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { ACTIVE_DATA } from "./memory-functions.ts";
import { notLinkedYet } from "./messages.ts";
import type { MemoryUse } from "./module-usage.ts";

export interface MemoryOptions {
  readonly standsAlone: boolean;
  readonly usesHeap: boolean;
  readonly target: Features;
  /** What is reserved for the program's memory where it lies below the heap; its own bound if not given. */
  readonly reserveBytes: number | null;
}

const NONE = -1;
const PAGE_LOG2 = 16;
/** Reserved for a memory that may grow without bound, or beyond the other. */
const DEFAULT_RESERVE = 64 << 20;
const LARGEST_DEFAULT = 256 << 20;
/** The addresses of the stack behind it are to be positive. */
const LARGEST_RESERVE = 1 << 30;

/** Whether the memory of a module with a heap is the lower part of the heap's. */
export function isBelowHeap(
  { memories }: Module,
  { standsAlone, target }: Pick<MemoryOptions, "standsAlone" | "target">,
): boolean {
  return standsAlone && memories.length > 0 && !target.has("multi-memory");
}

export class MemoryPlan {
  readonly kind: "beside" | "below" | "modules";
  /** The output's memory with the heap. */
  readonly heapMemory: number;
  /** Bytes below the shadow stack that are the program's. */
  readonly reservedBytes: number;
  /** The functions that stand for operators on memories, in the order of their imports. */
  readonly uses: readonly MemoryUse[];
  private readonly module: Module;
  private readonly grows: boolean;
  /** In modules of their own: the one that the main module names as its own 0, or -1. */
  private readonly nativeMemory: number;
  private readonly functions: Map<string, number>;

  constructor(module: Module, memoryUses: readonly MemoryUse[], options: MemoryOptions) {
    this.module = module;
    this.grows = memoryUses.some(({ operator }) => operator === WasmOp.MemoryGrow);
    this.nativeMemory = options.usesHeap ? NONE : module.memories.findIndex(isPlain);
    this.kind = this.choose(options);
    this.heapMemory = this.kind === "beside" && options.usesHeap ? module.memories.length : 0;
    this.reservedBytes = this.kind === "below" ? this.reserve(options.reserveBytes) : 0;
    this.uses = this.kind === "modules" ? this.remoteUses(memoryUses) : [];
    this.functions = new Map(this.uses.map((use, i) => [useKey(use), i]));
  }

  private choose({ standsAlone, usesHeap, target }: MemoryOptions): MemoryPlan["kind"] {
    const { memories, importedMemoryCount } = this.module;
    const alone = memories.length - (this.nativeMemory < 0 ? 0 : 1) === 0;
    if (!standsAlone) return alone ? "beside" : "modules";
    for (const memory of memories) refuseUnlike(memory, target);
    if (alone || !isBelowHeap(this.module, { standsAlone, target })) return "beside";
    const { offset, type } = memories[0]!;
    if (memories.length > 1) throw targetLacks("a second memory", "multi-memory", memories[1]!.offset);
    if (importedMemoryCount > 0) {
      throw targetLacks("an imported memory beside a heap", "multi-memory", offset);
    }
    if (type.shared) throw targetLacks("a shared memory beside a heap", "multi-memory", offset);
    if (usesHeap && !isPlain(memories[0]!)) {
      throw targetLacks("a memory of another kind beside a heap", "multi-memory", offset);
    }
    return "below";
  }

  private reserve(bytes: number | null): number {
    const { type, offset } = this.module.memories[0]!;
    const { min, max } = type.limits;
    const initial = Number(min << BigInt(PAGE_LOG2));
    const declared = max === null ? Number.POSITIVE_INFINITY : Number(max << BigInt(PAGE_LOG2));
    const most = declared <= LARGEST_DEFAULT ? declared : DEFAULT_RESERVE;
    const unasked = this.grows ? Math.max(initial, most) : initial;
    const reserved = bytes === null ? unasked : Math.min(bytes, declared);
    if (reserved < initial || reserved > LARGEST_RESERVE) {
      throw new InputError(
        notLinkedYet(
          `a memory of ${initial} bytes, of which ${reserved} are reserved below the heap,`,
          offset,
        ),
      );
    }
    return (reserved >>> PAGE_LOG2) << PAGE_LOG2;
  }

  /** The program's memory where it lies below the heap; `size` is the global with its size. */
  programMemory(size: number): ProgramMemory | null {
    if (this.kind !== "below") return null;
    const fixedBytes = this.grows ? null : this.initialBytes;
    return { size, pages: this.reservedBytes >>> PAGE_LOG2, fixedBytes };
  }

  /** The bytes that a memory below the heap begins with. */
  get initialBytes(): number {
    return Number(this.module.memories[0]!.type.limits.min << BigInt(PAGE_LOG2));
  }

  /** The output's index of a memory of the input, -1 for one in a module of its own. */
  indexOf(memory: number): number {
    if (this.kind === "modules") return memory === this.nativeMemory ? 0 : NONE;
    return memory;
  }

  /** Whether the addresses of a memory of the output are i64. */
  is64(index: number): boolean {
    return this.kind === "beside" && this.module.memories[index]?.type.is64 === true;
  }

  // In modules of their own.

  functionOf(operator: number, memory: number, other: number): number {
    return this.functions.get(useKey({ operator, memory, other }))!;
  }

  dropsOf(segment: number): readonly number[] {
    return this.uses.flatMap(({ operator, other }, i) =>
      operator === WasmOp.DataDrop && other === segment ? [i] : [],
    );
  }

  get activeData(): readonly number[] {
    return this.uses.flatMap(({ operator }, i) => (operator === ACTIVE_DATA ? [i] : []));
  }

  /** Whether a data segment is copied to a memory by `memory.init`. */
  isInitialized(segment: number, memory: number): boolean {
    return this.functions.has(useKey({ operator: WasmOp.MemoryInit, memory, other: segment }));
  }

  /** What is done with memories by way of functions; active data in order, after everything else. */
  private remoteUses(all: readonly MemoryUse[]): MemoryUse[] {
    const isRemote = (memory: number): boolean => memory !== this.nativeMemory;
    const uses = all.filter((use) => isRemote(use.memory) || (isCopyBetween(use) && isRemote(use.other)));
    const drops = uses
      .filter(({ operator }) => operator === WasmOp.MemoryInit)
      .map(({ memory, other }) => ({ operator: WasmOp.DataDrop, memory, other }));
    const active = this.module.data.flatMap(({ mode, memory }, other) =>
      mode === "active" ? [{ operator: ACTIVE_DATA, memory, other }] : [],
    );
    return [...uses, ...drops, ...active];
  }
}

/** Whether the use needs two memories, so that it stands in neither's module. */
export function isCopyBetween({ operator, memory, other }: MemoryUse): boolean {
  return operator === WasmOp.MemoryCopy && memory !== other;
}

function useKey({ operator, memory, other }: MemoryUse): string {
  return `${operator}:${memory}:${other}`;
}

function isPlain({ type }: Memory): boolean {
  return !type.is64 && type.pageSizeLog2 === PAGE_LOG2;
}

/** A memory that stays what it is must be of a kind that the target has. */
function refuseUnlike({ type, offset }: Memory, target: Features): void {
  if (type.is64 && !target.has("memory64")) throw targetLacks("a 64-bit memory", "memory64", offset);
  if (type.pageSizeLog2 !== PAGE_LOG2 && !target.has("custom-page-sizes")) {
    throw targetLacks(`a memory with pages of ${2 ** type.pageSizeLog2} bytes`, "custom-page-sizes", offset);
  }
}
