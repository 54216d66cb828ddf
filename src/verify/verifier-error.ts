/**
 * What the verifier says of a function: one record an error, and the list that collects them.
 *
 * The text of an error is upstream's: `location (context): message`, where the location is the printed name of an
 * entity and the context the printed instruction. At most `MAX_ERRORS` errors are kept, and texts of instructions are cut
 * at `MAX_CONTEXT` characters, so that a hostile function cannot make boundless text.
 */
import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { instText } from "../text/index.ts";

/** What an error is about. */
export type Entity = { readonly kind: "function" } | { readonly kind: EntityKind; readonly index: number };

export type EntityKind = "inst" | "block" | "value" | "signature" | "func" | "global" | "region";

/** `clif-verifier`: a rule of upstream's verifier. `clif-stack-map`: a stack map, which upstream does not verify. */
export type VerifierErrorCode = "clif-verifier" | "clif-stack-map";

export interface VerifierError {
  readonly code: VerifierErrorCode;
  readonly entity: Entity;
  /** The entity as printed: `inst3`, `block0`, `sig1`, `v2`, `function`. */
  readonly location: string;
  /** The instruction as printed, where the message needs it to be understood. */
  readonly context: string | null;
  readonly message: string;
}

/** `inst3 (v3 = iadd v1, v2): arg 1 (v2) has type i64, expected i32` */
export function verifierErrorText(error: VerifierError): string {
  const context = error.context === null ? "" : ` (${error.context})`;
  return `${error.location}${context}: ${error.message}`;
}

/** No more errors than this are kept for one function. */
export const MAX_ERRORS = 10_000;
const MAX_CONTEXT = 4000;

const PREFIXES: Readonly<Record<EntityKind, string>> = {
  inst: "inst",
  block: "block",
  value: "v",
  signature: "sig",
  func: "fn",
  global: "gv",
  region: "region",
};

/** Collects the errors of one function. */
export class ErrorList {
  private errors: VerifierError[];
  private func: Function | null;
  /** The newest context: an instruction often has several errors. */
  private contextInst: number;
  private contextText: string;

  constructor() {
    this.errors = [];
    this.func = null;
    this.contextInst = -1;
    this.contextText = "";
  }

  begin(func: Function): void {
    this.errors = [];
    this.func = func;
    this.contextInst = -1;
  }

  /** The errors so far; lets go of the function. */
  take(): VerifierError[] {
    this.func = null;
    const { errors } = this;
    this.errors = [];
    return errors;
  }

  get any(): boolean {
    return this.errors.length > 0;
  }

  get full(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  /** An error at an instruction, with its text. */
  atInst(inst: Inst, message: string, code: VerifierErrorCode = "clif-verifier"): void {
    this.add({ kind: "inst", index: inst }, `inst${inst}`, this.instContext(inst), message, code);
  }

  /** An error at an instruction of the kind that upstream reports without its text. */
  atBareInst(inst: Inst, message: string): void {
    this.add({ kind: "inst", index: inst }, `inst${inst}`, null, message, "clif-verifier");
  }

  at(kind: EntityKind, index: number, message: string): void {
    this.add({ kind, index }, `${PREFIXES[kind]}${index}`, null, message, "clif-verifier");
  }

  atFunction(message: string): void {
    this.add({ kind: "function" }, "function", null, message, "clif-verifier");
  }

  /** The instruction as printed. */
  instContext(inst: Inst): string {
    if (this.contextInst !== inst && this.func !== null) {
      const text = instText(this.func, inst);
      this.contextInst = inst;
      this.contextText = text.length > MAX_CONTEXT ? `${text.slice(0, MAX_CONTEXT)}…` : text;
    }
    return this.contextText;
  }

  private add(
    entity: Entity,
    location: string,
    context: string | null,
    message: string,
    code: VerifierErrorCode,
  ): void {
    if (this.full) return;
    this.errors.push({ code, entity, location, context, message });
  }
}
