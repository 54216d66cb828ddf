/** Starts an engine's process, and makes what it said an outcome. */
import { execFile } from "node:child_process";
import type { Job, Outcome } from "./engine.ts";

/** A program that runs longer has lost its way: the slowest interpreter needs some seconds. */
const TIMEOUT_MS = 120_000;

export interface Finished {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export function start(file: string, words: readonly string[], folder?: string): Promise<Finished> {
  return new Promise((resolve) => {
    const settings = { encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: 1 << 26, cwd: folder } as const;
    execFile(file, words, settings, (error, output, errors) => {
      if (error === null) resolve({ code: 0, output, errors });
      else {
        const { code, signal } = error;
        const ended = typeof signal === "string" ? `ended by ${signal}` : "";
        resolve({ code: typeof code === "number" ? code : null, output, errors: `${errors}${ended}` });
      }
    });
  });
}

/** The first line of what `file` prints when asked for its version, or null where it does not start. */
export async function firstLine(file: string, ...words: readonly string[]): Promise<string | null> {
  const { code, output } = await start(file, words);
  return code === 0 ? output.trim().split("\n")[0]! : null;
}

/** What `hosts/` promise: a line for each call and exit code 0, or a command's output and its exit code. */
export function hostOutcome(job: Job, finished: Finished): Outcome {
  const { code, output, errors } = finished;
  if (job.form === "command") return commandOutcome(finished);
  const lines = output.trim().split("\n");
  const complete = code === 0 && lines.length === job.words.length;
  return complete ? { kind: "ran", said: lines.join(" ") } : { kind: "failed", reason: reasonOf(errors) };
}

/** A command that fails without a word on standard output has not run at all: none of ours does so. */
export function commandOutcome({ code, output, errors }: Finished): Outcome {
  if (code === null || (code !== 0 && output === "")) return { kind: "failed", reason: reasonOf(errors) };
  return { kind: "ran", said: `${output}exit code ${code}` };
}

/** One line of an engine's complaint: that with the error, or the last. */
export function reasonOf(errors: string): string {
  const lines = errors
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const line =
    lines.find((one) => /error|panic|fail|invalid|unsupported|ended by/i.test(one)) ?? lines.at(-1);
  return (line ?? "said nothing").slice(0, 300);
}
