/**
 * What planning a module has to walk all its code for: which functions its types get, what it uses, which functions may collect; and what it evaluates all
 * its constant expressions for: which globals are known. Whoever has the facts, a cache or another thread, plans without either.
 *
 * The binary form is a list of lists of numbers, each behind its length, all unsigned LEB128, numbers in two halves, the low one first:
 * a pair of a table and a type may exceed 32 bits. Reading trusts nothing.
 */
import { ByteCursor } from "../base/byte-cursor.ts";
import type { ByteWriter } from "../base/byte-writer.ts";
import { TYPE_FUNCTION_KINDS, type TypeFunctionRole } from "../gc/type-functions.ts";
import type { MemoryUse, ModuleUsage } from "../link/module-usage.ts";
import type { Module } from "../wasm/module.ts";
import { KIND_ARRAY, KIND_FUNC, KIND_STRUCT } from "../wasm/types.ts";

export interface ModuleFacts {
  /** What the functions that are added to it are for; none where allocation is inline. */
  readonly roles: readonly TypeFunctionRole[];
  /** Of the module with these functions. */
  readonly usage: ModuleUsage;
  /** By function of that module: not 0 if a call may collect. */
  readonly collecting: Uint8Array;
  /** By global: not 0 where it is known what it holds first. */
  readonly knownGlobals: Uint8Array;
}

const FLAGS_PER_NUMBER = 32;

export function writeFacts(out: ByteWriter, { roles, usage, collecting, knownGlobals }: ModuleFacts): void {
  const flags = [usage.usesReferences, usage.usesExceptions].map(Number);
  const uses = usage.memoryUses.flatMap(({ operator, memory, other }) => [operator, memory, other]);
  const lists: readonly Iterable<number>[] = [
    roles.flatMap(({ kind, index }) => [TYPE_FUNCTION_KINDS.indexOf(kind), index]),
    flags,
    usage.referencedFunctions,
    usage.calledExports,
    usage.openTables,
    usage.tableCopies,
    usage.tableInits,
    usage.indirectCalls,
    usage.arraySegments,
    usage.arrayData,
    uses,
    packed(collecting),
    packed(knownGlobals),
  ];
  for (const list of lists) {
    const numbers = [...list];
    out.u32(numbers.length);
    for (const number of numbers) {
      out.u32(number);
      out.u32(number / 2 ** 32);
    }
  }
}

/** The facts, or null. */
export function readFacts(input: Uint8Array): ModuleFacts | null {
  const cursor = new ByteCursor(input);
  const list = (): number[] => {
    const numbers = new Array<number>(cursor.count(2));
    for (let i = 0; i < numbers.length; i++) numbers[i] = cursor.u32() + cursor.u32() * 2 ** 32;
    return numbers;
  };
  const set = (): ReadonlySet<number> => new Set(list());
  const roles = rolesOf(list());
  const flags = list();
  const usage: ModuleUsage = {
    usesReferences: flags[0] === 1,
    usesExceptions: flags[1] === 1,
    referencedFunctions: list(),
    calledExports: set(),
    openTables: set(),
    tableCopies: set(),
    tableInits: set(),
    indirectCalls: set(),
    arraySegments: set(),
    arrayData: set(),
    memoryUses: memoryUses(list()),
  };
  const collecting = unpacked(list());
  const knownGlobals = unpacked(list());
  const isWhole = cursor.isDone && flags.length === 2;
  return isWhole && roles !== null ? { roles, usage, collecting, knownGlobals } : null;
}

/** Flags as the bits of numbers, the first the lowest. */
function packed(flags: Uint8Array): number[] {
  const numbers = new Array<number>(Math.ceil(flags.length / FLAGS_PER_NUMBER)).fill(0);
  flags.forEach((flag, i) => {
    if (flag !== 0) numbers[Math.floor(i / FLAGS_PER_NUMBER)]! += 2 ** (i % FLAGS_PER_NUMBER);
  });
  return numbers;
}

/** As many flags as there are bits. */
function unpacked(numbers: readonly number[]): Uint8Array {
  const flags = new Uint8Array(FLAGS_PER_NUMBER * numbers.length);
  for (let i = 0; i < flags.length; i++)
    flags[i] = (numbers[Math.floor(i / FLAGS_PER_NUMBER)]! >>> (i % FLAGS_PER_NUMBER)) & 1;
  return flags;
}

function rolesOf(numbers: readonly number[]): TypeFunctionRole[] | null {
  const roles: TypeFunctionRole[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const kind = TYPE_FUNCTION_KINDS[numbers[i]!];
    const index = numbers[i + 1];
    if (kind === undefined || index === undefined) return null;
    roles.push({ kind, index });
  }
  return roles;
}

function memoryUses(numbers: readonly number[]): MemoryUse[] {
  const uses: MemoryUse[] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3)
    uses.push({ operator: numbers[i]!, memory: numbers[i + 1]!, other: numbers[i + 2]! });
  return uses;
}

/** Whether the module has that type or tag, and it can have such a function. */
function fits({ kind, index }: TypeFunctionRole, { types, tags }: Module): boolean {
  if (kind === "throw") return index < tags.length;
  if (index >= types.length) return false;
  const typeKind = types.kind(index);
  if (kind === "array" || kind === "default array") return typeKind === KIND_ARRAY;
  const any = kind === "test" || kind === "test or null" || kind === "allocate";
  return any ? typeKind !== KIND_FUNC : typeKind === KIND_STRUCT;
}

/** Whether there are as many as were packed for so many. */
function areFlagsOf(flags: Uint8Array, count: number): boolean {
  return Math.ceil(flags.length / FLAGS_PER_NUMBER) === Math.ceil(count / FLAGS_PER_NUMBER);
}

/** Whether the facts can be of that module, as far as planning depends on it. */
export function areFactsOf(module: Module, { roles, usage, collecting, knownGlobals }: ModuleFacts): boolean {
  const functions = module.functionTypes.length + roles.length;
  const below = (numbers: Iterable<number>, end: number): boolean => {
    for (const number of numbers) if (number >= end) return false;
    return true;
  };
  return (
    roles.every((role) => fits(role, module)) &&
    areFlagsOf(collecting, functions) &&
    areFlagsOf(knownGlobals, module.globals.length) &&
    below(usage.referencedFunctions, functions) &&
    below(usage.openTables, module.tables.length) &&
    below(usage.arraySegments, module.elements.length) &&
    below(usage.arrayData, module.data.length) &&
    usage.memoryUses.every(({ memory }) => memory < module.memories.length)
  );
}
