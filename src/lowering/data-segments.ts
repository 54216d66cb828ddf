/** Passive data where the target has none: what is left of a segment is in a global, its bytes where `SegmentPlace` says. */
import type { Module } from "../wasm/module.ts";
import { I32, I64 } from "../wasm/types.ts";
import type { Additions } from "./additions.ts";
import { initBody, type SegmentPlace, THREE_I32, wordsBody } from "./bulk-memory.ts";

/** Where the linker keeps the bytes of a data segment, or null. */
export type KeptData = (segment: number) => { readonly address: number; readonly memory: number } | null;

export class DataLowering {
  private readonly module: Module;
  private readonly additions: Additions;
  private readonly kept: KeptData;

  constructor(module: Module, additions: Additions, kept: KeptData) {
    this.module = module;
    this.additions = additions;
    this.kept = kept;
  }

  /** The global with the bytes that a segment has; an active one has none. */
  lengthOf(segment: number): number {
    const { mode, data } = this.module.data[segment]!;
    const length = mode === "passive" ? data.end - data.start : 0;
    return this.additions.once(`data ${segment}`, () => this.additions.addGlobal(I32, length));
  }

  /** The function that stands for `memory.init` of a segment. */
  initializer(segment: number, memory: number): number {
    const { additions } = this;
    return additions.once(`memory.init ${segment} ${memory}`, () => {
      const body = initBody(this.placeOf(segment), this.lengthOf(segment), memory);
      return additions.addFunction(additions.typeOf({ params: THREE_I32, results: [] }), body);
    });
  }

  private placeOf(segment: number): SegmentPlace {
    const kept = this.kept(segment);
    if (kept !== null) return { kind: "address", ...kept };
    const { additions, module } = this;
    const { start, end } = module.data[segment]!.data;
    const data = start === end ? new Uint8Array(8) : module.bytes.subarray(start, end);
    const func = additions.once(`words ${segment}`, () =>
      additions.addFunction(additions.typeOf({ params: [I32], results: [I64] }), wordsBody(data)),
    );
    return { kind: "words", func };
  }
}
