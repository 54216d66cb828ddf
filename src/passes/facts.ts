/** What a compiler knows of a function that its text does not say; passes that are given facts rely on them. */
import { I32List } from "../base/column.ts";
import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { TrapCode } from "../ir/trap-codes.ts";

export interface Facts {
  /** References that are never null: by their type, or because they were just made. */
  readonly nonNull: I32List;
  /** Addresses of objects that are declared to need no stack map, since they never move: what is stored there is fields. */
  readonly staticObjects: I32List;
  /** So many bytes from address 0 on are zero for ever, and what null stands for; 0 where something else lies there. */
  readonly zeroBytes: number;
  /** The code of a trap for either of two reasons, given by their codes, or null where there is none. */
  eitherTrap(one: TrapCode, other: TrapCode): TrapCode | null;
  /** Of a call that makes an object, and changes no other. Null for all other calls. */
  allocationOf(func: Function, inst: Inst): Allocation | null;
  /** Of a direct call that asks for the type of its one argument, a reference, and does nothing else. Null for all other calls. */
  typeTestOf(func: Function, inst: Inst): TypeTest | null;
}

export interface TypeTest {
  /** Whether null gives a result that is not zero. */
  readonly nullPasses: boolean;
}

export interface Allocation {
  /** Where each argument lies in the object; -1 for one that is in no place of its own. */
  readonly offsets: readonly number[];
  /** Whether it may trap, so that it has to be made even if nobody uses it. */
  readonly mayTrap: boolean;
}

export const NO_FACTS: Facts = {
  nonNull: new I32List(),
  staticObjects: new I32List(),
  zeroBytes: 0,
  eitherTrap: () => null,
  allocationOf: () => null,
  typeTestOf: () => null,
};
