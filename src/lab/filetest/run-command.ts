/**
 * Run directives of CLIF filetests, in the comments of a function:
 *
 *     ; run: %f(1, [1 2 3 4]) == 7         the call must give exactly these bits
 *     ; run: %f(1) != [0, 2]               … must not; several results stand in brackets
 *     ; run                                the function before it, without parameters, must give a nonzero integer
 *     ; print: %f(0x1.8p1)                 only calls
 *
 * How a value is written follows from the parameter's or result's type: integers in decimal or hexadecimal, signed or not,
 * floats as in CLIF, vectors as lanes between brackets or as one hexadecimal number, most significant byte first.
 *
 * Source: `cranelift/reader/src/parser.rs` (`parse_run_command`).
 */
import { InputError } from "../../base/diagnostics.ts";
import { type DataValue, intValue } from "../../interp/data-value.ts";
import {
  bytesOf,
  F16,
  F32,
  F64,
  isFloat,
  isVector,
  laneBits,
  laneCount,
  laneType,
  type Type,
  typeName,
} from "../../ir/types.ts";
import { IEEE16, IEEE32, IEEE64, IEEE128, parseFloatText } from "../../text/float-text.ts";

export interface Invocation {
  /** `%f` or `u0:1`. */
  readonly callee: string;
  readonly args: readonly DataValue[];
}

export type RunCommand =
  | {
      readonly kind: "run";
      readonly invocation: Invocation;
      readonly expected: readonly DataValue[];
      /** `!=` instead of `==`. */
      readonly negated: boolean;
    }
  /** A bare `; run`. */
  | { readonly kind: "run nonzero" }
  | { readonly kind: "print"; readonly invocation: Invocation };

/** The types that a callee takes and gives. */
export interface CallTypes {
  readonly params: readonly Type[];
  readonly returns: readonly Type[];
}

function malformed(text: string, why: string): InputError {
  return new InputError({ code: "filetest-run", message: `cannot read the directive '${text}': ${why}` });
}

/**
 * The command in a comment, or null when it is none. `comment` may have its semicolons; `typesOf` gives a callee's types, or
 * null when the file has no such function.
 */
export function parseRunCommand(
  comment: string,
  typesOf: (callee: string) => CallTypes | null,
): RunCommand | null {
  const text = comment.replace(/^;+/, "").trim();
  if (text === "run") return { kind: "run nonzero" };
  const directive = /^(run|print)\s*:/.exec(text);
  if (directive === null) return null;
  const reader = new CommandReader(text, directive[0].length);
  const { invocation, types } = reader.invocation(typesOf);
  if (directive[1] === "print") {
    reader.end();
    return { kind: "print", invocation };
  }
  const negated = reader.comparison();
  const expected = reader.results(types.returns);
  reader.end();
  return { kind: "run", invocation, expected, negated };
}

class CommandReader {
  private readonly text: string;
  private at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  private fail(why: string): InputError {
    return malformed(this.text, why);
  }

  private skipSpace(): void {
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++;
  }

  private accept(mark: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(mark, this.at)) return false;
    this.at += mark.length;
    return true;
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) throw this.fail(`expected '${mark}' at column ${this.at + 1}`);
  }

  private word(pattern: RegExp, what: string): string {
    this.skipSpace();
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) throw this.fail(`expected ${what} at column ${this.at + 1}`);
    this.at += match[0].length;
    return match[0];
  }

  end(): void {
    this.skipSpace();
    // Trailing comments are common: `== 1 ; why`.
    if (this.at < this.text.length && this.text[this.at] !== ";") {
      throw this.fail(`unexpected '${this.text.slice(this.at)}'`);
    }
  }

  comparison(): boolean {
    if (this.accept("==")) return false;
    this.expect("!=");
    return true;
  }

  invocation(typesOf: (callee: string) => CallTypes | null): { invocation: Invocation; types: CallTypes } {
    const callee = this.word(/%[A-Za-z0-9_]+|u\d+:\d+/y, "a function's name");
    const types = typesOf(callee);
    if (types === null) throw this.fail(`there is no function ${callee}`);
    const args: DataValue[] = [];
    if (this.accept("(")) {
      for (let i = 0; i < types.params.length; i++) {
        if (i > 0) this.expect(",");
        args.push(this.value(types.params[i]!));
      }
      this.expect(")");
    }
    return { invocation: { callee, args }, types };
  }

  results(types: readonly Type[]): DataValue[] {
    if (types.length === 1 && (isVector(types[0]!) || !this.accept("["))) return [this.value(types[0]!)];
    if (types.length !== 1) this.expect("[");
    const values: DataValue[] = [];
    for (let i = 0; i < types.length; i++) {
      if (i > 0) this.expect(",");
      values.push(this.value(types[i]!));
    }
    this.expect("]");
    return values;
  }

  private value(type: Type): DataValue {
    if (!isVector(type)) return { type, bytes: this.lane(type) };
    const bytes = new Uint8Array(bytesOf(type));
    if (!this.accept("[")) {
      const digits = this.word(/0x[0-9a-fA-F_]+/y, `a value of type ${typeName(type)}`);
      return intValue(type, BigInt(digits.replaceAll("_", "")));
    }
    const laneBytes = laneBits(type) >>> 3;
    for (let i = 0; i < laneCount(type); i++) {
      this.accept(",");
      bytes.set(this.lane(laneType(type)), i * laneBytes);
    }
    this.expect("]");
    return { type, bytes };
  }

  private lane(type: Type): Uint8Array {
    const word = this.word(/[-+]?[A-Za-z0-9][A-Za-z0-9_.+:-]*/y, `a value of type ${typeName(type)}`);
    const bits = isFloat(type) ? this.float(word, type) : this.integer(word, type);
    return intValue(type, bits).bytes;
  }

  private float(word: string, type: Type): bigint {
    const format = type === F16 ? IEEE16 : type === F32 ? IEEE32 : type === F64 ? IEEE64 : IEEE128;
    const bits = parseFloatText(word, format);
    if (typeof bits === "string") throw this.fail(`${word} is no ${typeName(type)}: ${bits}`);
    return bits;
  }

  private integer(word: string, type: Type): bigint {
    const match = /^([-+]?)(0x[0-9a-fA-F_]+|[0-9_]+)$/.exec(word);
    if (match === null) throw this.fail(`${word} is no integer`);
    const magnitude = BigInt(match[2]!.replaceAll("_", ""));
    const value = match[1] === "-" ? -magnitude : magnitude;
    const bits = BigInt(laneBits(type));
    if (value < -(1n << (bits - 1n)) || value >= 1n << bits) {
      throw this.fail(`${word} is out of range for ${typeName(type)}`);
    }
    return value;
  }
}
