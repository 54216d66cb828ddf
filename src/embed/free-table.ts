/**
 * A table that JavaScript made, of functions or of any values: the engine's modules and the store's each take their own kind of table, and which
 * of them is to import it shows only then. Until that it is a list. From then on it is theirs, and the other kind cannot have it.
 */
import { EngineElements } from "./engine-tables.ts";
import { type HostTable, hostWebAssembly } from "./host-webassembly.ts";
import { showAs } from "./inspect.ts";
import { elementIndex, grownLength } from "./table-sizes.ts";

/** What has the elements: a table of the engine's or of the store's, or as long as nobody has imported it a list. */
export interface TableElements {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value?: unknown): void;
  grow(count: number, value?: unknown): number;
}

export type FreeElement = "funcref" | "externref";

/** The names of the types, old and new. */
export const FREE_ELEMENTS: Readonly<Record<string, FreeElement>> = {
  anyfunc: "funcref",
  funcref: "funcref",
  externref: "externref",
};

export interface FreeTableType {
  readonly element: FreeElement;
  readonly initial: number;
  readonly maximum: number | null;
}

export class FreeTable {
  readonly #type: FreeTableType;
  #elements: TableElements;
  /** Whose it is: nobody's yet, the engine's, the store's. */
  #owner: "none" | "engine" | "store";

  /** `isFunction`: whether something is a function of the store. Throws a `TypeError` for a value that is none of the type. */
  constructor(type: FreeTableType, value: unknown, isFunction: (value: unknown) => boolean) {
    this.#type = type;
    this.#elements = new ElementList(type, value, isFunction);
    this.#owner = "none";
  }

  /** The table of the engine's that it is from now on; null where it is the store's, or has what the engine does not take. */
  ofEngine(): HostTable | null {
    if (this.#owner === "engine") return (this.#elements as EngineElements).table;
    if (this.#owner === "store") return null;
    const { element, maximum } = this.#type;
    const table = new hostWebAssembly.Table({
      initial: this.length,
      ...(maximum === null ? {} : { maximum }),
      element: element === "funcref" ? "anyfunc" : element,
    });
    return this.#moveTo(new EngineElements(table), "engine") ? table : null;
  }

  /** Becomes the table of the store's that `make` makes of a length and a bound; false where it is the engine's, or has what the store does not take. */
  becomeOfStore(make: (length: number, maximum: number | null) => TableElements): boolean {
    if (this.#owner !== "none") return this.#owner === "store";
    return this.#moveTo(make(this.length, this.#type.maximum), "store");
  }

  /** False where something that is there is none of the other's. */
  #moveTo(elements: TableElements, owner: "engine" | "store"): boolean {
    try {
      for (let i = 0; i < this.length; i++) elements.set(i, this.get(i));
    } catch {
      return false;
    }
    this.#elements = elements;
    this.#owner = owner;
    return true;
  }

  get element(): FreeElement {
    return this.#type.element;
  }

  get length(): number {
    return this.#elements.length;
  }

  get(index: number): unknown {
    return this.#elements.get(index);
  }

  set(index: number, ...value: [unknown?]): void {
    this.#elements.set(index, ...value);
  }

  grow(count: number, ...value: [unknown?]): number {
    return this.#elements.grow(count, ...value);
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Table";
  }

  static {
    showAs(FreeTable, "WebAssembly.Table", ({ element, length }) => ({ element, length }));
  }
}

class ElementList implements TableElements {
  private readonly type: FreeTableType;
  private readonly list: unknown[];
  private readonly isFunction: (value: unknown) => boolean;

  constructor(type: FreeTableType, value: unknown, isFunction: (value: unknown) => boolean) {
    this.type = type;
    this.isFunction = isFunction;
    this.list = new Array<unknown>(type.initial).fill(this.checked(value));
  }

  private checked(value: unknown): unknown {
    const isRight =
      this.type.element === "externref" ||
      value === null ||
      this.isFunction(value) ||
      isEngineFunction(value);
    if (isRight) return value;
    throw new TypeError("WebAssembly.Table: a table of functions takes exported functions, and null");
  }

  /** What an element is that nobody gave. */
  private get missing(): unknown {
    return this.type.element === "externref" ? undefined : null;
  }

  get length(): number {
    return this.list.length;
  }

  get(index: number): unknown {
    return this.list[elementIndex(index, this.length)];
  }

  set(index: number, value: unknown = this.missing): void {
    const at = elementIndex(index, this.length);
    this.list[at] = this.checked(value);
  }

  grow(count: number, value: unknown = this.missing): number {
    const { list } = this;
    const old = list.length;
    const length = grownLength(old, count, this.type.maximum);
    const given = this.checked(value);
    while (list.length < length) list.push(given);
    return old;
  }
}

let probe: HostTable | null = null;

/** Whether it is an exported function of a module of the engine's: its tables take no other. */
function isEngineFunction(value: unknown): boolean {
  if (typeof value !== "function") return false;
  probe ??= new hostWebAssembly.Table({ initial: 1, element: "anyfunc" });
  try {
    probe.set(0, value);
    probe.set(0, null);
    return true;
  } catch {
    return false;
  }
}
