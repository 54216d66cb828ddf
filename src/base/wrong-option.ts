/**
 * What is said about options of the API: of one that was given something else than it takes, and of a name that no option has.
 *
 * A function that takes options lists their names as an `OptionNames` of its type, so that the two cannot differ.
 */

/** What an option takes. */
export interface OptionKind {
  /** In words, behind "must be". */
  readonly takes: string;
  holds(value: unknown): boolean;
}

export const FLAG: OptionKind = { takes: "true or false", holds: (value) => typeof value === "boolean" };
export const TEXT: OptionKind = { takes: "a string", holds: (value) => typeof value === "string" };
export const NUMBER: OptionKind = { takes: "a number", holds: (value) => typeof value === "number" };
export const FUNCTION: OptionKind = { takes: "a function", holds: (value) => typeof value === "function" };
export const LIST: OptionKind = { takes: "an array", holds: Array.isArray };

/** The names of all options of such a type, and no others: of each what it takes, or true where who uses it looks for itself. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: OptionKind | true };

/** What an option takes, and what it was given. */
export function wrongOption(name: string, takes: string, given: unknown): string {
  return `${name} must be ${takes}, not ${shown(given)}`;
}

/** Throws a `TypeError` unless these are options of `taker`, as people call it, by their names and kinds; undefined is not given. */
export function requireOptions<T>(options: unknown, names: OptionNames<T>, taker: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(wrongOption("options", "an object", options));
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) throw new TypeError(unknownOption(name, Object.keys(names), taker));
    const kind: OptionKind | true = names[name as keyof T];
    if (kind !== true && value !== undefined && !kind.holds(value))
      throw new TypeError(wrongOption(name, kind.takes, value));
  }
}

/** The options of these names, of an object that has others' beside them. */
export function pickOptions<T extends object, N extends keyof T>(
  options: T,
  names: Readonly<Record<N, unknown>>,
): Pick<T, N> {
  const picked: Partial<Pick<T, N>> = {};
  for (const name of Object.keys(names) as N[]) if (options[name] !== undefined) picked[name] = options[name];
  return picked as Pick<T, N>;
}

function unknownOption(name: string, names: readonly string[], taker: string): string {
  const near = names.filter((known) => isNear(name.toLowerCase(), known.toLowerCase()));
  const advice = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `it takes ${names.join(", ")}`;
  return `${taker} has no option ${name}: ${advice}`;
}

const LEAST_PART = 4;

/** Whether the one may be meant with the other: a part of it that says something, or a few letters beside it. */
function isNear(given: string, known: string): boolean {
  const [short, long] = given.length < known.length ? [given, known] : [known, given];
  if (short.length >= LEAST_PART && long.includes(short)) return true;
  return editDistance(given, known) <= Math.max(1, Math.floor(known.length / 4));
}

/** How many letters to change, add or take away, or neighbours to exchange, make the one the other. */
function editDistance(from: string, to: string): number {
  // A name as long as that is none.
  if (Math.abs(from.length - to.length) > to.length) return Number.POSITIVE_INFINITY;
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1));
      const isExchange = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isExchange) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
