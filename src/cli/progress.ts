/** Progress, for people only: a spinner on standard error where that is a terminal. */
import ora, { type Ora } from "ora";

/** A spinner, or `null` where nobody would see it. On a terminal without a width it would erase lines for ever. */
export function startSpinner(text = ""): Ora | null {
  if (process.stderr.isTTY !== true || !(process.stderr.columns > 0)) return null;
  return ora({ stream: process.stderr, discardStdin: false }).start(text);
}
