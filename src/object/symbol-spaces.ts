/**
 * What symbols are of: addresses in static memory, functions that the linker adds, code that it chooses. The same numbers are the user namespaces of global values in CLIF: `symbol_value` of `u3:7` is the
 * address of type 7's descriptor. 8 is taken, by functions (`ir/names.ts`).
 */

/** The descriptor of one of the module's types. */
export const DESCRIPTORS = 3;
/** A word that holds a reference from outside the heap, so a root: of a global, a table, an element segment. */
export const CELLS = 4;
/** No address: what a reference to one of the module's functions is, its number in the table of functions. */
export const FUNCTION_NUMBERS = 5;
/** A frame's stack map; has no name in CLIF, since the backend makes it. */
export const STACK_MAPS = 6;
/** A function that stores a trap's code and traps, by the code. */
export const TRAP_FUNCTIONS = 7;
/** The record of one of the module's tags; exceptions name their tag by its address. */
export const TAG_RECORDS = 9;
/** The descriptor of the exceptions whose tag is of one of the module's function types. */
export const EXCEPTION_DESCRIPTORS = 10;
/** An object that the linker lays out, by its number among these. */
export const STATIC_OBJECTS = 11;
/** No address of anything: where the frame of so many bytes begins that is the first on the shadow stack. */
export const FIRST_FRAMES = 12;
/** Index 0 alone: the descriptors of functions by their numbers, or in a store the word that says where these are. */
export const FUNCTION_TYPES = 13;
/** The descriptors of the functions in a table that never changes, by index. */
export const TABLE_TYPES = 14;
/** Functions that call an import, and what is in a table that others see, by `2 * index + 1` for those that stand for tail calls (`link/exit-functions.ts`). */
export const IMPORT_EXITS = 15;
/** The index is that of `table * types + type`. */
export const TABLE_EXITS = 16;
/** Of an import of a module for a store: the instructions between pushing where the stack ends and calling it (`link/stack-passing.ts`). */
export const IMPORT_STACK_ENDS = 17;
/** All spaces are below. */
export const SPACES = 18;

/**
 * Descriptors that no type of the module has, behind those of its types: of arrays of words, and of references; and an empty
 * array, for what has none.
 */
export const BUILTIN_DESCRIPTORS = { Words: 0, References: 1, Empty: 2 } as const;
