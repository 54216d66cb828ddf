/**
 * The frame on the shadow stack. Where something collects, its first word names the stack map of the safepoint
 * that the function is at; the slots follow, in order of alignment, the smallest first. A frame is a multiple of 16
 * bytes.
 */
import { grownCapacity } from "../base/column.ts";
import type { StackSlot } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

const FRAME_ALIGN = 16;
const MAP_WORD_BYTES = 4;

export class Frame {
  private offsets: Int32Array;
  private size: number;

  constructor() {
    this.offsets = new Int32Array(0);
    this.size = 0;
  }

  /** Bytes of the frame, 0 when the function needs none. */
  get sizeBytes(): number {
    return this.size;
  }

  offsetBytes(slot: StackSlot): number {
    return this.offsets[slot]!;
  }

  compute(func: Function, hasMapWord: boolean): void {
    const slots = func.stackSlots;
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
        this.offsets[i] = offset;
        offset += sizeBytes;
      }
    }
    // Slots of no bytes have addresses too.
    const least = slots.length > 0 ? 1 : 0;
    this.size = Math.ceil(Math.max(offset, least) / FRAME_ALIGN) * FRAME_ALIGN;
  }
}
