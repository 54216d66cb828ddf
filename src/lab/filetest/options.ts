/** Reading the options of a `test` line: words, and `NAME=VALUE`. */
import { InputError } from "../../base/diagnostics.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../../frontend/safepoints/policies.ts";
import { unknownOption, unknownPolicy } from "./messages.ts";

export class OptionReader {
  private readonly command: string;
  private readonly usage: string;
  private readonly flags: Set<string>;
  private readonly values: Map<string, string>;

  constructor(command: string, usage: string, options: readonly string[]) {
    this.command = command;
    this.usage = usage;
    this.flags = new Set();
    this.values = new Map();
    for (const option of options) {
      const equals = option.indexOf("=");
      if (equals < 0) this.flags.add(option);
      else this.values.set(option.slice(0, equals), option.slice(equals + 1));
    }
  }

  /** Whether the word is there. */
  flag(name: string): boolean {
    return this.flags.delete(name);
  }

  /** The value of `NAME=VALUE`, or `null`. */
  value(name: string): string | null {
    const value = this.values.get(name) ?? null;
    this.values.delete(name);
    return value;
  }

  /** The value of `NAME=VALUE`, one of `choices`; the first where it is not there. */
  choice(name: string, choices: readonly string[]): string {
    const value = this.value(name) ?? choices[0]!;
    if (!choices.includes(value))
      throw new InputError(unknownOption(this.command, `${name}=${value}`, this.usage));
    return value;
  }

  /** All that is left is unknown: throws an `InputError` for it. */
  end(): void {
    const [left] = [...this.flags, ...this.values.keys()];
    if (left !== undefined) throw new InputError(unknownOption(this.command, left, this.usage));
  }
}

/** The policy of that name; throws an `InputError` that lists those there are. */
export function policyNamed(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InputError(unknownPolicy(name, POLICY_NAMES));
}
