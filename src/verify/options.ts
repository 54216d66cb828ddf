/**
 * What the verifier must know beside the function: the target, as far as rules depend on it, and a few settings. Without
 * a target the rules that need one are passed over, as upstream's are without an ISA, and the instructions that mean
 * something to a target only (`get_frame_pointer`, `get_pinned_reg`) are errors.
 */
import { FLAG, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { I32, I64, type Type } from "../ir/types.ts";

export interface VerifyOptions {
  /** A target by name: `x86_64`, `aarch64`, `pulley32`, … Its addresses are 64 bits wide unless the name says 32. */
  readonly isa?: string;
  /** The type of addresses, `I32` or `I64`; names a target where `isa` does not. */
  readonly pointerType?: Type;
  /** Settings of the target, as `set` lines of filetests name them. */
  readonly enablePinnedReg?: boolean;
  readonly preserveFramePointers?: boolean;
  readonly enableProbestack?: boolean;
  readonly probestackStrategy?: "inline" | "outline";
  /** Whether to verify stack maps, which upstream does not. Default: yes. */
  readonly stackMaps?: boolean;
}

const VERIFY_OPTIONS: OptionNames<VerifyOptions> = {
  isa: true,
  pointerType: true,
  enablePinnedReg: FLAG,
  preserveFramePointers: FLAG,
  enableProbestack: FLAG,
  probestackStrategy: true,
  stackMaps: FLAG,
};

/** The options with their defaults. */
export interface VerifyRules {
  /** The type of addresses, or `null` without a target. */
  readonly pointerType: Type | null;
  readonly enablePinnedReg: boolean;
  readonly preserveFramePointers: boolean;
  readonly outlineProbestack: boolean;
  readonly stackMaps: boolean;
}

export function rulesOf(options: VerifyOptions): VerifyRules {
  requireOptions(options, VERIFY_OPTIONS, "verifyFunction");
  const isaPointer = options.isa === undefined ? null : pointerTypeOfIsa(options.isa);
  const outline = (options.probestackStrategy ?? "outline") === "outline";
  return {
    pointerType: options.pointerType ?? isaPointer,
    enablePinnedReg: options.enablePinnedReg ?? false,
    preserveFramePointers: options.preserveFramePointers ?? false,
    outlineProbestack: (options.enableProbestack ?? false) && outline,
    stackMaps: options.stackMaps ?? true,
  };
}

/** The type of addresses of a target: of those that upstream has, only the 32-bit Pulley ones differ. */
export function pointerTypeOfIsa(isa: string): Type {
  return /^(pulley32|i[3-6]86|arm|wasm32)/.test(isa) ? I32 : I64;
}

/**
 * The options that a `set` line of a filetest gives, to be spread over others; nothing for settings that no rule
 * depends on. A setting without a value is switched on.
 */
export function verifyOptionsOfSetting(name: string, value: string | null): VerifyOptions {
  const on = value === null || value === "true" || value === "1";
  switch (name) {
    case "enable_pinned_reg":
      return { enablePinnedReg: on };
    case "preserve_frame_pointers":
      return { preserveFramePointers: on };
    case "enable_probestack":
      return { enableProbestack: on };
    case "probestack_strategy":
      return { probestackStrategy: value === "inline" ? "inline" : "outline" };
    default:
      return {};
  }
}
