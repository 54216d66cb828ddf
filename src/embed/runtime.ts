/** The runtime that the instances of a store share: an instance of a collector, on the store's memory. */
import { ZERO_BYTES } from "../gc/layout.ts";
import { boxingModule } from "../link/boxing-module.ts";
import { type BarrierKind, barrierOf, type CollectorName, collectorBytes } from "../runtime/collectors.ts";
import { type HostFunction, type HostGlobal, type HostTable, hostWebAssembly } from "./host-webassembly.ts";
import type { StoreMemory } from "./store-memory.ts";

/** What the collector of a store did since the store was made. */
export interface HeapStatistics {
  /** How often it collected. */
  readonly collections: number;
  /** Of all objects so far, as of the last collection, or the last time that the collector was asked for more room. */
  readonly bytesAllocated: number;
  /** What it moved, together; 0 with `drc` and `null`, which move nothing. */
  readonly bytesCopied: number;
  /**
   * What was alive after the last collection, 0 before the first. With `generational`, after a collection of young objects only, everything
   * old; with `drc` what was not freed.
   */
  readonly liveBytes: number;
}

export interface RuntimeOptions {
  readonly stackBytes: number;
  readonly maxHeapBytes: number;
  /** Of the collector `stress`: it collects at one allocation in so many, not at each. */
  readonly stressPeriod?: number | undefined;
}

/** With so little left of the stack, a trap that says nothing else is for want of it. */
const FEW_WORDS = 256;
/** Before the first element. */
const ARRAY_HEADER_BYTES = 8;

export class Runtime {
  /** What modules import as "runtime". */
  readonly imports: Readonly<Record<string, unknown>>;
  readonly functions: HostTable;
  /** Whether code calls through other tables of the engine's, too. */
  callsOtherTables: boolean;
  private readonly exports: Readonly<Record<string, unknown>>;
  private readonly allocSlow: (bytes: number) => number;
  /** What reads the stack's pointer, and what makes boxes (`link/boxing-module.ts`). */
  private readonly stackNow: () => number;
  private readonly box: (descriptor: number, number: number) => number;
  private readonly stackPointer: HostGlobal;
  private readonly trapCode: HostGlobal;
  private readonly stackTop: number;
  private readonly memory: StoreMemory;
  readonly barrier: BarrierKind;
  private readonly regions: number[];
  /** Of the largest frame that there may be. */
  private frameBytes: number;

  /** `stressPeriod`: of the collector `stress`. */
  constructor(
    collector: CollectorName,
    memory: StoreMemory,
    { stackBytes, maxHeapBytes, stressPeriod }: RuntimeOptions,
  ) {
    const module = new hostWebAssembly.Module(collectorBytes(collector));
    this.exports = new hostWebAssembly.Instance(module, { env: { memory: memory.host } }).exports;
    // Number 0 stays empty: it is null.
    this.functions = new hostWebAssembly.Table({ initial: 1, element: "anyfunc" });
    this.callsOtherTables = false;
    this.allocSlow = this.exports["allocSlow"] as (bytes: number) => number;
    const boxing = new hostWebAssembly.Instance(new hostWebAssembly.Module(boxingModule()), {
      "": { ...this.exports, memory: memory.host },
    }).exports;
    this.stackNow = boxing["stack"] as () => number;
    this.box = boxing["box"] as (descriptor: number, number: number) => number;
    this.stackPointer = this.exports["stackPointer"] as HostGlobal;
    this.trapCode = this.exports["trapCode"] as HostGlobal;
    this.stackTop = ZERO_BYTES + stackBytes;
    this.memory = memory;
    this.barrier = barrierOf(collector);
    this.regions = [];
    this.frameBytes = 0;
    this.imports = { ...this.exports, memory: memory.host, functions: this.functions };
    if (stressPeriod !== undefined) (this.exports["stressPeriod"] as HostGlobal).value = stressPeriod;
    this.call("init", this.stackTop, memory.heapBase, maxHeapBytes);
  }

  private call(name: string, ...args: number[]): number {
    return (this.exports[name] as HostFunction)(...args) as number;
  }

  collect(): void {
    this.call("collect");
  }

  /** The address of a new object of that many bytes, a multiple of 8; everything may have moved. */
  allocate(bytes: number): number {
    return this.allocSlow(bytes) >>> 0;
  }

  /** The address of a new box with its descriptor and number, or 0 if that would take a collection. */
  boxAtOnce(descriptor: number, number: number): number {
    return this.box(descriptor, number) >>> 0;
  }

  /** Stores a reference into an object, at an address within it. */
  write(object: number, address: number, reference: number): void {
    if (this.barrier === "counts") {
      this.call("writeReference", address, reference);
      return;
    }
    this.memory.write(address, reference);
    if (this.barrier !== "cards") return;
    // The card of a struct is its header's, of an element its own; see `gc/barriers.ts`.
    this.call("markCards", object + ARRAY_HEADER_BYTES, 4);
    this.call("markCards", address, 4);
  }

  /** References were stored to so many words of a new object. */
  initialized(address: number, count: number): void {
    if (this.barrier === "counts") this.call("incrementRange", address, count);
  }

  addRoots(region: number): void {
    this.regions.push(region);
    this.call("addRoots", region);
  }

  /** The regions whose words are roots, as they were added. */
  get rootRegions(): readonly number[] {
    return this.regions;
  }

  addRootAddresses(region: number): void {
    this.call("addRootAddresses", region);
  }

  setWeak(region: number): void {
    this.call("setWeak", region);
  }

  get collections(): number {
    return (this.exports["collections"] as HostGlobal).value as number;
  }

  get liveBytes(): number {
    return ((this.exports["liveBytes"] as HostGlobal).value as number) >>> 0;
  }

  statistics(): HeapStatistics {
    const value = (name: string): number => Number((this.exports[name] as HostGlobal).value);
    return {
      collections: value("collections") >>> 0,
      bytesAllocated: value("bytesAllocated"),
      bytesCopied: value("bytesCopied"),
      liveBytes: this.liveBytes,
    };
  }

  /** Where the innermost frame is. */
  get stack(): number {
    return this.stackNow();
  }

  /** Puts the pointer back to where it was before a call that did not end. */
  set stack(pointer: number) {
    this.stackPointer.value = pointer;
  }

  /** Where the outermost frame ends. */
  get stackEnd(): number {
    return this.stackTop;
  }

  /** Code with frames of up to so many bytes is there from now on. */
  expectFrames(bytes: number): void {
    this.frameBytes = Math.max(this.frameBytes, bytes);
  }

  /**
   * Whether the shadow stack has run below its end since this was asked last: frames are next to each other, so the last one that
   * there was room for begins where another as large as any has none. In a very small stack it may have been the first. From `pointer` on
   * there are frames that are live.
   */
  takeStackExhausted(pointer: number): boolean {
    const left = (pointer + ZERO_BYTES) >>> 2;
    const end = this.memory.words.subarray(0, Math.min((this.frameBytes + ZERO_BYTES) >>> 2, left));
    const isExhausted = left < FEW_WORDS || end.some((word) => word !== 0);
    if (isExhausted) end.fill(0);
    return isExhausted;
  }

  /** Why compiled code or the runtime trapped, once; 0 when neither did. */
  takeTrapCode(): number {
    const code = this.trapCode.value as number;
    this.trapCode.value = 0;
    return code;
  }
}
