/**
 * Traps that several checks of a function share: each has a scope around the whole body, and its code stands behind that, so a
 * check is a `br_if` to its end instead of an `if` of its own.
 *
 *     block            (out of bounds)
 *       block          (null)
 *         …            br_if 1    br_if 0    return
 *       end
 *       trap: null
 *     end
 *     trap: out of bounds
 *
 * Where instructions have source locations no trap is shared, for it would not tell which check it is of.
 *
 * It pays from two checks on, a byte or more each, and keeps the traps' code away from what runs.
 */
import { I32List } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import type { ControlTree } from "./control-tree.ts";

const CODES = 256;
const SHARED_FROM = 2;

export class TrapScopes {
  private readonly counts: Int32Array;
  private readonly scopes: Int32Array;
  /** The codes of the function's checks, and those that have a scope. */
  private readonly codes: I32List;
  private readonly shared: I32List;

  constructor() {
    this.counts = new Int32Array(CODES);
    this.scopes = new Int32Array(CODES).fill(NONE);
    this.codes = new I32List();
    this.shared = new I32List();
  }

  compute(func: Function, control: ControlTree): void {
    const { dfg, layout } = func;
    this.clear();
    if (func.hasSourceLocs) return;
    for (let i = 0; i < control.blockCount; i++) {
      const block: Block = control.blockAt(i);
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        const op = dfg.opcode(inst);
        if (op !== Op.Trapz && op !== Op.Trapnz) continue;
        const code = dfg.trapCode(inst);
        const count = ++this.counts[code]!;
        if (count === 1) this.codes.push(code);
        if (count === SHARED_FROM) this.shared.push(code);
      }
    }
  }

  private clear(): void {
    for (let i = 0; i < this.codes.length; i++) {
      this.counts[this.codes.get(i)] = 0;
      this.scopes[this.codes.get(i)] = NONE;
    }
    this.codes.clear();
    this.shared.clear();
  }

  /** Codes with a scope. */
  get count(): number {
    return this.shared.length;
  }

  codeAt(index: number): TrapCode {
    return this.shared.get(index) as TrapCode;
  }

  setScope(code: TrapCode, scope: number): void {
    this.scopes[code] = scope;
  }

  /** The scope behind whose end the code traps, or `NONE`. */
  scopeOf(code: TrapCode): number {
    return this.scopes[code]!;
  }
}
