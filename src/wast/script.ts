/**
 * What a `.wast` script says, as data: commands, the modules they carry, argument values, expected results.
 *
 * Numbers are their bits, as unsigned `bigint`s, so that NaN payloads and the sign of zero are exact. A module
 * is a slice of the script's text, the bytes of its strings, or a quoted text that may be anything at all.
 */

/** Lower-case names of the numeric types. */
export type NumberType = "i32" | "i64" | "f32" | "f64";

/** The lane shapes of `v128.const`. */
export type LaneShape = "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2";

/** An argument of an action. */
export type ScriptValue =
  | { readonly type: NumberType; readonly bits: bigint }
  | { readonly type: "v128"; readonly low: bigint; readonly high: bigint }
  /** `heap` as written: `extern`, `func`, `any`, an index. */
  | { readonly type: "ref.null"; readonly heap: string }
  /** Host reference number `host`: in the hierarchy of `extern`, or (`ref.host`) converted to `any`. */
  | { readonly type: "ref.extern" | "ref.host"; readonly host: number };

/** A bit pattern, or one of the two sets of NaNs that the spec allows. */
export type NumberPattern = bigint | "nan:canonical" | "nan:arithmetic";

/** The reference kinds that an expectation can name. */
export type ReferencePattern = "func" | "extern" | "any" | "eq" | "i31" | "struct" | "array" | "exn";

/** What a result must look like. */
export type Expectation =
  | { readonly type: NumberType; readonly pattern: NumberPattern }
  | { readonly type: "v128"; readonly shape: LaneShape; readonly lanes: readonly NumberPattern[] }
  /** `heap` is absent in `(ref.null)`, which any null satisfies. */
  | { readonly type: "ref.null"; readonly heap?: string }
  /** Not null and of that kind; with `host`, that very host reference. */
  | { readonly type: "ref"; readonly kind: ReferencePattern; readonly host?: number }
  | { readonly type: "either"; readonly choices: readonly Expectation[] };

/** A module as the script gives it. `line` and `column` (from 1) are where its text starts. */
export interface ScriptModule {
  readonly name?: string;
  readonly line: number;
  readonly column: number;
  readonly source:
    | { readonly form: "text"; readonly text: string }
    /** `text` is absent where the quoted bytes are not UTF-8. */
    | { readonly form: "quote"; readonly text?: string }
    | { readonly form: "binary"; readonly bytes: Uint8Array };
}

/** Calls an exported function or reads an exported global; `module` is a name, the latest module where absent. */
export interface Action {
  readonly kind: "invoke" | "get";
  readonly module?: string;
  readonly field: string;
  readonly args: readonly ScriptValue[];
}

export type CommandBody =
  | { readonly kind: "module"; readonly module: ScriptModule }
  | { readonly kind: "definition"; readonly module: ScriptModule }
  | { readonly kind: "instance"; readonly name?: string; readonly definition?: string }
  | { readonly kind: "register"; readonly as: string; readonly module?: string }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "assert-return"; readonly action: Action; readonly results: readonly Expectation[] }
  | { readonly kind: "assert-trap"; readonly action: Action; readonly message: string }
  | { readonly kind: "assert-exhaustion"; readonly action: Action; readonly message: string }
  | { readonly kind: "assert-exception"; readonly action: Action }
  /** `custom`: it is a custom section that is wrong, which leaves the module itself valid. */
  | {
      readonly kind: "assert-invalid";
      readonly module: ScriptModule;
      readonly message: string;
      readonly custom?: true;
    }
  | { readonly kind: "assert-malformed"; readonly module: ScriptModule; readonly message: string }
  | { readonly kind: "assert-unlinkable"; readonly module: ScriptModule; readonly message: string }
  | { readonly kind: "assert-uninstantiable"; readonly module: ScriptModule; readonly message: string }
  /** `start` and `end` bound the commands in the script's text; the modules named `shared` are the thread's too. */
  | {
      readonly kind: "thread";
      readonly name: string;
      readonly shared: readonly string[];
      readonly commands: readonly Command[];
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "wait"; readonly thread: string }
  /** A part of the format that is not for this runner, with the reason. */
  | { readonly kind: "refused"; readonly why: string };

/** One command; `directive` is its keyword, the name it is counted under. */
export interface Command {
  readonly directive: string;
  readonly line: number;
  readonly column: number;
  readonly body: CommandBody;
}
