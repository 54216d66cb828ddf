/**
 * What `npm run engines` asks of an engine: how it is found on this machine, and how it runs one compiled module.
 *
 * A module is run in one of two forms. *Calls*: its export `run` is called with each number, and what comes back is a line for
 * each, the result or `trap`. *Command*: a WASI command with arguments; what comes back is its exit code and its output.
 */
import type { Features } from "../../src/wasm/index.ts";
import type { Places } from "./places.ts";

export type Form = "calls" | "command";

export interface Job {
  /** Path of the module. */
  readonly wasm: string;
  /** What the module was compiled for, for an engine that can be told to have no more. */
  readonly features: Features;
  readonly form: Form;
  /** Numbers for `run`, or a command's arguments. */
  readonly words: readonly string[];
  /** A folder for what the engine needs to write, empty at first. */
  readonly scratch: string;
}

export type Outcome =
  /** It ran, with traps and exit codes as part of what it said. */
  | { readonly kind: "ran"; readonly said: string }
  /** The engine judges modules and does not run them. */
  | { readonly kind: "accepted" }
  /** It was rejected, or the engine itself broke down. */
  | { readonly kind: "failed"; readonly reason: string };

/** An engine that was found. */
export interface PresentEngine {
  readonly version: string;
  run(job: Job): Promise<Outcome>;
}

export interface Engine {
  readonly name: string;
  /** What fits the engine best, as for `spillway compile --target`; it is given `mvp` besides. */
  readonly target: string;
  readonly forms: readonly Form[];
  /** How a person gets it: the package's name. */
  readonly get: string;
  /** The command that installs it into a folder, if one does. */
  readonly install?: (folder: string) => readonly (readonly string[])[];
  find(places: Places): Promise<PresentEngine | null>;
}
