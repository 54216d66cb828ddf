/**
 * A script of more lines than asked for: modules with structs, arrays, loops, globals, tables, data and calls, each with
 * assertions that hold; somewhere among them what `planted` says. The same text for the same seed.
 */

/** What goes into one of the modules, and what is asserted of it afterwards. */
export interface Planted {
  readonly fields: string;
  readonly assertions: string;
}

/** An instruction of two `i64`, giving two, that the compiler refuses by name without wide-arithmetic. */
export const REFUSED = "i64.mul_wide_s";

export function largeScript(seed: number, lines: number, planted: Planted): string {
  return new LargeScript(seed).text(lines, planted);
}

/** One module of the kind that the script has many of, with what is planted in it. */
export function largeModule(seed: number, functions: number, planted: string): string {
  return new LargeScript(seed).module("", functions, planted);
}

class LargeScript {
  private state: number;
  private readonly lines: string[];
  private modules: number;

  constructor(seed: number) {
    this.state = seed | 1;
    this.lines = [];
    this.modules = 0;
  }

  text(lines: number, planted: Planted): string {
    while (this.lines.length < lines / 2) this.plainModule();
    const functions = 4;
    this.lines.push(...this.module("$planted", functions, planted.fields).split("\n"));
    this.assertions(functions);
    this.lines.push(...planted.assertions.split("\n"));
    while (this.lines.length <= lines) this.plainModule();
    return `${this.lines.join("\n")}\n`;
  }

  /** The text of a module. */
  module(name: string, functions: number, planted: string): string {
    const bodies = Array.from({ length: functions }, (_, i) => this.func(i));
    const middle = this.random(functions);
    const fields = [...bodies.slice(0, middle), planted, ...bodies.slice(middle)].join("\n");
    return `(module ${name}
  (type $pair (struct (field $first (mut i32)) (field $second (mut (ref null $pair)))))
  (type $list (array (mut i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (global $count (mut i32) (i32.const ${this.random(100)}))
  (global $kept (mut (ref null $pair)) (ref.null $pair))
${fields}
)`;
  }

  private random(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % below;
  }

  private plainModule(): void {
    const functions = 2 + this.random(4);
    this.lines.push(...this.module(`$m${this.modules++}`, functions, "").split("\n"));
    this.assertions(functions);
  }

  private assertions(functions: number): void {
    for (let i = 0; i < functions; i++) {
      this.lines.push(`(assert_return (invoke "sum${i}" (i32.const 0)) (i32.const 0))`);
    }
  }

  /** A function of no result for 0. */
  private func(i: number): string {
    const callee = i > 0 ? `(drop (call $sum${this.random(i)} (i32.const ${this.random(3)})))` : "(nop)";
    return `  (func $sum${i} (export "sum${i}") (param $n i32) (result i32)
    (local $i i32) (local $total i32) (local $p (ref null $pair)) (local $list (ref null $list))
    (local.set $list (array.new $list (i32.const ${this.random(50)}) (i32.const ${1 + this.random(9)})))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
        (local.set $p (struct.new $pair (local.get $i) (local.get $p)))
        (if (i32.and (local.get $i) (i32.const ${1 + this.random(7)}))
          (then (global.set $count (i32.add (global.get $count) (i32.const 1))))
          (else ${callee}))
        (local.set $total
          (i32.add (local.get $total)
            (i32.mul (struct.get $pair $first (local.get $p)) (i32.const ${this.random(1000)}))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (global.set $kept (local.get $p))
    (drop (array.len (local.get $list)))
    (local.get $total))`;
  }
}
