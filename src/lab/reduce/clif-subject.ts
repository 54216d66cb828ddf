/**
 * CLIF as the reducer sees it: what stands before the functions, and the functions, each copied densely so that its
 * numbers stay the same from copy to copy. Comments go, directives stay.
 */
import { InputError } from "../../base/diagnostics.ts";
import type { Function } from "../../ir/function.ts";
import { functionText, parseFile } from "../../text/index.ts";
import { copyFunction } from "./copy-function.ts";
import { Draft } from "./draft.ts";
import { nothingToReduce } from "./messages.ts";
import type { ReductionPass } from "./reducer.ts";

export interface ClifSubject {
  /** The lines before the first function: test commands, settings, targets, comments. */
  readonly head: readonly string[];
  readonly functions: readonly Function[];
  /** Whether blocks that nothing reaches are left out as they come up. */
  readonly dropUnreachable: boolean;
}

const encoder = new TextEncoder();

/** Reads a file; throws `InputError` for text that is not CLIF. */
export function clifSubject(bytes: Uint8Array, dropUnreachable: boolean): ClifSubject {
  const file = parseFile(bytes);
  const first = file.functions[0];
  if (first === undefined) throw new InputError(nothingToReduce());
  const head = new TextDecoder().decode(bytes.subarray(0, first.details.start)).split("\n");
  const functions = file.functions.map(
    ({ func }) => copyFunction(func, { replaced: new Map(), dropUnreachable })!,
  );
  return { head: head.filter((line) => line.trim() !== ""), functions, dropUnreachable };
}

export function clifBytes({ head, functions }: ClifSubject): Uint8Array {
  const texts = functions.map((func) => functionText(func, { directives: true, dynamicTypes: true }));
  return encoder.encode([...head.map((line) => `${line}\n`), texts.join("\n")].join(""));
}

/** Instructions count far more than their text: a shorter function is better than a shorter spelling. */
const INSTRUCTION_WEIGHT = 100;

export function clifWeight({ functions }: ClifSubject, bytes: Uint8Array): number {
  let insts = 0;
  for (const { dfg } of functions) insts += dfg.numInsts;
  return insts * INSTRUCTION_WEIGHT + bytes.length;
}

/**
 * A pass over the places of all functions. `places` lists those of one function; `edit` changes a draft of it at some of
 * them, in the list's order, and says whether it changed anything.
 */
export function functionPass<P>(
  name: string,
  places: (func: Function) => readonly P[],
  edit: (draft: Draft, places: readonly P[]) => boolean,
): ReductionPass<ClifSubject> {
  const known = new WeakMap<Function, readonly P[]>();
  const placesOf = (func: Function): readonly P[] => {
    let list = known.get(func);
    if (list === undefined) {
      list = places(func);
      known.set(func, list);
    }
    return list;
  };
  return {
    name,
    count: ({ functions }) => functions.reduce((sum, func) => sum + placesOf(func).length, 0),
    apply(subject, from, to) {
      let first = 0;
      let changed = false;
      const functions: Function[] = [];
      for (const func of subject.functions) {
        const list = placesOf(func);
        const chosen = list.slice(Math.max(0, from - first), Math.max(0, to - first));
        first += list.length;
        const edited = chosen.length === 0 ? func : editedFunction(func, subject, chosen, edit);
        if (edited === null) return null;
        changed ||= edited !== func;
        functions.push(edited);
      }
      return changed ? { ...subject, functions } : null;
    },
  };
}

function editedFunction<P>(
  func: Function,
  subject: ClifSubject,
  chosen: readonly P[],
  edit: (draft: Draft, places: readonly P[]) => boolean,
): Function | null {
  const draft = new Draft(func, subject.dropUnreachable);
  return edit(draft, chosen) ? draft.finish() : func;
}
