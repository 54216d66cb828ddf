/**
 * The output of a command, as bytes that may be too many for one string: standard output, or a file that appears only
 * when it is complete and nothing went wrong.
 *
 * Standard output is written synchronously in pieces of 64 KiB, so a slow reader slows us down instead of filling
 * memory, and nothing is lost when the process ends. A reader that has seen enough (`| head`) ends the process quietly.
 */
import { realpathSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import { ExitCode } from "./exit.ts";
import { cannotWrite } from "./messages.ts";
import { note } from "./report.ts";

const PIECE_BYTES = 1 << 16;
const STDOUT = 1;
const encoder = new TextEncoder();

export interface Output {
  write(chunk: Uint8Array | string): void;
  /** All was written; throws `InputError` when it cannot be kept. */
  end(): Promise<void>;
}

/**
 * Before any work is done: ends the command where its output would take the place of one of its `inputs`, and throws `InputError` where
 * the output has no folder to be in.
 */
export function checkOutput(path: string | undefined, inputs: readonly string[], command: Command): void {
  if (path === undefined || path === "-") return;
  checkPlace(path);
  const real = realPath(path);
  if (real !== null && inputs.some((input) => input !== "-" && realPath(input) === real))
    command.error(`error: ${path} is the input: name another file for the output`);
}

function checkPlace(path: string): void {
  try {
    if (!statSync(dirname(path)).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw Object.assign(new Error(), { code: "EISDIR" });
  } catch (error) {
    throw new InputError(cannotWrite(path, error));
  }
}

/** Null for a file that is not there. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Standard output, or the file. */
export function openOutput(path: string | undefined): Output {
  return path === undefined || path === "-" ? new StandardOutput() : new FileOutput(path);
}

class StandardOutput implements Output {
  private readonly piece: Uint8Array;
  private filled: number;

  constructor() {
    this.piece = new Uint8Array(PIECE_BYTES);
    this.filled = 0;
  }

  write(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    if (this.filled + bytes.length > PIECE_BYTES) this.flush();
    if (bytes.length > PIECE_BYTES) {
      writeAll(bytes);
      return;
    }
    this.piece.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  async end(): Promise<void> {
    this.flush();
  }

  private flush(): void {
    writeAll(this.piece.subarray(0, this.filled));
    this.filled = 0;
  }
}

class FileOutput implements Output {
  private readonly path: string;
  private readonly chunks: Buffer[];

  constructor(path: string) {
    this.path = path;
    this.chunks = [];
  }

  write(chunk: Uint8Array | string): void {
    // The writer may use its chunk again: keep a copy.
    this.chunks.push(Buffer.from(chunk as Uint8Array));
  }

  async end(): Promise<void> {
    // Half a result is worse than none.
    if (Number(process.exitCode ?? ExitCode.Fine) !== ExitCode.Fine) {
      note(`${this.path} was not written, because of the errors above`);
      return;
    }
    try {
      await writeFileAtomically(this.path, Buffer.concat(this.chunks));
    } catch (error) {
      throw new InputError(cannotWrite(this.path, error));
    }
  }
}

function writeAll(bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") process.exit();
      if (code !== "EAGAIN") throw error;
      waitForReader();
    }
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));

/** The pipe is full and does not block: sleep a little. */
function waitForReader(): void {
  Atomics.wait(clock, 0, 0, 2);
}
