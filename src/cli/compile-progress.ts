/** What a person sees of a compilation that takes longer than a second: the phase, and how many functions are done. */
import type { Ora } from "ora";
import type { CompileObserver, Phase } from "../driver/observers.ts";
import type { OutputPlan } from "../link/plan.ts";
import { startSpinner } from "./progress.ts";

const PATIENCE_MS = 1000;
const REDRAW_MS = 100;

export class CompileProgress implements CompileObserver {
  private spinner: Ora | null;
  private readonly started: number;
  private drawnAt: number;
  private functions: number;
  private done: number;

  constructor() {
    this.spinner = null;
    this.started = performance.now();
    this.drawnAt = 0;
    this.functions = 0;
    this.done = 0;
  }

  readonly planned = (plan: OutputPlan): void => {
    this.functions = plan.module.code.starts.length;
  };

  readonly emitted = (): void => {
    this.count(this.done + 1, this.functions);
  };

  /** What threads tell, who are not observed. */
  readonly count = (done: number, of: number): void => {
    this.done = done;
    this.draw(`${done} of ${of} functions`);
  };

  readonly enter = (phase: Phase): void => {
    if (phase === "validate" || phase === "link") this.draw(phase);
  };

  /** The work is synchronous, so the spinner turns only here. */
  draw(text: string): void {
    const now = performance.now();
    if (now - this.started < PATIENCE_MS || now - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = now;
    this.spinner ??= startSpinner();
    if (this.spinner === null) return;
    this.spinner.text = text;
    this.spinner.render();
  }

  end(): void {
    this.spinner?.stop();
  }
}
