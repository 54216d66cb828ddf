/**
 * What a runner of scripts asks of something that runs modules.
 *
 * An engine compiles (or only checks) binaries, links instances, and performs actions. Its modules (`M`),
 * instances (`I`) and linkable things (`X`) are its own business. Everything a script can observe comes back
 * as data, bit by bit: numbers as unsigned `bigint`s, references by what they are. An engine never throws
 * for what a script does; `compile` throws an `InputError` for a module that it does not accept.
 */
import type { Features } from "../wasm/index.ts";
import type { Action, NumberType } from "./script.ts";

/** What a reference is; `other` is not null, and of a kind that cannot be told or has no name here. */
export type ReferenceKind = "null" | "i31" | "struct" | "array" | "func" | "host" | "exn" | "other";

/** The top of the hierarchy that the static type of a reference belongs to. */
export type ReferenceHierarchy = "any" | "extern" | "func" | "exn";

/** One value that an action gave; `host` is the number of a host reference that the script itself made. */
export type ResultValue =
  | { readonly type: NumberType; readonly bits: bigint }
  | { readonly type: "v128"; readonly low: bigint; readonly high: bigint }
  | {
      readonly type: "ref";
      readonly hierarchy: ReferenceHierarchy;
      readonly kind: ReferenceKind;
      readonly host?: number;
    };

/** How something ended that does not end well. */
export type Failure =
  | { readonly kind: "trap"; readonly message: string }
  | { readonly kind: "exhaustion"; readonly message: string }
  /** An exception left the module. */
  | { readonly kind: "exception"; readonly message: string }
  /** The action cannot be performed: no such export, arguments that do not fit, a limit of the engine's. */
  | { readonly kind: "error"; readonly message: string }
  /** The engine does not do this. */
  | { readonly kind: "skipped"; readonly why: string };

export type ActionOutcome = { readonly kind: "values"; readonly values: readonly ResultValue[] } | Failure;

export type LinkOutcome<I> =
  /** `uncertain`: whether it links depends on code that was not run. */
  | { readonly kind: "instance"; readonly instance: I; readonly uncertain?: boolean }
  | { readonly kind: "unlinkable"; readonly message: string }
  | Failure;

/** The name of an import. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

export interface Engine<M, I, X> {
  readonly name: string;
  /** Whether actions are performed; if not, `perform` skips, and instantiation never traps. */
  readonly executes: boolean;
  /** Whether an exception that leaves a module is nothing but a trap to the caller. */
  readonly exceptionsTrap: boolean;
  /** Threads of a script run one after the other where they start (`inline`), or each in a worker. */
  readonly threads: "inline" | "worker";
  /**
   * Throws an `InputError` for a module that is malformed (code `wasm-malformed`), invalid (`wasm-invalid`), or
   * rejected by an engine that does not tell them apart (`wasm-rejected`).
   */
  compile(bytes: Uint8Array, features: Features): M;
  imports(module: M): readonly ImportName[];
  /** `imports` holds one thing for each of `imports(module)`, in that order. */
  instantiate(module: M, imports: readonly X[]): LinkOutcome<I>;
  exports(instance: I): ReadonlyMap<string, X>;
  /** Of an instance's exports those that can go to another thread, in a form that can be cloned; `adopt` takes it there. */
  share(instance: I): Record<string, unknown>;
  /** An instance that stands for what another thread shares: things to import, without actions. */
  adopt(shared: Readonly<Record<string, unknown>>): I;
  perform(instance: I, action: Action): ActionOutcome;
  /** The host function `wasmtime.gc`, which collects garbage now; `null` where there is no such thing. */
  collectGarbage(): X | null;
  /** Whether the engine's `message` for a trap says what the script's `expected` does. */
  saysTrap(expected: string, message: string): boolean;
}
