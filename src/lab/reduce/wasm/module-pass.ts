/** Passes over a module: those whose places are instructions, and those whose places are things of any other kind. */
import type { ReductionPass } from "../reducer.ts";
import type { BodyShape } from "./body-shape.ts";
import { type CodeEdit, disjoint, editedBody } from "./code-edits.ts";
import { ModuleDraft } from "./module-draft.ts";
import { type ModuleSubject, shapeOf } from "./module-subject.ts";

export type ModulePass = ReductionPass<ModuleSubject>;

/** A pass over things that `places` lists; `edit` gives the module edited at some of them, in the list's order. */
export function itemPass<P>(
  name: string,
  places: (subject: ModuleSubject) => readonly P[],
  edit: (subject: ModuleSubject, places: readonly P[]) => ModuleSubject | null,
): ModulePass {
  const known = new WeakMap<ModuleSubject, readonly P[]>();
  const placesOf = (subject: ModuleSubject): readonly P[] => {
    let list = known.get(subject);
    if (list === undefined) {
      list = places(subject);
      known.set(subject, list);
    }
    return list;
  };
  return {
    name,
    count: (subject) => placesOf(subject).length,
    apply: (subject, from, to) => edit(subject, placesOf(subject).slice(from, to)),
  };
}

/** Each edit makes a whole module, so a pass of many places takes them in small chunks only. */
const MOST_AT_ONCE = 64;

/** The edit of one place, at several of them; where it gives no valid module the place is left as it is. */
export function oneByOne<P>(
  edit: (subject: ModuleSubject, place: P) => ModuleSubject | null,
): (subject: ModuleSubject, places: readonly P[]) => ModuleSubject | null {
  return (subject, places) => {
    if (places.length > MOST_AT_ONCE) return null;
    let current = subject;
    for (const place of places) current = edit(current, place) ?? current;
    return current === subject ? null : current;
  };
}

/** A pass over instructions. `edit` gives the new body for the places from `from` to before `to` of one body. */
export function bodyPass(
  name: string,
  edit: (subject: ModuleSubject, shape: BodyShape, from: number, to: number) => Uint8Array | null,
): ModulePass {
  return {
    name,
    count: (subject) => subject.insts,
    apply(subject, from, to) {
      const draft = new ModuleDraft(subject.module);
      let changed = false;
      let first = 0;
      for (const [body, count] of subject.counts.entries()) {
        const [start, end] = [Math.max(0, from - first), Math.min(count, to - first)];
        first += count;
        if (start >= end) continue;
        const bytes = edit(subject, shapeOf(subject, body), start, end);
        if (bytes === null) continue;
        draft.setBody(body, bytes);
        changed = true;
      }
      return changed ? draft.close() : null;
    },
  };
}

/** A pass over instructions that replaces runs of them. */
export function editPass(
  name: string,
  edit: (subject: ModuleSubject, shape: BodyShape, from: number, to: number) => readonly (CodeEdit | null)[],
): ModulePass {
  return bodyPass(name, (subject, shape, from, to) => {
    const edits = disjoint(edit(subject, shape, from, to));
    return edits.length === 0 ? null : editedBody(subject, shape, edits);
  });
}
