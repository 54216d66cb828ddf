/** Sizes beyond which compiled code does not go. */

/** No table in a cell has more elements: what V8 and SpiderMonkey allow too. */
export const MAX_TABLE_ELEMENTS = 10_000_000;

/** No struct with more fields has an allocator: engines allow a function so many parameters (WebAssembly JavaScript Interface, "Limits"). */
export const MAX_ALLOCATOR_FIELDS = 1000;
