/**
 * The memory that the instances of a store share, as the host sees it.
 *
 *     0 … stackTop            zeros (`gc/layout.ts`), then the shadow stack, growing down
 *     stackTop … heapBase     static memory, given out from the bottom and never taken back
 *     heapBase …              the heap, the collector's
 *
 * Static memory is reserved when the store is made; pages that nothing has touched cost no memory.
 */
import { InputError } from "../base/diagnostics.ts";
import { staticMemoryFull } from "../link/messages.ts";
import { type HostMemory, hostWebAssembly } from "./host-webassembly.ts";

const PAGE = 65536;
const STATIC_ALIGN = 16;

export class StoreMemory {
  readonly host: HostMemory;
  readonly heapBase: number;
  /** Where static memory goes on. */
  private next: number;
  private present: Int32Array;
  private presentUnits: Uint16Array;

  constructor(stackTop: number, staticBytes: number) {
    this.heapBase = stackTop + staticBytes;
    this.host = new hostWebAssembly.Memory({ initial: Math.ceil(this.heapBase / PAGE) });
    this.next = stackTop;
    this.present = new Int32Array(this.host.buffer);
    this.presentUnits = new Uint16Array(this.host.buffer);
  }

  /** Where the next static memory will begin. */
  get staticEnd(): number {
    return this.next;
  }

  /** Takes static memory, which is zero. Throws `InputError` when there is not enough. */
  reserve(bytes: number): number {
    const address = this.next;
    const end = Math.ceil((address + bytes) / STATIC_ALIGN) * STATIC_ALIGN;
    if (end > this.heapBase) throw new InputError(staticMemoryFull(bytes));
    this.next = end;
    return address;
  }

  /** All of it, as words, until the memory grows. */
  get words(): Int32Array {
    // Growing the memory detaches the old buffer, which shows as no words at all; asking for the buffer is slower.
    if (this.present.length === 0) this.present = new Int32Array(this.host.buffer);
    return this.present;
  }

  /** The same as units of 16 bits. */
  get units(): Uint16Array {
    if (this.presentUnits.length === 0) this.presentUnits = new Uint16Array(this.host.buffer);
    return this.presentUnits;
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    new Uint8Array(this.host.buffer).set(bytes, address);
  }

  read(address: number): number {
    return this.words[address >>> 2]!;
  }

  write(address: number, word: number): void {
    this.words[address >>> 2] = word;
  }
}
