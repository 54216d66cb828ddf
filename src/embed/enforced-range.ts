/** Indices and sizes as JavaScript passes them (Web IDL, `[EnforceRange] unsigned long`). */

const LARGEST = 2 ** 32 - 1;

/** The value as a whole number below 2³². Throws a `TypeError`, named by `what`, for one that is none. */
export function enforcedIndex(value: unknown, what: string): number {
  const number = Math.trunc(toNumber(value));
  // Not a comparison that NaN would pass.
  if (number >= 0 && number <= LARGEST) return number;
  throw new TypeError(`${what} must be a whole number from 0 to 2³² - 1`);
}

/** ECMAScript's ToNumber, which `Number()` is not: it takes bigints. */
export function toNumber(value: unknown): number {
  return +(value as number);
}
