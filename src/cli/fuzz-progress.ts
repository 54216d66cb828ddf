/** What a person sees of a fuzzing campaign while it goes on, and how they end it. */
import type { Ora } from "ora";
import { startSpinner } from "./progress.ts";
import { colorsFor, note } from "./report.ts";

/** A spinner on a terminal, a line now and then elsewhere. */
export class FuzzProgress {
  private readonly spinner: Ora | null;
  private readonly quiet: boolean;
  /** What is made, in the plural. */
  private readonly noun: string;
  private readonly count: number;
  private readonly started: number;
  private lineAt: number;
  /** How many failures are printed, 0 for all. */
  private readonly maxFailures: number;
  private printed: number;

  constructor(
    noun: string,
    count: number,
    { quiet, maxFailures }: { readonly quiet: boolean; readonly maxFailures: number },
  ) {
    this.quiet = quiet;
    this.maxFailures = maxFailures;
    this.printed = 0;
    this.noun = noun;
    this.count = count;
    this.started = performance.now();
    this.lineAt = this.started + LINE_EVERY_MS;
    this.spinner = quiet ? null : startSpinner(`making ${noun}`);
  }

  show(done: number, failures: number): void {
    const now = performance.now();
    const seconds = (now - this.started) / 1000;
    const of = this.count > 1e12 ? "" : ` of ${this.count}`;
    const text = `${done}${of} ${this.noun}, ${Math.round(done / seconds)} a second, ${failures} failed`;
    if (this.spinner !== null) this.spinner.text = text;
    else if (!this.quiet && now >= this.lineAt) {
      note(text);
      this.lineAt = now + LINE_EVERY_MS;
    }
  }

  fail(failure: { readonly seed: number; readonly kind: string; readonly message: string }): void {
    if (this.maxFailures > 0 && this.printed >= this.maxFailures) return;
    this.printed++;
    const { seed, kind, message } = failure;
    this.spinner?.clear();
    const colors = colorsFor(process.stderr);
    // What a stack trace says is in the JSON.
    const said = message.split("\n    at ", 1)[0]!;
    process.stderr.write(`seed ${seed}: ${colors.red(colors.bold(kind))}: ${said}\n`);
  }

  /** The end, with so many failures. */
  end(failed: number): void {
    this.spinner?.stop();
    const hidden = failed - this.printed;
    if (hidden > 0) note(`${hidden} more failures (--max-failures 0 prints all)`);
  }
}

const LINE_EVERY_MS = 30_000;

/** The first interrupt ends the work in good order, the second one at once. */
export class Interrupt {
  pressed: boolean;

  constructor() {
    this.pressed = false;
    process.once("SIGINT", () => {
      this.pressed = true;
    });
  }
}
