/**
 * The constant pool: byte strings that `vconst` and `f128const` name. Equal bytes share a handle when they are
 * inserted; text may still give two handles the same bytes.
 */
import type { Constant } from "./entities.ts";

export class ConstantPool {
  private readonly data: Uint8Array[];
  private readonly handles: Map<string, Constant>;

  constructor() {
    this.data = [];
    this.handles = new Map();
  }

  clear(): void {
    this.data.length = 0;
    this.handles.clear();
  }

  get length(): number {
    return this.data.length;
  }

  /** The bytes, little-endian; empty for a number that text skipped. */
  bytes(constant: Constant): Uint8Array {
    return this.data[constant] ?? EMPTY;
  }

  insert(bytes: Uint8Array): Constant {
    const key = bytes.join();
    const found = this.handles.get(key);
    if (found !== undefined) return found;
    const constant = this.data.length as Constant;
    this.set(constant, bytes);
    return constant;
  }

  /** Gives a number of the text's own choice its bytes. */
  set(constant: Constant, bytes: Uint8Array): void {
    while (this.data.length <= constant) this.data.push(EMPTY);
    this.data[constant] = bytes;
    const key = bytes.join();
    if (!this.handles.has(key)) this.handles.set(key, constant);
  }

  has(constant: Constant): boolean {
    return constant < this.data.length && this.data[constant] !== EMPTY;
  }
}

const EMPTY = new Uint8Array(0);
