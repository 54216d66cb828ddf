/**
 * What a `FunctionBuilder` needs beside the function: SSA state, the variables, how far each block is built, the
 * safepoint spiller. One context serves one function at a time and any number of them in turn, keeping its memory;
 * `finalize` leaves it empty.
 *
 * A builder that is dropped half way (an error of the program that drives it) leaves its function in the context:
 * `clear` makes it usable again.
 */
import { fillBytes, grownCapacity, grownColumn } from "../base/column.ts";
import type { Block } from "../ir/entities.ts";
import type { Type } from "../ir/types.ts";
import { variableNotDeclared } from "./messages.ts";
import type { SlotRegion } from "./safepoints/rewrite.ts";
import { SafepointSpiller } from "./safepoints/spiller.ts";
import { SsaBuilder } from "./ssa.ts";
import type { Variable } from "./variable.ts";

/** How far a block is built: nothing yet, some instructions, its terminator. */
export const BlockStatus = { Pristine: 0, Partial: 1, Filled: 2 } as const;

export class FunctionBuilderContext {
  readonly ssa: SsaBuilder;
  readonly spiller: SafepointSpiller;
  /** The alias region of a stack-map slot's spills and reloads, or null for none. */
  slotRegion: SlotRegion | null;
  private variableTypes: Uint16Array;
  private variables: number;
  private statuses: Uint8Array;
  /** Blocks below have a status; the others are pristine. */
  private blocks: number;

  constructor() {
    this.ssa = new SsaBuilder();
    this.spiller = new SafepointSpiller();
    this.slotRegion = null;
    this.variableTypes = new Uint16Array(0);
    this.variables = 0;
    this.statuses = new Uint8Array(0);
    this.blocks = 0;
  }

  /** Forgets the function under construction and keeps the memory. */
  clear(): void {
    this.ssa.clear();
    this.slotRegion = null;
    this.variables = 0;
    this.blocks = 0;
  }

  /** Whether no function is under construction. */
  get isEmpty(): boolean {
    return (
      this.variables === 0 &&
      this.blocks === 0 &&
      this.ssa.predecessors.blockCount === 0 &&
      this.ssa.stackMapValues.length === 0 &&
      this.slotRegion === null
    );
  }

  get variableCount(): number {
    return this.variables;
  }

  addVariable(type: Type): Variable {
    const variable = this.variables++;
    if (variable >= this.variableTypes.length) {
      this.variableTypes = grownColumn(
        this.variableTypes,
        grownCapacity(this.variableTypes.length, this.variables),
      );
    }
    this.variableTypes[variable] = type;
    return variable as Variable;
  }

  /** The declared type; throws for a variable that is not declared. */
  variableType(variable: Variable): Type {
    if (!(variable >= 0 && variable < this.variables)) throw variableNotDeclared(variable);
    return this.variableTypes[variable]! as Type;
  }

  /** Blocks below this number may be more than pristine. */
  get statusCount(): number {
    return this.blocks;
  }

  status(block: Block): number {
    return block < this.blocks ? this.statuses[block]! : BlockStatus.Pristine;
  }

  setStatus(block: Block, status: number): void {
    if (block >= this.blocks) {
      if (block >= this.statuses.length) {
        this.statuses = grownColumn(this.statuses, grownCapacity(this.statuses.length, block + 1));
      }
      fillBytes(this.statuses, BlockStatus.Pristine, this.blocks, block + 1);
      this.blocks = block + 1;
    }
    this.statuses[block] = status;
  }
}
