/**
 * A validator that knows, after each instruction, how far down it reached into the operand stack: what stays below is
 * what the instruction did not touch. All popping goes through the methods overridden here.
 */
import { CodeValidator } from "../../../wasm/code-validator.ts";
import type { ValType } from "../../../wasm/types.ts";

export class StackWatch extends CodeValidator {
  /** The least height since it was last set. */
  lowest = 0;

  private note(): void {
    if (this.height < this.lowest) this.lowest = this.height;
  }

  override popAny(): ValType {
    const type = super.popAny();
    this.note();
    return type;
  }

  override pop(expected: ValType): ValType {
    const type = super.pop(expected);
    this.note();
    return type;
  }

  override popParams(type: number): void {
    super.popParams(type);
    this.note();
  }

  override popResults(type: number): void {
    super.popResults(type);
    this.note();
  }

  override markDead(): void {
    super.markDead();
    this.note();
  }
}
