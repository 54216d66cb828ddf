/** Reduces a CLIF file under a condition: chooses where to begin, runs the passes, and gives the text. */
import { InputError } from "../../base/diagnostics.ts";
import { CLIF } from "./clif-passes.ts";
import { type ClifSubject, clifBytes, clifSubject } from "./clif-subject.ts";
import { CommandCondition, type CommandOptions } from "./command-condition.ts";
import { type ConditionSpec, describeCondition, SymptomFinder } from "./conditions.ts";
import { conditionDoesNotHold, dependsOnNumbers } from "./messages.ts";
import { type Condition, Reducer, type ReductionProgress } from "./reducer.ts";
import { PooledCondition } from "./worker-pool.ts";

export interface ReduceClifOptions {
  readonly condition: ConditionSpec | (CommandOptions & { readonly kind: "command" });
  /** Candidates tested at a time; the result does not depend on it. */
  readonly jobs?: number;
  readonly onProgress?: (progress: ReductionProgress) => void;
  /** Called with every better text. */
  readonly onBetter?: (text: Uint8Array) => void | Promise<void>;
  readonly stop?: () => boolean;
}

export interface ReducedClif {
  readonly text: Uint8Array;
  /** What was kept, in words. */
  readonly condition: string;
  readonly instsBefore: number;
  readonly instsAfter: number;
  readonly tested: number;
  readonly rounds: number;
  readonly stopped: boolean;
}

/** Throws `InputError` if the text is not CLIF or the condition does not hold for it. */
export async function reduceClif(source: Uint8Array, options: ReduceClifOptions): Promise<ReducedClif> {
  clifSubject(source, false);
  const { condition, words } = await openCondition(source, options);
  try {
    const start = await startingSubject(source, condition, words);
    const reducer = new Reducer(CLIF, condition, start, {
      jobs: options.jobs ?? 1,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.stop === undefined ? {} : { stop: options.stop }),
      onBetter: async (_, bytes) => options.onBetter?.(bytes),
    });
    const { subject, bytes, tested, rounds, stopped } = await reducer.run();
    return {
      text: bytes,
      condition: words,
      instsBefore: instCount(clifSubject(source, false)),
      instsAfter: instCount(subject),
      tested,
      rounds,
      stopped,
    };
  } finally {
    await condition.end();
  }
}

async function openCondition(
  source: Uint8Array,
  { condition, jobs = 1 }: ReduceClifOptions,
): Promise<{ condition: Condition & { end(): Promise<void> }; words: string }> {
  if (condition.kind === "command") {
    const command = await CommandCondition.start(condition, source);
    const match = condition.match === undefined ? "" : ` with \`${condition.match}\` in its output`;
    return { condition: command, words: `\`${condition.command}\` ends with ${command.ending}${match}` };
  }
  const words = describeCondition(condition);
  const symptom = new SymptomFinder(condition).symptom(source);
  if (symptom === null) throw new InputError(conditionDoesNotHold(words));
  return { condition: new PooledCondition(condition, symptom, jobs), words: `${words} (${symptom})` };
}

/** The file printed again, unreachable blocks left out if the failure does not need them. */
async function startingSubject(
  source: Uint8Array,
  condition: Condition,
  words: string,
): Promise<ClifSubject> {
  for (const dropUnreachable of [true, false]) {
    const subject = clifSubject(source, dropUnreachable);
    if (await condition.holds(clifBytes(subject))) return subject;
  }
  throw new InputError(dependsOnNumbers(words));
}

function instCount({ functions }: ClifSubject): number {
  return functions.reduce((sum, { dfg }) => sum + dfg.numInsts, 0);
}
