/**
 * Puts operators that came after the first version of Wasm into a module's text, for random modules have few: what leaves the type of
 * a number behind an operator that gives one, and what leaves the stack alone behind one that gives nothing. No loop becomes endless
 * by it: the counters of binaryen's modules are small numbers, which sign extension leaves as they are.
 */
import type { Random } from "../fuzz/random.ts";

const PERCENT = 8;

/** By the type of what the operator gives: operators from that type to it. */
const AFTER_NUMBER: Readonly<Record<string, readonly string[]>> = {
  i32: ["i32.extend8_s", "i32.extend16_s"],
  i64: ["i64.extend8_s", "i64.extend16_s", "i64.extend32_s"],
  f32: roundTrips("f32"),
  f64: roundTrips("f64"),
};

/** Saturating conversions to integers and back. */
function roundTrips(float: string): string[] {
  const ways: string[] = [];
  for (const integer of ["i32", "i64"]) {
    for (const sign of ["s", "u"])
      ways.push(`${integer}.trunc_sat_${float}_${sign} ${float}.convert_${integer}_${sign}`);
  }
  return ways;
}

const GIVES_NUMBER =
  /^ {4,}(i32|i64|f32|f64)\.(?:const|add|sub|mul|div|load|neg|abs|copysign|min|max|rotl|shl|xor|or)\b/;
const GIVES_NOTHING = /^ {4,}(?:local\.set|global\.set|drop)\b/;

export class LaterOperators {
  private readonly random: Random;
  private readonly sum: string;
  private readonly hasMemory: boolean;

  /** `sum` is an i64 global that results go into; `hasMemory`: memory 0 is one with 32-bit addresses. */
  constructor(random: Random, sum: string, hasMemory: boolean) {
    this.random = random;
    this.sum = sum;
    this.hasMemory = hasMemory;
  }

  /** What to put behind a line of text, or "". */
  after(line: string): string {
    if (!line.startsWith("    ") || !this.random.chance(PERCENT)) return "";
    const number = GIVES_NUMBER.exec(line);
    if (number !== null) return this.random.pick(AFTER_NUMBER[number[1]!]!);
    return GIVES_NOTHING.test(line) ? this.statement() : "";
  }

  private statement(): string {
    const { random } = this;
    if (this.hasMemory && random.chance(60)) {
      // Out of bounds now and then.
      const address = (): number => (random.chance(4) ? -random.below(100) : random.below(60_000));
      const operands = `i32.const ${address()} i32.const ${address()} i32.const ${random.below(70)}`;
      return `${operands} ${random.pick(["memory.copy", "memory.fill"])}`;
    }
    const called = `i32.const ${random.below(9)} call ${random.pick(["$even", "$odd"])}`;
    return `${called} i64.xor global.get ${this.sum} i64.rotl global.set ${this.sum}`;
  }

  /** The functions that are called: of two results, and calling each other as the last thing they do. */
  functions(): string[] {
    const body = (other: string, first: number): string =>
      `(func ${other === "$odd" ? "$even" : "$odd"} (param $n i32) (result i64 i64)
        (if (i32.eqz (local.get $n)) (then (return (i64.const ${first}) (global.get ${this.sum}))))
        (return_call ${other} (i32.sub (local.get $n) (i32.const 1))))`;
    return [body("$odd", 3), body("$even", 5)];
  }
}
