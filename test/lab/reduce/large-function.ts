/**
 * A valid function of many instructions: a chain of straight parts, diamonds and loops over a growing pool of values,
 * half of them declared references. The same text for the same seed.
 *
 * Somewhere in it a loop reads a reference from before the loop and then defines another one, not by a call, that lives on
 * behind it: what policy `wrong:loop-invariant-slot` gets wrong.
 */

export function largeFunction(seed: number, insts: number): string {
  return new LargeFunction(seed).text(insts);
}

const HEAD = `    sig0 = () -> i32 system_v
    sig1 = (i32) -> i32 system_v
    sig2 = (i32, i32) system_v
    sig3 = () system_v
    fn0 = u0:0 sig0
    fn1 = u0:1 sig1
    fn2 = u0:2 sig2
    fn3 = u0:3 sig3
`;

class LargeFunction {
  private state: number;
  private readonly lines: string[];
  private values: number;
  private blocks: number;
  /** Values that dominate the place where the text ends. */
  private readonly pool: number[];
  private readonly declared: number[];
  private insts: number;

  constructor(seed: number) {
    this.state = seed | 1;
    this.lines = ["block0(v0: i32, v1: i64):"];
    this.values = 2;
    this.blocks = 1;
    this.pool = [0];
    this.declared = [];
    this.insts = 0;
  }

  text(insts: number): string {
    while (this.insts < insts) {
      const part = this.random(10);
      if (part < 6) this.straight(3 + this.random(6));
      else if (part < 8) this.diamond();
      else this.loop(this.random(2) === 0 || this.insts > insts / 2);
    }
    this.inst("return");
    const declared = this.declared.map((value) => ` v${value}`).join("");
    return `function %large(i32, i64) system_v {\n; needs-stack-map:${declared}\n; pointer-type: i64\n${HEAD}\n${this.lines.join("\n")}\n}\n`;
  }

  private random(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % below;
  }

  private inst(text: string): void {
    this.insts++;
    this.lines.push(`    ${text}`);
  }

  private define(text: string): number {
    const value = this.values++;
    this.inst(`v${value} = ${text}`);
    return value;
  }

  private any(): string {
    // Mostly recent values, so that not everything is live everywhere.
    const from = Math.max(0, this.pool.length - 12);
    return `v${this.pool[from + this.random(this.pool.length - from)]!}`;
  }

  private keep(value: number, declare: boolean): void {
    this.pool.push(value);
    if (declare) this.declared.push(value);
  }

  private straight(count: number): void {
    for (let i = 0; i < count; i++) {
      switch (this.random(6)) {
        case 0:
          this.keep(this.define("call fn0()"), true);
          break;
        case 1:
          this.keep(this.define(`call fn1(${this.any()})`), this.random(2) === 0);
          break;
        case 2:
          this.inst(`call fn2(${this.any()}, ${this.any()})`);
          break;
        case 3:
          this.keep(this.define(`iadd.i32 ${this.any()}, ${this.any()}`), false);
          break;
        case 4:
          this.inst(`store.i32 notrap aligned ${this.any()}, v1+${8 * this.random(16)}`);
          break;
        default:
          this.keep(this.define(`iconst.i32 ${this.random(100)}`), this.random(3) === 0);
      }
    }
  }

  private diamond(): void {
    const [yes, no, join] = [this.blocks++, this.blocks++, this.blocks++];
    const [left, right] = [this.any(), this.any()];
    this.inst(`brif.i32 ${this.any()}, block${yes}, block${no}`);
    this.lines.push("", `block${yes}:`);
    this.inst("call fn3()");
    this.inst(`jump block${join}(${left})`);
    this.lines.push("", `block${no}:`);
    this.inst(`store.i32 notrap aligned ${right}, v1`);
    this.inst(`jump block${join}(${right})`);
    const param = this.values++;
    this.lines.push("", `block${join}(v${param}: i32):`);
    this.keep(param, true);
  }

  private loop(wrong: boolean): void {
    const [body, exit] = [this.blocks++, this.blocks++];
    const invariant = this.define("call fn0()");
    this.keep(invariant, true);
    this.inst(`jump block${body}`);
    this.lines.push("", `block${body}:`);
    const condition = this.define(`call fn1(v${invariant})`);
    this.straight(2);
    const late = this.define(`iadd.i32 v${condition}, v0`);
    this.keep(late, wrong);
    this.inst(`brif.i32 v${condition}, block${body}, block${exit}`);
    this.lines.push("", `block${exit}:`);
    this.inst("call fn3()");
    this.inst(`call fn2(v${late}, v${late})`);
  }
}
