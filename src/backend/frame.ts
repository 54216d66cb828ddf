/**
 * The frame on the shadow stack, as offsets from what stands for the stack's end in it. Where something collects, its first word names the stack map of the safepoint
 * that the function is at; the slots follow, in order of alignment, the smallest first. A frame is a multiple of 16
 * bytes.
 */
import { fillBytes, grownCapacity } from "../base/column.ts";
import type { StackMap, StackSlot } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

const FRAME_ALIGN = 16;
const MAP_WORD_BYTES = 4;

export class Frame {
  private offsets: Int32Array;
  private base: number;
  private size: number;
  /** By slot: whether a stack map has it. */
  private mapped: Uint8Array;

  constructor() {
    this.offsets = new Int32Array(0);
    this.base = 0;
    this.size = 0;
    this.mapped = new Uint8Array(0);
  }

  /** Bytes of the frame, 0 when the function needs none. */
  get sizeBytes(): number {
    return this.size;
  }

  /** Where it begins. */
  get baseBytes(): number {
    return this.base;
  }

  offsetBytes(slot: StackSlot): number {
    return this.offsets[slot]!;
  }

  /** Whether each slot is one of the spiller's, which hold nothing but what is live across calls that may collect. */
  holdsOnlyReferences({ dfg, stackSlots }: Function): boolean {
    const { stackMaps } = dfg;
    const slots = stackSlots.length;
    if (this.mapped.length < slots) this.mapped = new Uint8Array(grownCapacity(this.mapped.length, slots));
    fillBytes(this.mapped, 0, 0, slots);
    let left = slots;
    for (let map = 0; map < stackMaps.length && left > 0; map++) {
      for (let i = 0; i < stackMaps.entryCount(map as StackMap); i++) {
        const slot = stackMaps.entrySlot(map as StackMap, i);
        if (this.mapped[slot] === 0) left--;
        this.mapped[slot] = 1;
      }
    }
    return left === 0;
  }

  compute(func: Function, hasMapWord: boolean, base: number): void {
    const slots = func.stackSlots;
    this.base = base;
    if (this.offsets.length < slots.length) {
      this.offsets = new Int32Array(grownCapacity(this.offsets.length, slots.length));
    }
    let offset = hasMapWord && slots.length > 0 ? MAP_WORD_BYTES : 0;
    for (let alignLog2 = 0; alignLog2 <= 4; alignLog2++) {
      for (let i = 0; i < slots.length; i++) {
        const { sizeBytes } = slots[i]!;
        const wanted = Math.min(slots[i]!.alignLog2, 4);
        if (wanted !== alignLog2) continue;
        const align = 1 << alignLog2;
        offset = Math.ceil(offset / align) * align;
        this.offsets[i] = base + offset;
        offset += sizeBytes;
      }
    }
    // Slots of no bytes have addresses too.
    const least = slots.length > 0 ? 1 : 0;
    this.size = Math.ceil(Math.max(offset, least) / FRAME_ALIGN) * FRAME_ALIGN;
  }
}
