/** The exit codes every command keeps to, so that scripts can trust them. */
export const ExitCode = {
  Fine: 0,
  /** The input is at fault, or what was checked does not hold. */
  Input: 1,
  /** Wrong usage: an unknown option, a missing argument. */
  Usage: 2,
  /** A defect of Spillway's own. */
  Internal: 3,
} as const;
