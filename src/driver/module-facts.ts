/**
 * What planning a module has to walk all its code for: which functions its types get and what it uses. Whoever has the facts, a cache or
 * another thread, plans without the walk, in time that does not grow with the code.
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
}

export function writeFacts(out: ByteWriter, { roles, usage }: ModuleFacts): void {
  const flags = [usage.usesReferences, usage.usesExceptions].map(Number);
  const uses = usage.memoryUses.flatMap(({ operator, memory, other }) => [operator, memory, other]);
  const lists: readonly Iterable<number>[] = [
    roles.flatMap(({ kind, index }) => [TYPE_FUNCTION_KINDS.indexOf(kind), index]),
    flags,
    usage.referencedFunctions,
    usage.openTables,
    usage.tableCopies,
    usage.tableInits,
    usage.indirectCalls,
    usage.arraySegments,
    usage.arrayData,
    uses,
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
    openTables: set(),
    tableCopies: set(),
    tableInits: set(),
    indirectCalls: set(),
    arraySegments: set(),
    arrayData: set(),
    memoryUses: memoryUses(list()),
  };
  return cursor.isDone && flags.length === 2 && roles !== null ? { roles, usage } : null;
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
  if (kind === "array") return typeKind === KIND_ARRAY;
  return kind === "test" || kind === "test or null" ? typeKind !== KIND_FUNC : typeKind === KIND_STRUCT;
}

/** Whether the facts can be of that module, as far as planning depends on it. */
export function areFactsOf(module: Module, { roles, usage }: ModuleFacts): boolean {
  const functions = module.functionTypes.length + roles.length;
  const below = (numbers: Iterable<number>, end: number): boolean => {
    for (const number of numbers) if (number >= end) return false;
    return true;
  };
  return (
    roles.every((role) => fits(role, module)) &&
    below(usage.referencedFunctions, functions) &&
    below(usage.openTables, module.tables.length) &&
    below(usage.arraySegments, module.elements.length) &&
    below(usage.arrayData, module.data.length) &&
    usage.memoryUses.every(({ memory }) => memory < module.memories.length)
  );
}
