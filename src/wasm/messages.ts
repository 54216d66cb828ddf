/**
 * Every sentence that the Wasm decoder and validator say about a bad module.
 *
 * A message begins with the wording that the spec's test suite expects ("type mismatch", "unknown local 3");
 * what follows is ours and says where and why. Two codes: `wasm-malformed` for bytes that are no module at
 * all, `wasm-invalid` for a module that breaks a validation rule; `wasm-limit` for one that is beyond a
 * documented limit of this implementation (`limits.ts`), and `wasm-feature` for one that uses a proposal
 * that is switched off or not read here at all.
 */
import { InputError } from "../base/diagnostics.ts";

export const MALFORMED = "wasm-malformed";
export const INVALID = "wasm-invalid";
export const LIMIT = "wasm-limit";
export const FEATURE = "wasm-feature";

function failure(code: string, message: string, offset: number): InputError {
  return new InputError({ code, message, place: { kind: "binary", offset } });
}

/** The bytes at `offset` are not those of a module. */
export function malformed(message: string, offset: number): InputError {
  return failure(MALFORMED, message, offset);
}

/** A validation rule is broken by what stands at `offset`. */
export function invalid(message: string, offset: number): InputError {
  return failure(INVALID, message, offset);
}

/** More of `what` than the documented `most`. */
export function beyondLimit(what: string, count: number, most: number, offset: number): InputError {
  return failure(LIMIT, `${what}: ${count} is more than this implementation's limit of ${most}`, offset);
}

/** `what` needs the feature `name`, which is off. */
export function featureOff(what: string, name: string, offset: number): InputError {
  const message = `${what} needs the feature ${name}, which is switched off`;
  return new InputError({
    code: FEATURE,
    message,
    place: { kind: "binary", offset },
    notes: [`switch it on with -W ${name}`],
  });
}

/** `what` is of a proposal that is not read here. */
export function notSupported(what: string, proposal: string, offset: number): InputError {
  return failure(FEATURE, `${proposal} is not supported: ${what}`, offset);
}

export function unknownFeature(name: string, known: readonly string[]): InputError {
  return new InputError({
    code: "wasm-unknown-feature",
    message: `unknown feature ${JSON.stringify(name)}`,
    notes: [`the features are ${known.join(", ")}, and all`],
  });
}

export function badFeatureValue(name: string, value: string): InputError {
  return new InputError({
    code: "wasm-unknown-feature",
    message: `feature ${name} cannot be ${JSON.stringify(value)}: it is y or n`,
  });
}

// Malformed bytes, in the suite's wording.
export const VERSION = "unknown binary version";
export const COMPONENT = "unknown binary version: this is a component, not a core module";
export const UNEXPECTED_END = "unexpected end";
export const EMPTY = "unexpected end: it is empty";
export const HEADER_CUT_OFF = "unexpected end: a module's header has 8 bytes";
export const LEB_LONG = "integer representation too long";
export const LEB_LARGE = "integer too large";
export const SECTION_ID = "malformed section id";
export const SECTION_ORDER = "unexpected content after last section: a section is repeated or out of order";
export const SECTION_SIZE = "section size mismatch";
export const UTF8 = "malformed UTF-8 encoding";
export const IMPORT_KIND = "malformed import kind";
export const EXPORT_KIND = "malformed export kind";
export const MUTABILITY = "malformed mutability";
export const LIMITS_FLAGS = "malformed limits flags";
export const MEMOP_FLAGS = "malformed memop flags";
export const REFERENCE_TYPE = "malformed reference type";
export const HEAP_TYPE = "malformed heap type";
export const VALUE_TYPE = "malformed value type";
export const DEFINED_TYPE = "malformed definition type";
export const TAG_ATTRIBUTE = "malformed tag attribute";
export const SUPERTYPES = "sub type: at most one super type is allowed";
export const TABLE_PREFIX = "malformed table: the byte after 0x40 must be zero";
export const ELEMENT_FLAGS = "malformed element segment flags";
export const ELEMENT_KIND = "malformed element kind";
export const DATA_FLAGS = "malformed data segment flags";
export const CATCH_KIND = "malformed catch clause";
export const CAST_FLAGS = "malformed br_on_cast flags";
export const ZERO_BYTE = "zero byte expected";
export const FUNCTION_COUNTS = "function and code section have inconsistent lengths";
export const DATA_COUNTS = "data count and data section have inconsistent lengths";
export const DATA_COUNT_REQUIRED = "data count section required";
export const TOO_MANY_LOCALS = "too many locals";
export const AFTER_END = "unexpected content after the end of the body; END opcode expected last";
export const BODY_END = "unexpected end of section or function";
export const BLOCK_TYPE = "malformed block type";

