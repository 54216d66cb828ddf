/**
 * Which memory an access is in, and where.
 *
 * CLIF has one address space. An access of the output's memory with the heap, or its first, is plain; one of another memory has an alias region
 * in its flags, whose user id is the memory's index, and whatever compiles the function asks the region. That is also true to
 * the word: memories do not overlap. Memories beside the output are not met here (`remote-memory.ts`).
 *
 * An address has the memory's type, `i32` or `i64`. The offset goes into the access where CLIF has room for it; a larger one
 * is added with a check that traps as the access itself would.
 */
import type { FunctionBuilder } from "../frontend/builder.ts";
import type { ModulePlan } from "../gc/module-plan.ts";
import type { Value } from "../ir/entities.ts";
import { DEFAULT_MEMFLAGS, type MemFlags, withAliasRegion } from "../ir/memflags.ts";
import { HEAP_OUT_OF_BOUNDS } from "../ir/trap-codes.ts";
import { I32, I64, type Type } from "../ir/types.ts";
import type { Module } from "../wasm/module.ts";
import type { OperatorReader } from "../wasm/operators.ts";

const MAX_OFFSET = 0x7fff_ffff;

/** Where an access goes: `offset` is for the access itself to add. */
export interface Address {
  readonly base: Value;
  readonly offset: number;
  readonly flags: MemFlags;
}

export class Memories {
  private readonly module: Module;
  private readonly builder: FunctionBuilder;
  private readonly plan: ModulePlan | null;
  /** By the output's memory, as far as they were met. */
  private readonly flags: Map<number, MemFlags>;

  /** Without a plan the memories stay as they are. */
  constructor(module: Module, builder: FunctionBuilder, plan: ModulePlan | null) {
    this.module = module;
    this.builder = builder;
    this.plan = plan;
    this.flags = new Map([[this.plain, DEFAULT_MEMFLAGS]]);
  }

  /** For the next function. */
  clear(): void {
    if (this.flags.size === 1) return;
    this.flags.clear();
    this.flags.set(this.plain, DEFAULT_MEMFLAGS);
  }

  /** The output's memory whose accesses name no region. */
  private get plain(): number {
    return this.plan?.heapMemory ?? 0;
  }

  addressType(memory: number): Type {
    return this.module.memories[memory]!.type.is64 ? I64 : I32;
  }

  /** The output's index of a memory. */
  place(memory: number): number {
    return this.plan === null ? memory : this.plan.memoryIndex(memory);
  }

  /** The flags of an access that may trap. */
  flagsOf(memory: number): MemFlags {
    const place = this.place(memory);
    const known = this.flags.get(place);
    if (known !== undefined) return known;
    const region = this.builder.func.createAliasRegion({ userId: place, description: `memory ${place}` });
    const flags = withAliasRegion(DEFAULT_MEMFLAGS, region);
    this.flags.set(place, flags);
    return flags;
  }

  /** Of the access that was read, with `index` as its operand. */
  address(reader: OperatorReader, index: Value): Address {
    const flags = this.flagsOf(reader.memory);
    const isSmall = reader.offsetHi === 0 && reader.offsetLo >>> 0 <= MAX_OFFSET;
    if (isSmall) return { base: index, offset: reader.offsetLo, flags };
    return { base: this.offsetBy(reader, index), offset: 0, flags };
  }

  /** Of the access that was read, for an instruction that takes no offset. */
  exactAddress(reader: OperatorReader, index: Value): Value {
    return reader.offsetLo === 0 && reader.offsetHi === 0 ? index : this.offsetBy(reader, index);
  }

  private offsetBy({ memory, offsetLo, offsetHi }: OperatorReader, index: Value): Value {
    const { ins } = this.builder;
    const offset =
      this.addressType(memory) === I32
        ? ins.iconst(I32, offsetLo >>> 0)
        : ins.iconst(I64, (BigInt(offsetHi | 0) << 32n) | BigInt(offsetLo >>> 0));
    return ins.uaddOverflowTrap(index, offset, HEAP_OUT_OF_BOUNDS);
  }
}
