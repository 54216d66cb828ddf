/** What the threads of one compilation tell each other. All of it survives being copied from one to another. */
import { type Diagnostic, InputError } from "../../base/diagnostics.ts";
import type { OutputMode } from "../../link/plan.ts";
import type { ModuleFacts } from "../module-facts.ts";
import { NotProven } from "../not-proven.ts";
import type { PrepareOptions } from "../prepare.ts";
import type { QueueState } from "./range-queue.ts";

/** To a worker: what is compiled. */
export interface Assignment {
  readonly bytes: Uint8Array;
  readonly options: PrepareOptions;
  readonly mode: OutputMode;
  readonly facts: ModuleFacts;
  readonly queue: QueueState;
}

/** Of one range: object code (`object/object-code.ts`), or what went wrong first. And at the end that there are no more ranges. */
export type FromWorker =
  | { readonly kind: "compiled"; readonly first: number; readonly object: Uint8Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly first: number; readonly failure: Failure }
  | { readonly kind: "done" };

/** An error; the classes of errors do not survive. */
export type Failure =
  | { readonly kind: "input"; readonly diagnostic: Diagnostic }
  | { readonly kind: "not proven"; readonly message: string }
  | { readonly kind: "defect"; readonly message: string; readonly stack: string };

export function failureOf(error: unknown): Failure {
  if (error instanceof InputError) return { kind: "input", diagnostic: error.diagnostic };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotProven) return { kind: "not proven", message };
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return { kind: "defect", message, stack };
}

export function errorOf(failure: Failure): Error {
  if (failure.kind === "input") return new InputError(failure.diagnostic);
  if (failure.kind === "not proven") return new NotProven(failure.message);
  return new Error(failure.message, { cause: failure.stack });
}
