/**
 * How the functions of an output learn where the shadow stack ends.
 *
 * Compiled code tells compiled code by an argument behind all others: a frame then needs no memory to be known in, and whatever ends a
 * function, a return, an exception or a trap, gives its frame back. Who cannot collect is told nothing, but for functions that references
 * exist of: an indirect call does not know which one it reaches. At the borders, where the runtime or the host is called and where
 * they call, types are the input's, and the runtime's global has it: set before each call that leaves, read by the wrapper of what is
 * exported (`border-functions.ts`), which puts it back when the function returns. Between instances of a store is no border: what one
 * imports of another it calls as its own, told by the argument. Only the linker knows what an import is, so code pushes the end in any case, and
 * the linker puts in what becomes of it: it stays as an argument, goes into the global, or is dropped. A module without a heap that calls
 * others has no frames, but passes on where the stack ends; where its target has no mutable globals to import, or a type of its has no room
 * for the parameter, it is as JavaScript is, and what it calls finds in the global what its caller left there.
 *
 * In a closed module no frame is live when the host calls, so the stack begins anew: in the exported function itself if nobody else calls it,
 * or in its wrapper. A module that stands alone and is not closed may be called back while frames are live. Frames below those can be of
 * any kind after a trap, so what callers find is a second global, which says where the stack ended when the module was called, and only
 * while code calls others, where it ends then (`exit-functions.ts`). In a store the host puts the runtime's global back when a call fails.
 */
import { MAX_PARAMS } from "../wasm/limits.ts";
import type { Module } from "../wasm/module.ts";
import { KIND_FUNC, type TypeTable } from "../wasm/types.ts";
import type { ModuleUsage } from "./module-usage.ts";

/** The name of the global that says where the stack ends for others who call a module that stands alone and is not closed. */
export const OUTER_STACK_END = "outerStackEnd";

/**
 * How a function that an instance of a store imports learns where the stack ends: compiled code by an argument, unless it has no use for it;
 * all others find it in the global.
 */
export type ImportedEnd = "argument" | "global" | "none";

/** What of a plan it depends on. */
export interface StackUsers {
  readonly module: Module;
  readonly mode: "standalone" | "store";
  readonly usage: ModuleUsage;
  readonly passesStack: boolean;
  /** Whether exceptions unwind by returning. */
  readonly checksExceptions: boolean;
  mayCollect(func: number): boolean;
}

/** No frame is live when the host calls an export: compiled code calls nothing that could call back. */
export function isClosed(module: Module): boolean {
  return module.importedFunctionCount === 0 && !hasVisibleTables(module);
}

/** The first function type without room for the parameters that are added, of as many as engines take; -1 if all have it. */
export function typeWithoutRoom(types: TypeTable, added: (type: number) => number): number {
  for (let type = 0; type < types.length; type++)
    if (types.kind(type) === KIND_FUNC && types.paramCount(type) + added(type) > MAX_PARAMS) return type;
  return -1;
}

/** Whether others call through tables of the module, or put functions there. */
function hasVisibleTables({ importedTableCount, exports }: Module): boolean {
  return importedTableCount > 0 || exports.some(({ kind }) => kind === "table");
}

export class StackPassing {
  /** By function of the input: whether it has the parameter. */
  private readonly takers: Uint8Array;
  /** The functions in which the stack begins anew. */
  private readonly entries: ReadonlySet<number>;
  /** Whether the functions in the tables that stay have their parameters only. */
  readonly isOutsideTables: boolean;

  constructor(users: StackUsers) {
    const { module, mode, usage, passesStack } = users;
    const count = module.functionTypes.length;
    this.takers = new Uint8Array(count);
    this.isOutsideTables = !passesStack || (mode === "standalone" && hasVisibleTables(module));
    this.entries = hostEntries(users);
    if (!passesStack) return;
    for (let func = module.importedFunctionCount; func < count; func++)
      if (users.mayCollect(func)) this.takers[func] = 1;
    for (const func of usage.referencedFunctions)
      if (func >= module.importedFunctionCount) this.takers[func] = 1;
    for (const func of this.entries) this.takers[func] = 0;
  }

  takes(func: number): boolean {
    return this.takers[func] !== 0;
  }

  begins(func: number): boolean {
    return this.entries.has(func);
  }
}

function hostEntries({ module, mode, usage, passesStack, checksExceptions }: StackUsers): Set<number> {
  const entries = new Set<number>();
  // Where exceptions unwind by returning, a wrapper looks for one that is left.
  if (mode !== "standalone" || !passesStack || checksExceptions || !isClosed(module)) return entries;
  const referenced = new Set(usage.referencedFunctions);
  for (const { kind, index } of module.exports) {
    const isCalled = usage.calledExports.has(index) || referenced.has(index) || index === module.start;
    if (kind === "func" && !isCalled) entries.add(index);
  }
  return entries;
}
