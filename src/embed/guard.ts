/**
 * Calls from the host into a store. What a call that does not end leaves on the shadow stack is taken off, its trap gets the
 * specification's message, and its exception becomes one of JavaScript's.
 *
 * A call of a null reference is the engine's own trap: an entry of the table of functions is empty. Where no instance calls through
 * other tables of the engine's, that is told by what the engine says; where one does, the engine's words stay.
 */
import { GcTrap, TRAP_MESSAGES } from "../gc/traps.ts";
import { saysEmptyEntry } from "./engine-messages.ts";
import type { Exceptions } from "./exceptions.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import type { Runtime } from "./runtime.ts";

/** What of a store the calls into it need. */
export interface GuardedStore {
  readonly runtime: Runtime;
  readonly exceptions: Exceptions;
}

/** What engines say of an access below the stack, as of any that is out of bounds. */
const OUT_OF_BOUNDS = /out of bounds/i;

/** What `call` gives; errors of the engine's come out in the specification's words where the store knows more. */
export function guarded<T>(store: GuardedStore, call: () => T): T {
  const pointer = store.runtime.stack;
  try {
    return call();
  } catch (error) {
    throw abandoned(store, pointer, error);
  }
}

/** What a call throws that did not end, and began with the shadow stack's pointer there. */
export function abandoned({ runtime, exceptions }: GuardedStore, pointer: number, error: unknown): unknown {
  const translated = translate(runtime, pointer, exceptions.leaving(error));
  runtime.stack = pointer;
  return translated;
}

function translate(runtime: Runtime, pointer: number, error: unknown): unknown {
  const code = runtime.takeTrapCode();
  if (!(error instanceof hostWebAssembly.RuntimeError)) return error;
  if (code === 0 && OUT_OF_BOUNDS.test(error.message) && runtime.takeStackExhausted(pointer))
    return inItsPlace(new RangeError("call stack exhausted", { cause: error }), error);
  const isNullCall = code === 0 && !runtime.callsOtherTables && saysEmptyEntry(error.message);
  const message = TRAP_MESSAGES[isNullCall ? GcTrap.NullFunction : code];
  if (message === undefined || message === "") return error;
  return inItsPlace(new hostWebAssembly.RuntimeError(message, { cause: error }), error);
}

/** The error, with the engine's stack of the one that it stands for: that has the program's functions, where it was thrown. */
function inItsPlace(error: Error, cause: Error): Error {
  const { stack } = cause;
  const heading = `${cause.name}: ${cause.message}\n`;
  if (stack?.startsWith(heading) === true) {
    const value = `${error.name}: ${error.message}\n${stack.slice(heading.length)}`;
    Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
  }
  return error;
}
