/**
 * Type descriptors (`layout.ts`) as words, whatever memory they go into.
 *
 * They are known by canonical type: equal types have one descriptor, so an object's type can be told by its address. That of a
 * supertype is made first, since the display of a subtype names it.
 */
import { KIND_FUNC, KIND_STRUCT, type TypeTable } from "../wasm/types.ts";
import {
  arrayLayout,
  displayOffset,
  exceptionLayout,
  FIXED_DISPLAY,
  Kind,
  kindWord,
  type StructLayout,
  structLayout,
} from "./layout.ts";

/** Where descriptors go, and which there are. */
export interface DescriptorMemory {
  /** Addresses by canonical type, `builtinKey` or `exceptionKey`; those made are added. */
  readonly descriptors: Map<number, number>;
  /** Stores words one behind the other; returns the address of the first, a multiple of 4. */
  words(values: readonly number[]): number;
  /** Overwrites a word that was stored. */
  patch(address: number, value: number): void;
}

/** Of what arrays of words and of references hold. */
const WORD_LOG2 = 2;

/** More than there are built-in descriptors. */
const BUILTIN_COUNT = 16;

/** A key in the map of descriptors for one that no type has. */
export function builtinKey(builtin: number): number {
  return -1 - builtin;
}

/** The address of the descriptor of a type of `types`, whose canonical ids `idOf` gives; makes what is missing. */
export function descriptorOf(
  memory: DescriptorMemory,
  types: TypeTable,
  type: number,
  idOf: (type: number) => number,
): number {
  const known = memory.descriptors.get(idOf(type));
  if (known !== undefined) return known;
  const chain = [type];
  for (let above = types.supertype(type); above >= 0; above = types.supertype(above)) chain.push(above);
  const supers: number[] = [];
  for (const next of chain.reverse()) {
    let address = memory.descriptors.get(idOf(next));
    if (address === undefined) {
      address = makeDescriptor(memory, supers, contentOf(types, next));
      memory.descriptors.set(idOf(next), address);
    }
    supers.push(address);
  }
  return supers.at(-1)!;
}

/** A descriptor of no type: an array of words, or of references. */
export function builtinDescriptor(memory: DescriptorMemory, builtin: number, kind: number): number {
  const known = memory.descriptors.get(builtinKey(builtin));
  if (known !== undefined) return known;
  const address = makeDescriptor(memory, [], { size: WORD_LOG2, kind, references: [] });
  memory.descriptors.set(builtinKey(builtin), address);
  return address;
}

/** A key for the descriptor of exceptions whose tag is of a canonical type. */
function exceptionKey(id: number): number {
  return builtinKey(BUILTIN_COUNT + id);
}

/** What a key in the map of descriptors is of: exceptions by the canonical type of their tag. */
export function describedBy(key: number): {
  readonly kind: "type" | "builtin" | "exception";
  readonly index: number;
} {
  if (key >= 0) return { kind: "type", index: key };
  const builtin = -1 - key;
  if (builtin < BUILTIN_COUNT) return { kind: "builtin", index: builtin };
  return { kind: "exception", index: builtin - BUILTIN_COUNT };
}

/** The address of the descriptor of exceptions whose tag is of function type `type`: to collectors a struct like any other. */
export function exceptionDescriptor(
  memory: DescriptorMemory,
  types: TypeTable,
  type: number,
  idOf: (type: number) => number,
): number {
  const key = exceptionKey(idOf(type));
  const known = memory.descriptors.get(key);
  if (known !== undefined) return known;
  const address = makeDescriptor(memory, [], contentOfStruct(exceptionLayout(types, type)));
  memory.descriptors.set(key, address);
  return address;
}

interface Content {
  readonly size: number;
  readonly kind: number;
  /** The offsets of the reference fields. */
  readonly references: readonly number[];
}

/** `supers` from the top down. */
function makeDescriptor(
  memory: DescriptorMemory,
  supers: readonly number[],
  { size, kind, references }: Content,
): number {
  const depth = supers.length;
  // The deepest entry of the display is the descriptor itself.
  const display = [...supers, 0];
  const deep = display.slice(FIXED_DISPLAY).reverse();
  const first = memory.words([
    ...deep,
    size,
    kindWord(kind, depth, references.length),
    ...Array.from({ length: FIXED_DISPLAY }, (_, i) => display[i] ?? 0),
    ...references,
  ]);
  const address = first + 4 * deep.length;
  memory.patch(address + displayOffset(depth), address);
  return address;
}

function contentOfStruct({ sizeBytes, references }: StructLayout): Content {
  return { size: sizeBytes, kind: Kind.Struct, references };
}

function contentOf(types: TypeTable, type: number): Content {
  const kind = types.kind(type);
  if (kind === KIND_FUNC) return { size: 0, kind: Kind.Function, references: [] };
  if (kind === KIND_STRUCT) return contentOfStruct(structLayout(types, type));
  const { elementLog2, holdsReferences } = arrayLayout(types, type);
  return { size: elementLog2, kind: holdsReferences ? Kind.ReferenceArray : Kind.PlainArray, references: [] };
}
