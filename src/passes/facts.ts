/** What a compiler knows of a function that its text does not say; passes that are given facts rely on them. */
import type { Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

export interface Facts {
  /** References that are never null: by their type, or because they were just made. */
  readonly nonNull: Iterable<Value>;
  /** Addresses of objects that are declared to need no stack map, since they never move: what is stored there is fields. */
  readonly staticObjects: Iterable<Value>;
  /**
   * Of a call that makes an object, and does nothing else that can be seen: where the arguments lie in it. Null for all other
   * calls.
   */
  fieldOffsets(func: Function, inst: Inst): readonly number[] | null;
}

export const NO_FACTS: Facts = { nonNull: [], staticObjects: [], fieldOffsets: () => null };
