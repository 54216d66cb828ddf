/**
 * Stacks that the host suspends (JavaScript Promise Integration: `WebAssembly.Suspending`, `WebAssembly.promising`), which code of a store may
 * not be on.
 *
 * Frames with references lie on one shadow stack. Two suspended stacks would have theirs interleaved there, and the one that is resumed first
 * would take off the other's. The host suspends a stack only if there is no JavaScript on it between `promising` and `Suspending`. So it is
 * enough that functions of a store are given to neither: whatever else of the host's they call, and whatever calls them, has a function of
 * JavaScript between (`exceptions.ts`, `exported-functions.ts`), and the host throws a `SuspendError`.
 */
import { type HostFunction, hostWebAssembly } from "./host-webassembly.ts";

type Constructor = new (...args: never[]) => object;

/** The host's two, or null where it suspends nothing. */
interface HostSuspension {
  readonly Suspending: Constructor;
  readonly promising: (func: HostFunction) => HostFunction;
  /** Only newer engines have it. */
  readonly SuspendError?: Constructor;
}

const host: HostSuspension | null = "Suspending" in hostWebAssembly ? (hostWebAssembly as never) : null;

export function isSuspending(value: unknown): boolean {
  return host !== null && value instanceof host.Suspending;
}

const REASON = "the stack of a module that is compiled here cannot be suspended (JSPI)";

/** Of an import that is given a `Suspending`. */
export const SUSPENDING_IMPORT: string = `a function, not a WebAssembly.Suspending: ${REASON}`;

/** What the namespace has of it: of the host's own functions they are the host's; `isOwn` tells those of a store. */
export function suspensionFunctions(isOwn: (func: unknown) => boolean): Record<string, unknown> {
  if (host === null) return {};
  const promising = (func: HostFunction): HostFunction => {
    if (isOwn(func)) throw new TypeError(`WebAssembly.promising(): ${REASON}`);
    return host.promising(func);
  };
  const { Suspending, SuspendError } = host;
  return { Suspending, promising, ...(SuspendError === undefined ? {} : { SuspendError }) };
}
