/**
 * Proposals that are not read here, by the bytes that they add to the format: a module that uses one is refused by the proposal's name, and
 * not as malformed. Asked only where the bytes mean nothing else.
 *
 * Source: the proposals' overviews, and what binaryen and wasm-tools write. A proposal that no toolchain writes yet is not here.
 */
import type { InputError } from "../base/diagnostics.ts";
import { illegalOpcode, malformed, notSupported } from "./messages.ts";

const STACK_SWITCHING = "stack switching";
const DESCRIPTORS = "the custom descriptors proposal";
const SHARED = "the shared-everything threads proposal";
const STRINGS = "the reference-typed strings proposal";
const HALF_PRECISION = "half precision";
const MEMORY_CONTROL = "memory control";
const COMPACT_IMPORTS = "the compact import section";

/** Opcodes behind a prefix (0 for none), the first and the last; what each is called, or all of them. */
type OpcodeRange = readonly [
  prefix: number,
  first: number,
  last: number,
  proposal: string,
  names: readonly string[],
];

const OPCODES: readonly OpcodeRange[] = [
  [
    0,
    0xe0,
    0xe6,
    STACK_SWITCHING,
    ["cont.new", "cont.bind", "suspend", "resume", "resume_throw", "resume_throw_ref", "switch"],
  ],
  [
    0xfb,
    0x20,
    0x26,
    DESCRIPTORS,
    [
      "struct.new_desc",
      "struct.new_default_desc",
      "ref.get_desc",
      "ref.cast_desc_eq",
      "ref.cast_desc_eq",
      "br_on_cast_desc_eq",
      "br_on_cast_desc_eq_fail",
    ],
  ],
  [0xfb, 0x80, 0xb7, STRINGS, ["a string instruction"]],
  [0xfc, 0x12, 0x12, MEMORY_CONTROL, ["memory.discard"]],
  [0xfc, 0x30, 0x31, HALF_PRECISION, ["f32.load_f16", "f32.store_f16"]],
  [0xfd, 0x120, 0x14f, HALF_PRECISION, ["an f16x8 instruction"]],
  [0xfe, 0x04, 0x04, SHARED, ["pause"]],
  [0xfe, 0x4f, 0x57, SHARED, ["a global.atomic instruction"]],
  [0xfe, 0x58, 0x5b, SHARED, ["a table.atomic instruction"]],
  [0xfe, 0x5c, 0x66, SHARED, ["a struct.atomic instruction"]],
  [0xfe, 0x67, 0x71, SHARED, ["an array.atomic instruction"]],
  [0xfe, 0x72, 0x72, SHARED, ["ref.i31_shared"]],
];

type Bytes = Readonly<Record<number, readonly [what: string, proposal: string]>>;

/** What stands where a value type, a reference type or a heap type does. */
const TYPES: Bytes = {
  98: ["an exact reference type", DESCRIPTORS],
  101: ["a shared heap type", SHARED],
  103: ["stringref", STRINGS],
  104: ["contref", STACK_SWITCHING],
  117: ["nullcontref", STACK_SWITCHING],
};

const DEFINITIONS: Bytes = {
  76: ["a type that describes another", DESCRIPTORS],
  77: ["a type with a descriptor", DESCRIPTORS],
  93: ["a continuation type", STACK_SWITCHING],
  101: ["a shared type", SHARED],
};

/** What stands behind the type of a global. */
const GLOBAL_FLAGS: Bytes = {
  2: ["a shared global", SHARED],
  3: ["a shared global", SHARED],
};

const IMPORT_KINDS: Bytes = {
  32: ["the import of an exact function", DESCRIPTORS],
  126: ["a group of imports", COMPACT_IMPORTS],
  127: ["a group of imports", COMPACT_IMPORTS],
};

/** The error for an opcode that is none here. */
export function unknownOpcode(prefix: number, code: number, offset: number): InputError {
  for (const [rangePrefix, first, last, proposal, names] of OPCODES) {
    if (prefix !== rangePrefix || code < first || code > last) continue;
    return notSupported(names[code - first] ?? names[0]!, proposal, offset);
  }
  return malformed(illegalOpcode(prefix, code), offset);
}

function unknownByte(known: Bytes, byte: number, message: string, offset: number): InputError {
  const found = known[byte];
  return found === undefined ? malformed(message, offset) : notSupported(...found, offset);
}

/** The errors for a byte that is none of its kind here; `message` is what is said if it is none anywhere. */
export function unknownType(byte: number, message: string, offset: number): InputError {
  return unknownByte(TYPES, byte, message, offset);
}

export function unknownDefinition(byte: number, message: string, offset: number): InputError {
  return unknownByte(DEFINITIONS, byte, message, offset);
}

export function unknownGlobalFlags(byte: number, message: string, offset: number): InputError {
  return unknownByte(GLOBAL_FLAGS, byte, message, offset);
}

export function unknownImportKind(byte: number, message: string, offset: number): InputError {
  return unknownByte(IMPORT_KINDS, byte, message, offset);
}
