/**
 * A condition that a command of the user's decides: a candidate holds if the command ends on it as on the first file,
 * with the same exit code (or signal, or by running out of time), and, if asked, with a given text in its output.
 *
 * The command is run by the shell, with the candidate's path for `{}`, or behind it. Candidates are files in a folder
 * of their own that goes when the work is done, so several commands can run at a time.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../base/diagnostics.ts";
import { isValidClif } from "./conditions.ts";
import { commandCannotRun, conditionDoesNotHold } from "./messages.ts";
import type { Condition } from "./reducer.ts";

export interface CommandOptions {
  readonly command: string;
  /** A text that the output must hold. */
  readonly match?: string;
  readonly timeoutSeconds: number;
  /** The ending of the candidates' names, `.clif`. */
  readonly suffix: string;
  /** Whether a candidate is what the command may be given; all must be if the first file is. By default, valid CLIF. */
  readonly isValid?: (candidate: Uint8Array) => boolean;
}

/** Output kept to look for the text in. */
const OUTPUT_LIMIT_BYTES = 1 << 24;
/** What the shell ends with when there is no such command. */
const NOT_FOUND = 127;

export class CommandCondition implements Condition {
  private readonly options: CommandOptions;
  private readonly folder: string;
  /** How the command ends on the first file. */
  private readonly wanted: string;
  /** Whether candidates must be valid: unless the first file is not. */
  private readonly mustBeValid: boolean;
  private files: number;

  private constructor(options: CommandOptions, folder: string, wanted: string, mustBeValid: boolean) {
    this.options = options;
    this.folder = folder;
    this.wanted = wanted;
    this.mustBeValid = mustBeValid;
    this.files = 0;
  }

  /** Runs the command on the first file; throws `InputError` where that shows nothing to keep. */
  static async start(options: CommandOptions, first: Uint8Array): Promise<CommandCondition> {
    const folder = await mkdtemp(join(tmpdir(), "spillway-reduce-"));
    const path = join(folder, `first${options.suffix}`);
    await writeFile(path, first);
    const end = await runCommand(options, path);
    if (end === null || end === `exit ${NOT_FOUND}`) {
      await rm(folder, { recursive: true, force: true });
      throw new InputError(
        end === null
          ? conditionDoesNotHold(`the output of \`${options.command}\` holds \`${options.match}\``)
          : commandCannotRun(options.command, "the shell does not find it"),
      );
    }
    return new CommandCondition(options, folder, end, (options.isValid ?? isValidClif)(first));
  }

  /** How the command ends on the first file: `exit 1`, `signal SIGSEGV`, `timeout`. */
  get ending(): string {
    return this.wanted;
  }

  async holds(candidate: Uint8Array): Promise<boolean> {
    if (this.mustBeValid && !(this.options.isValid ?? isValidClif)(candidate)) return false;
    const path = join(this.folder, `candidate-${this.files++}${this.options.suffix}`);
    await writeFile(path, candidate);
    try {
      return (await runCommand(this.options, path)) === this.wanted;
    } finally {
      await rm(path, { force: true });
    }
  }

  async end(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** How the command ends on that file; `null` if its output lacks the text asked for. */
function runCommand(options: CommandOptions, path: string): Promise<string | null> {
  const quoted = `'${path.replaceAll("'", "'\\''")}'`;
  const { command, match } = options;
  const line = command.includes("{}") ? command.replaceAll("{}", quoted) : `${command} ${quoted}`;
  const output = match === undefined ? "ignore" : "pipe";
  return new Promise((resolve, reject) => {
    // A group of its own, so that running out of time ends what the shell has started, too.
    const child = spawn(line, { shell: true, detached: true, stdio: ["ignore", output, output] });
    const chunks: Buffer[] = [];
    let kept = 0;
    let timedOut = false;
    const keep = (chunk: Buffer): void => {
      if (kept < OUTPUT_LIMIT_BYTES) chunks.push(chunk);
      kept += chunk.length;
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, options.timeoutSeconds * 1000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new InputError(commandCannotRun(command, error.message)));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (match !== undefined && !Buffer.concat(chunks).includes(match)) resolve(null);
      else if (timedOut) resolve("timeout");
      else resolve(signal === null ? `exit ${code}` : `signal ${signal}`);
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
