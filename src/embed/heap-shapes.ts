/**
 * What a heap snapshot says of objects by their descriptor: the type's name, and where the references are and under which name.
 *
 * A type has the names of the first instance that has it, since equal types of several modules are one. Without names it is called
 * by its index there: `struct 12`, and its fields `field 3`.
 */
import { describedBy } from "../gc/descriptors.ts";
import {
  Descriptor,
  exceptionLayout,
  Kind,
  kindIn,
  referencesIn,
  type StructLayout,
  structLayout,
} from "../gc/layout.ts";
import { BUILTIN_DESCRIPTORS } from "../object/symbol-spaces.ts";
import { readNames } from "../wasm/names.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import { KIND_STRUCT } from "../wasm/types.ts";
import type { LoadedInstance } from "./heap-roots.ts";
import type { StoreMemory } from "./store-memory.ts";

/** What of a store says what objects are. */
export interface TypedStore {
  readonly memory: StoreMemory;
  readonly types: TypeStore;
  readonly descriptors: ReadonlyMap<number, number>;
  readonly instances: readonly LoadedInstance[];
}

export interface Shape {
  readonly name: string;
  /** Of `Kind`. */
  readonly kind: number;
  /** Bytes of an object, or log2 of an element's bytes. */
  readonly size: number;
  /** Offsets of a struct's references, and the fields' names. */
  readonly references: readonly number[];
  readonly fields: readonly string[];
}

/** A type where its names are. */
interface NamedType {
  readonly instance: LoadedInstance;
  readonly index: number;
}

/** Those of tables and element segments. */
const BUILTIN_NAMES: Readonly<Record<number, string>> = {
  [BUILTIN_DESCRIPTORS.Words]: "array of words",
  [BUILTIN_DESCRIPTORS.References]: "array of references",
};

export class HeapShapes {
  private readonly store: TypedStore;
  private readonly shapes: Map<number, Shape>;
  /** Keys in the map of descriptors, by address. */
  private readonly keys: Map<number, number>;
  private readonly named: Map<number, NamedType>;

  constructor(store: TypedStore) {
    this.store = store;
    this.shapes = new Map();
    this.keys = new Map();
    this.named = new Map();
    for (const [key, address] of store.descriptors) this.keys.set(address, key);
    for (const instance of store.instances) {
      // Each store has ids of its own; the module's were made for the one that it was compiled with.
      const ids = store.types.canonicalize(instance.plan.module.types);
      ids.forEach((id, index) => {
        if (!this.named.has(id)) this.named.set(id, { instance, index });
      });
    }
  }

  /** The shape of the objects that begin with this descriptor's address. */
  of(descriptor: number): Shape {
    let shape = this.shapes.get(descriptor);
    if (shape === undefined) {
      shape = this.make(descriptor);
      this.shapes.set(descriptor, shape);
    }
    return shape;
  }

  private make(descriptor: number): Shape {
    const { memory } = this.store;
    const kindAndCount = memory.read(descriptor + Descriptor.Kind);
    const kind = kindIn(kindAndCount);
    const size = memory.read(descriptor + Descriptor.Size);
    const references: number[] = [];
    if (kind === Kind.Struct) {
      const count = referencesIn(kindAndCount);
      for (let i = 0; i < count; i++) references.push(memory.read(descriptor + Descriptor.Offsets + 4 * i));
    }
    return { kind, size, references, ...this.names(descriptor, kind, references) };
  }

  private names(
    descriptor: number,
    kind: number,
    references: readonly number[],
  ): Pick<Shape, "name" | "fields"> {
    if (kind === Kind.Host) return { name: "value of JavaScript", fields: [] };
    const { types } = this.store.types;
    const key = this.keys.get(descriptor);
    if (key === undefined) throw new Error(`no descriptor at ${descriptor}`);
    const item = describedBy(key);
    switch (item.kind) {
      case "builtin":
        return { name: BUILTIN_NAMES[item.index] ?? "array", fields: [] };
      case "exception": {
        const fields = fieldsAt(exceptionLayout(types, item.index), references, (i) => `payload ${i}`);
        return { name: "exception", fields };
      }
      default: {
        if (types.kind(item.index) !== KIND_STRUCT) return { name: this.typeName(item.index), fields: [] };
        const fields = fieldsAt(structLayout(types, item.index), references, (i) =>
          this.fieldName(item.index, i),
        );
        return { name: this.typeName(item.index), fields };
      }
    }
  }

  private typeName(type: number): string {
    const named = this.named.get(type);
    const word = this.store.types.types.kind(type) === KIND_STRUCT ? "struct" : "array";
    // Made by the store itself, for builtins.
    if (named === undefined) return word;
    return readNames(named.instance.plan.module).types.get(named.index) ?? `${word} ${named.index}`;
  }

  private fieldName(type: number, field: number): string {
    const named = this.named.get(type);
    const names = named && readNames(named.instance.plan.module).fields.get(named.index);
    return names?.get(field) ?? `field ${field}`;
  }
}

function fieldsAt(
  { offsets }: StructLayout,
  references: readonly number[],
  nameOf: (field: number) => string,
): string[] {
  return references.map((offset) => nameOf(offsets.indexOf(offset)));
}
