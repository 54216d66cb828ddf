/**
 * What this implementation refuses although the format allows it.
 *
 * Unless its comment says otherwise, a number is the one that the JavaScript API of the spec (section
 * "Implementation-defined Limits") names for all engines, or V8's where it names none: what runs in browsers
 * is not refused here. They exist so that a hundred bytes cannot claim gigabytes; besides, every count is held
 * against the bytes that are left before anything is allocated for it. A module beyond a limit gets an error
 * with the code `wasm-limit`, which says the limit.
 */
export const MAX_TYPES = 1_000_000;
export const MAX_REC_GROUP_TYPES = 1_000_000;
export const MAX_SUBTYPE_DEPTH = 63;
export const MAX_FUNCTIONS = 1_000_000;
export const MAX_IMPORTS = 1_000_000;
export const MAX_EXPORTS = 1_000_000;
export const MAX_GLOBALS = 1_000_000;
export const MAX_TAGS = 1_000_000;
export const MAX_TABLES = 100_000;
export const MAX_MEMORIES = 100_000;
/** Fewer than browsers take (10,000,000): each costs an object here. */
export const MAX_ELEMENT_SEGMENTS = 100_000;
export const MAX_ELEMENT_ITEMS = 10_000_000;
export const MAX_DATA_SEGMENTS = 100_000;
/** Browsers have no such limit: each costs an object here, and can be three bytes there. */
export const MAX_CUSTOM_SECTIONS = 100_000;
export const MAX_PARAMS = 1_000;
export const MAX_RESULTS = 1_000;
export const MAX_STRUCT_FIELDS = 10_000;
export const MAX_ARRAY_NEW_FIXED = 10_000;
export const MAX_LOCALS = 50_000;
export const MAX_BODY_BYTES = 7_654_321;
export const MAX_BR_TABLE_TARGETS = 65_520;
export const MAX_MODULE_BYTES = 0x7fffffff;
/** The height of the operand stack of one body: 64 MB of it. */
export const MAX_OPERANDS = 16_000_000;
/**
 * Values popped and pushed by the calls, branches and blocks of one module: with a thousand results a
 * two-byte call moves a thousand. Real modules stay a hundred times below.
 */
export const MAX_MOVED_VALUES = 1_000_000_000;
