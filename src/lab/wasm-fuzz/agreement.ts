/** Whether a module did compiled what it does natively, and the exception that says that it did not. */
import { sameTrap } from "../../wast/trap-wording.ts";
import type { Event } from "./observe.ts";

/** A defect: the compiler threw, the output is not valid, it does something else, or other bytes came out. */
export type FailureKind = "crash" | "invalid" | "difference" | "indeterminate";

/** Thrown within a check; what else is thrown is a crash. */
export class Failed extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export type SameEvent = (expected: Event, got: Event) => boolean;

/**
 * Whether the events were compared to their end: not beyond where memory or stack ran out. Throws `Failed`, naming the run, where they
 * differ.
 */
export function agree(
  run: string,
  native: readonly Event[],
  compiled: readonly Event[],
  same: SameEvent = sameEvent,
): boolean {
  for (let i = 0; i < Math.max(native.length, compiled.length); i++) {
    const expected = native[i];
    const got = compiled[i];
    if (expected?.isLimit === true || got?.isLimit === true) return false;
    if (expected !== undefined && got !== undefined && same(expected, got)) continue;
    throw new Failed("difference", `${run}: natively ${eventText(expected)}, compiled ${eventText(got)}`);
  }
  return true;
}

function sameEvent(expected: Event, got: Event): boolean {
  if (expected.what !== got.what || expected.outcome !== got.outcome) return false;
  return expected.trap === got.trap || sameTrap(expected.trap!, got.trap!);
}

/** Where a trap of the code's own is `unreachable`, and an exception that leaves an export may be one. */
export function sameEventAlone(exceptionsTrap: boolean): SameEvent {
  return (expected, got) => {
    if (got.trap !== "unreachable") return sameEvent(expected, got);
    const isTrap = expected.trap !== undefined || (exceptionsTrap && expected.outcome === "exception");
    return expected.what === got.what && isTrap;
  };
}

function eventText(event: Event | undefined): string {
  if (event === undefined) return "nothing more";
  return `${event.what}: ${event.outcome}${event.trap === undefined ? "" : ` (${event.trap})`}`;
}
