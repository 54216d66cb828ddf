/**
 * A place in the layout where new instructions go: at the end of a block, or before or after an instruction. Several
 * instructions inserted at one place come out in the order they were made.
 */
import type { Block, Inst } from "./entities.ts";
import { NONE } from "./entities.ts";
import type { Function } from "./function.ts";
import { InstBuilder } from "./inst-builder.gen.ts";

/** Builds instructions at its place: `cursor.atEnd(block).iadd(x, y)`. */
export class FuncCursor extends InstBuilder {
  private block: Block;
  /** New instructions go before this one, or at the end of `block`. */
  private before: Inst | typeof NONE;
  private sourceLoc: number;

  constructor(func: Function) {
    super(func);
    this.block = NONE as Block;
    this.before = NONE;
    this.sourceLoc = NONE;
  }

  /** At the end of the block. */
  atEnd(block: Block): this {
    this.block = block;
    this.before = NONE;
    return this;
  }

  /** Before the first instruction of the block. */
  atStart(block: Block): this {
    this.block = block;
    this.before = this.func.layout.firstInst(block);
    return this;
  }

  beforeInst(inst: Inst): this {
    this.block = this.func.layout.blockOf(inst) as Block;
    this.before = inst;
    return this;
  }

  afterInst(inst: Inst): this {
    this.block = this.func.layout.blockOf(inst) as Block;
    this.before = this.func.layout.nextInst(inst);
    return this;
  }

  /** The location that instructions built from here on carry; `NONE` for none. */
  withSourceLoc(sourceLoc: number): this {
    this.sourceLoc = sourceLoc;
    return this;
  }

  protected override insert(inst: Inst): void {
    if (this.before === NONE) this.func.layout.appendInst(inst, this.block);
    else this.func.layout.insertInstBefore(inst, this.before);
    if (this.sourceLoc !== NONE) this.func.setSourceLoc(inst, this.sourceLoc);
  }
}
