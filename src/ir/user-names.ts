/** The names in the user's name spaces that a function mentions, each once and numbered in the order in which they came. */
import { PairNumbers } from "../base/pair-numbers.ts";
import type { UserExternalNameRef } from "./entities.ts";
import type { UserExternalName } from "./names.ts";

export class UserNames {
  private readonly pairs: PairNumbers;

  constructor() {
    this.pairs = new PairNumbers();
  }

  clear(): void {
    this.pairs.clear();
  }

  /** Of a name that is there. */
  namespace(ref: UserExternalNameRef): number {
    return this.pairs.first(ref);
  }

  /** Of a name that is there. */
  index(ref: UserExternalNameRef): number {
    return this.pairs.second(ref);
  }

  /** The name of that number, which need not be there: text may mention any. */
  get(ref: UserExternalNameRef): UserExternalName | undefined {
    return ref < this.pairs.length ? { namespace: this.namespace(ref), index: this.index(ref) } : undefined;
  }

  /** The number of that name. */
  declare(namespace: number, index: number): UserExternalNameRef {
    return this.pairs.of(namespace, index) as UserExternalNameRef;
  }
}
