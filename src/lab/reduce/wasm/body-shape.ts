/**
 * The shape of a body: where its instructions stand, how its blocks nest, and what is on the operand stack between any
 * two instructions. Passes choose and replace parts of bodies by it.
 *
 * An instruction is its number, from 0; the `end` of the function comes last and is not counted. The stack between
 * instructions is a linked list, so what two places share is shared. Code that cannot be reached has a stack, too, but
 * nothing can be told from it.
 */
import type { ValType } from "../../../wasm/types.ts";
import { validateOperator } from "../../../wasm/validate-code.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";
import type { StackWatch } from "./stack-watch.ts";

/** One operand, and those below it. */
export interface Operand {
  readonly type: ValType;
  readonly below: Operand | null;
  readonly height: number;
}

export interface BodyShape {
  /** The number of the function among the defined ones. */
  readonly body: number;
  /** How many instructions there are, without the last `end`. */
  readonly count: number;
  /** Where each begins; `starts[count]` is the last `end`. */
  readonly starts: readonly number[];
  readonly ops: readonly number[];
  /** For what opens a block its `end`, for anything else itself. */
  readonly closes: readonly number[];
  /** Where the instructions of its block (or arm of one) end: an `else`, a `catch`, an `end`. */
  readonly armEnds: readonly number[];
  /** Whether it opens an arm or ends a block, and so belongs to an instruction before it. */
  readonly continues: readonly boolean[];
  /** The operands before each instruction, and before the last `end`. */
  readonly stacks: readonly (Operand | null)[];
  /** How far down each instruction reaches. */
  readonly lowest: readonly number[];
  /** Whether the place before the instruction cannot be reached from the start of its block. */
  readonly dead: readonly boolean[];
}

export function isOpener(op: number): boolean {
  return (
    op === WasmOp.Block ||
    op === WasmOp.Loop ||
    op === WasmOp.If ||
    op === WasmOp.Try ||
    op === WasmOp.TryTable
  );
}

function isMiddle(op: number): boolean {
  return op === WasmOp.Else || op === WasmOp.Catch || op === WasmOp.CatchAll;
}

export function heightOf(stack: Operand | null): number {
  return stack === null ? 0 : stack.height;
}

/** The shape of defined function number `body`; `watch` has validated the module. */
export function bodyShape(watch: StackWatch, body: number): BodyShape {
  const { module } = watch;
  const type = watch.ids[module.functionTypes.get(module.importedFunctionCount + body)]!;
  watch.globalLimit = -1;
  watch.openBody(type, module.code.starts.get(body), module.code.ends.get(body));
  const walk = new ShapeWalk(watch);
  walk.run();
  const { starts, ops, closes, continues, stacks, lowest, dead } = walk;
  const count = starts.length - 1;
  return { body, count, starts, ops, closes, armEnds: walk.armEnds(), continues, stacks, lowest, dead };
}

class ShapeWalk {
  private readonly watch: StackWatch;
  readonly starts: number[];
  readonly ops: number[];
  readonly closes: number[];
  readonly continues: boolean[];
  readonly stacks: (Operand | null)[];
  readonly lowest: number[];
  readonly dead: boolean[];

  constructor(watch: StackWatch) {
    this.watch = watch;
    this.starts = [];
    this.ops = [];
    this.closes = [];
    this.continues = [];
    this.stacks = [];
    this.lowest = [];
    this.dead = [];
  }

  run(): void {
    const { watch } = this;
    const open: number[] = [];
    const deadOutside: boolean[] = [];
    let stack: Operand | null = null;
    let dead = false;
    do {
      const inst = this.starts.length;
      this.starts.push(watch.reader.pos);
      this.stacks.push(stack);
      this.dead.push(dead);
      watch.lowest = watch.height;
      const op = watch.reader.next();
      watch.op = op;
      validateOperator(watch, op);
      this.ops.push(op);
      this.closes.push(inst);
      const closes = op === WasmOp.End || op === WasmOp.Delegate;
      this.continues.push(closes || isMiddle(op));
      const lowest = Math.min(watch.lowest, watch.height);
      this.lowest.push(lowest);
      stack = afterwards(stack, lowest, watch);
      if (isOpener(op)) {
        open.push(inst);
        deadOutside.push(dead);
        dead = false;
      } else if (isMiddle(op)) {
        dead = false;
      } else if (closes && watch.frameCount > 0) {
        this.closes[open.pop()!] = inst;
        dead = deadOutside.pop()!;
      } else {
        dead ||= watch.frameCount > 0 && watch.exhausted();
      }
    } while (watch.frameCount > 0);
  }

  armEnds(): number[] {
    const last = this.starts.length - 1;
    const ends = new Array<number>(this.starts.length).fill(last);
    const enclosing: number[] = [];
    let end = last;
    for (let inst = last - 1; inst >= 0; inst--) {
      const op = this.ops[inst]!;
      if (isOpener(op)) end = enclosing.pop()!;
      ends[inst] = end;
      if (!this.continues[inst]!) continue;
      if (!isMiddle(op)) enclosing.push(end);
      end = inst;
    }
    return ends;
  }
}

/** The operands after an instruction that left those up to `lowest` alone. */
function afterwards(stack: Operand | null, lowest: number, watch: StackWatch): Operand | null {
  let top = stack;
  while (top !== null && top.height > lowest) top = top.below;
  for (let height = lowest; height < watch.height; height++) {
    top = { type: watch.operands[height]!, below: top, height: height + 1 };
  }
  return top;
}
