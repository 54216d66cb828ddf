/**
 * The constant pool: byte strings that `vconst` and `f128const` name. Equal bytes share a handle when they are
 * inserted; text may still give two handles the same bytes.
 */
import { removeAll } from "../base/column.ts";
import type { Constant } from "./entities.ts";

export class ConstantPool {
  private readonly data: Uint8Array[];
  private readonly handles: Map<string, Constant>;
  /** Handles that have bytes. */
  private count: number;

  constructor() {
    this.data = [];
    this.handles = new Map();
    this.count = 0;
  }

  clear(): void {
    removeAll(this.data);
    // Clearing a map makes new tables for it, even an empty one.
    if (this.handles.size > 0) this.handles.clear();
    this.count = 0;
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
    // Upstream numbers by how many there are, and fails where text has taken that number: go on to a free one.
    let constant = this.count;
    while (this.has(constant as Constant)) constant++;
    this.set(constant as Constant, bytes);
    return constant as Constant;
  }

  /** Gives a number of the text's own choice its bytes; of several with equal bytes, the last is found by `insert`. */
  set(constant: Constant, bytes: Uint8Array): void {
    while (this.data.length <= constant) this.data.push(EMPTY);
    if (!this.has(constant)) this.count++;
    this.data[constant] = bytes;
    this.handles.set(bytes.join(), constant);
  }

  has(constant: Constant): boolean {
    return constant < this.data.length && this.data[constant] !== EMPTY;
  }
}

const EMPTY = new Uint8Array(0);
