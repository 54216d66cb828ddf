/** Makes a failing case small: the smallest function found that fails in the same way. */
import { CLIF } from "../reduce/clif-passes.ts";
import { clifBytes, clifSubject } from "../reduce/clif-subject.ts";
import { type Condition, Reducer } from "../reduce/reducer.ts";
import { TextSource } from "./case-source.ts";
import { CaseChecker, type CaseOptions } from "./check-case.ts";
import type { SeedFailure } from "./seed-runner.ts";

/** Gives the reduced text, or null where the text alone does not show the failure. */
export async function reduceFailure(failure: SeedFailure, stop: () => boolean): Promise<string | null> {
  const condition = new SameFailure(failure.kind, failure.options);
  const source = new TextEncoder().encode(failure.text);
  for (const dropUnreachable of [true, false]) {
    const subject = clifSubject(source, dropUnreachable);
    if (!(await condition.holds(clifBytes(subject)))) continue;
    const { bytes } = await new Reducer(CLIF, condition, subject, { stop }).run();
    return new TextDecoder().decode(bytes);
  }
  return null;
}

class SameFailure implements Condition {
  private readonly kind: string;
  private readonly options: CaseOptions;
  private readonly checker: CaseChecker;

  constructor(kind: string, options: CaseOptions) {
    this.kind = kind;
    this.options = options;
    this.checker = new CaseChecker();
  }

  holds(candidate: Uint8Array): Promise<boolean> {
    const source = new TextSource(new TextDecoder().decode(candidate));
    return Promise.resolve(this.checker.check(source, this.options)?.kind === this.kind);
  }
}