export const MISPLACED_ELSE = "unexpected token: else without its if";
export const MISPLACED_CATCH = "unexpected token: catch without its try";
export const MISPLACED_DELEGATE = "unexpected token: delegate without its try";

/** What is there in the place of `\0asm`. */
export function noMagic(bytes: Uint8Array): InputError {
  const start = new TextDecoder().decode(bytes.subarray(0, MOST_BYTES_SEEN));
  if (MODULE_TEXT.test(start)) {
    return new InputError({
      code: MALFORMED,
      message: "magic header not detected: this looks like module text, not like a binary",
      place: { kind: "binary", offset: 0 },
      notes: ["a file of text is named .wat; `textToBinary` of `spillway/wat` makes a binary of it"],
    });
  }
  const first = Array.from(bytes.subarray(0, 4), hexByte).join(" ");
  return malformed(
    `magic header not detected: it begins with ${first}, and a binary module with 00 61 73 6d`,
    0,
  );
}

/**
 * Module text is lists, behind spaces and comments. A byte order mark may stand before them, which a decoder takes off. A comment ends with
 * its line, so that there is one way to read it: where each semicolon could begin another, bytes would be tried in all ways to divide them.
 */
const MODULE_TEXT = /^(?:\s|;;[^\r\n]*[\r\n])*\((?:module|component|[;a-z@])/;

const MOST_BYTES_SEEN = 1 << 12;

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Of what says that so many bytes follow, or more. */
export function beyondEnd(bytes: number, left: number): string {
  return `length out of bounds: ${bytes} wanted, ${left} left`;
}

/** Of a section that says that it has more bytes than there are. */
export function sectionCutOff(section: string, bytes: number, left: number): string {
  return `length out of bounds: the ${section} section says that it has ${bytes} bytes, of which ${left} are there`;
}

export function illegalOpcode(prefix: number, code: number): string {
  return `illegal opcode ${prefix === 0 ? "" : `${hexByte(prefix)} `}${hexByte(code)}`;
}

// Invalid modules, in the suite's wording.
export const CONSTANT_REQUIRED = "constant expression required";
export const UNDECLARED_FUNCTION = "undeclared function reference";
export const LIMITS_ORDER = "size minimum must not be greater than maximum";
export const SHARED_MAXIMUM = "shared memory must have maximum";
export const SHARED_TABLE = "malformed limits flags: tables cannot be shared";
export const MEMORY_SIZE_32 = "memory size must be at most 65536 pages (4GiB)";
export const TABLE_SIZE_32 = "table size must be at most 2^32-1";
export const PAGE_SIZE = "invalid custom page size: only 1 and 65536 are allowed";
export const MULTIPLE_MEMORIES = "multiple memories need the feature multi-memory, which is switched off";
export const MULTIPLE_TABLES = "multiple tables need the feature reference-types, which is switched off";
export const TAG_RESULT = "non-empty tag result type: stack switching is not supported";
export const HINT_TARGET = "@metadata.code.branch_hint annotation: invalid target";
export const HINT_FUNCTION = "@metadata.code.branch_hint annotation: not in a function";
export const START_FUNCTION = "start function must have no parameters and no results";
export const SELECT_ARITY = "invalid result arity: select takes exactly one type";
export const RETHROW_LABEL = "invalid rethrow label: it must name a catch block";
export const LANE = "invalid lane index";
export const ALIGNMENT = "alignment must not be larger than natural";
export const ACCESS_BITS =
  ": these are bits of relaxed atomics or of multibyte array access, and neither is supported";
export const ATOMIC_ALIGNMENT = "atomic alignment must be natural";
export const OFFSET_RANGE = "offset out of range: it must fit in 32 bits for a 32-bit memory";
export const IMMUTABLE_GLOBAL = "immutable global";
export const IMMUTABLE_FIELD = "immutable field";
export const IMMUTABLE_ARRAY = "immutable array";
export const ARRAY_NOT_NUMERIC = "array type is not numeric or vector";
export const ARRAY_TYPES = "array types do not match";
export const NOT_DEFAULTABLE = "has no default value";
export const PACKED_FIELD = "a packed field is read with a sign, by get_s or get_u";
export const UNPACKED_FIELD = "get_s and get_u are for packed fields";
export function memorySize64(most: bigint): string {
  return `memory size must be at most ${most} pages`;
}

export function unknown(what: string, index: number): string {
  return `unknown ${what} ${index}`;
}

export function duplicateExport(name: string): string {
  return `duplicate export name ${JSON.stringify(name)}`;
}

export function subTypeMismatch(type: number, supertype: number, why: string): string {
  return `sub type ${type} does not match super type ${supertype}: ${why}`;
}

export function typeMismatch(detail: string): string {
  return `type mismatch: ${detail}`;
}

export function uninitializedLocal(local: number): string {
  return `uninitialized local ${local}`;
}
