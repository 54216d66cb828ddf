/**
 * What engines say of an indirect call through an entry of a table that is empty. Of a function of another type the first two may say the
 * same, so less can be told apart there.
 */

/** V8, in the words of its versions. */
export const V8_EMPTY_ENTRY: RegExp =
  /^(function signature mismatch|null function or function signature mismatch|null function)$/;

/** JavaScriptCore; behind it may stand what was evaluated. */
export const JSC_EMPTY_ENTRY: RegExp =
  /^call_indirect to a (signature that does not match|null table entry)\b/;

const SPIDERMONKEY_EMPTY_ENTRY = /^indirect call to null$/;

const EMPTY_ENTRY = [V8_EMPTY_ENTRY, JSC_EMPTY_ENTRY, SPIDERMONKEY_EMPTY_ENTRY];

/** Whether an engine's message may be about that. */
export function saysEmptyEntry(message: string): boolean {
  return EMPTY_ENTRY.some((words) => words.test(message));
}
