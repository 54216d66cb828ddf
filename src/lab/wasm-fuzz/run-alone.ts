/**
 * Runs a module, without what cannot stand alone, natively and compiled to stand alone: all must do the same, but that a trap of the
 * code's own is `unreachable` and an exception that leaves it may be one.
 */
import { InputError } from "../../base/diagnostics.ts";
import { NativeEngine } from "../../wast/native-engine.ts";
import { NOT_FOR_TARGET } from "../../wast/refusals.ts";
import { StandaloneEngine, type StandaloneOptions } from "../../wast/standalone-engine.ts";
import { agree, Failed, sameEventAlone } from "./agreement.ts";
import { type ClosedOptions, closedModule } from "./closed-module.ts";
import { observe } from "./observe.ts";
import { type Subject, subjectOf } from "./subject.ts";

export interface AloneResult {
  /** Why it does not stand alone; "" if it does. */
  readonly alone: string;
  readonly events: number;
  /** It was compared to where memory or stack ran out only. */
  readonly isAtLimit: boolean;
}

export type AloneSetting = StandaloneOptions & { readonly name: string };

function notRun(why: string): AloneResult {
  return { alone: why, events: 0, isAtLimit: false };
}

/** With operators put in, and without. */
const ALL_WAYS: readonly number[] = [0, 1, 2, 3, 4, 7];

/** `turn` chooses how much of the module stays open; without it all ways have their turn. */
export async function runAlone(
  subject: Subject,
  settings: readonly AloneSetting[],
  turn?: number,
): Promise<AloneResult> {
  let last = notRun("");
  let events = 0;
  let isAtLimit = false;
  for (const way of turn === undefined ? ALL_WAYS : [turn]) {
    const options = {
      keepsImports: way % 2 === 1,
      readsTables: (way >> 1) % 2 === 1,
      ...((way >> 2) % 3 === 0 ? {} : { laterOperators: way }),
    };
    last = await runClosed(subject, settings, options);
    events += last.events;
    isAtLimit ||= last.isAtLimit;
  }
  return { alone: last.alone, events, isAtLimit };
}

async function runClosed(
  { bytes, module, features }: Subject,
  settings: readonly AloneSetting[],
  options: ClosedOptions,
): Promise<AloneResult> {
  const closed = await closedModule(bytes, module, options);
  const subject = closed === null ? null : await subjectOf(closed, features);
  if (subject === null) return notRun("an import that cannot be made up");
  const native = observe(new NativeEngine(), subject);
  let isAtLimit = false;
  for (const setting of settings) {
    const engine = new StandaloneEngine(setting);
    try {
      const compiled = observe(engine, subject);
      const same = sameEventAlone(engine.exceptionsTrap);
      if (!agree(`alone, ${setting.name}`, native, compiled, same)) isAtLimit = true;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { code, message } = error.diagnostic;
      if (code !== NOT_FOR_TARGET) throw new Failed("invalid", message);
      return notRun(message);
    }
  }
  return { alone: "", events: native.length, isAtLimit };
}
