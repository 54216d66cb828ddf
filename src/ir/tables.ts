/**
 * The small per-function tables that instructions refer to: stack slots, global values, dynamic types, alias
 * regions. A function has few of them, so they are plain records.
 */
import type { DynamicType, GlobalValue } from "./entities.ts";
import type { MemFlags } from "./memflags.ts";
import type { ExternalName } from "./names.ts";
import type { Type } from "./types.ts";

export interface StackSlotData {
  readonly sizeBytes: number;
  readonly alignLog2: number;
  /** Names the slot for the embedder, as an unsigned 64-bit number. */
  readonly key?: bigint;
}

export interface DynamicStackSlotData {
  readonly dynamicType: DynamicType;
}

/** `dt0 = i32x4*gv0`: a vector of `base` times the scale that `scale` holds. */
export interface DynamicTypeData {
  readonly base: Type;
  readonly scale: GlobalValue;
}

export interface AliasRegionData {
  readonly userId: number;
  readonly description: string;
}

export type GlobalValueData =
  | { readonly kind: "vmctx" }
  | {
      readonly kind: "load";
      readonly base: GlobalValue;
      readonly offset: number;
      readonly type: Type;
      readonly flags: MemFlags;
    }
  | { readonly kind: "iadd_imm"; readonly base: GlobalValue; readonly offset: bigint; readonly type: Type }
  | {
      readonly kind: "symbol";
      readonly name: ExternalName;
      readonly offset: bigint;
      readonly colocated: boolean;
      readonly tls: boolean;
    }
  | { readonly kind: "dyn_scale_target_const"; readonly vectorType: Type };

/** What a debug tag names: a number of the embedder's, or a stack slot. */
export type DebugTag =
  | { readonly kind: "user"; readonly id: number }
  | { readonly kind: "stack-slot"; readonly slot: number };
