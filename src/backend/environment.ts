/** What a function body refers to outside itself: the index spaces of the module that it goes into. */
import type { AliasRegion, FuncRef, SigRef } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import type { SymbolTable } from "../object/symbols.ts";

/**
 * How exceptions unwind: by one of the two instruction sets for it, or by returning, whatever the results, and a check behind
 * every call.
 */
export type ExceptionForm = "legacy" | "exnref" | "checks";

/**
 * How a call tells where the shadow stack ends: by an argument behind all others, by the global, or not at all, since nothing that is
 * called has a frame or collects. Or what is called is an `exit`, which gets it by an argument, and the index of an indirect call behind that;
 * or an `import` of which only the linker knows how it is told, so that the end is pushed, and the linker puts in what is done with it.
 */
export type StackPassing = "argument" | "global" | "exit" | "import" | "none";

/** How a function learns it: by a parameter, or not at all; or it is the `top`, since only the host calls the function, and no frame is live then. */
export type StackSource = "parameter" | "top" | "none";

export interface ModuleIndices {
  /** Index of a function that is called directly. */
  functionIndex(func: Function, callee: FuncRef): number;
  /** Index of the type of an indirect call. */
  typeIndex(func: Function, signature: SigRef): number;
  /** Index in the function table, for `func_addr`. */
  tableSlot(func: Function, callee: FuncRef): number;
  /** The table of an indirect call: CLIF has one kind of code pointer, so the signature says which table it indexes. */
  tableIndex(func: Function, signature: SigRef): number;
  /** How the function at hand learns where the shadow stack ends. */
  readonly stackSource: StackSource;
  /** What a direct call has to pass. */
  stackPassing(func: Function, callee: FuncRef): StackPassing;
  /** What an indirect call has to pass, by its table. */
  indirectStackPassing(table: number): StackPassing;
  /** The symbol of the function that is called where an exit is, of a direct call or an indirect one. */
  exitSymbol(func: Function, callee: FuncRef, tail: boolean): number;
  indirectExitSymbol(signature: SigRef, tail: boolean): number;
  /** The symbol of the instructions between pushing the stack's end and the call of an import. */
  importEndSymbol(func: Function, callee: FuncRef): number;
  /** The mutable i32 global where code that gets no argument for it finds the shadow stack's pointer. */
  readonly stackPointer: number;
  /** The memory that the shadow stack is in, and every access whose flags name no alias region. Its addresses are i32. */
  readonly memory: number;
  /** The memory that an alias region stands for. */
  memoryOf(func: Function, region: AliasRegion): number;
  /** Whether the addresses of a memory, the indices of a table, are i64. */
  isMemory64(memory: number): boolean;
  isTable64(table: number): boolean;
  /** The tag, without a payload, that `try_call` catches; -1 where there is none. What else unwinds passes. */
  readonly exceptionTag: number;
  readonly exceptionForm: ExceptionForm;
  /** The symbol of the word that is not 0 while an exception is in flight, where it is checked for; else -1. */
  readonly exceptionCell: number;
  /** Whether a function that is called directly may end with an exception in flight. */
  mayThrow(func: Function, callee: FuncRef): boolean;
  /**
   * The symbols whose addresses go into the code when it is linked: those that `symbol_value` names, and stack maps. `null` where
   * nothing collects; a frame then has no word for its map.
   */
  readonly symbols: SymbolTable | null;
  /** Where a frame begins, from what stands for the stack's end in it; a multiple of 16. */
  readonly frameBase: number;
  /** What stands for the lowest address of the shadow stack, below which something else lies; 0 where nothing does, and the engine traps. */
  readonly stackLimit: number;
  /** The symbol of the function that records a trap's code before it traps, or -1 for a bare `unreachable`. */
  trapSymbol(code: TrapCode): number;
}
