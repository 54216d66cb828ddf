/**
 * The types of the output's functions: those of the input in numbers, some of them with a parameter behind for where the shadow stack
 * ends (`stack-passing.ts`).
 */

import type { TypeTable, ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";
import { OutputTypes } from "./output-types.ts";
import { StackPassing, type StackUsers } from "./stack-passing.ts";

export class FunctionTypes {
  private readonly users: StackUsers;
  /** Made when somebody asks: to take what was linked before, nobody does. */
  private made: OutputTypes | null;
  private readonly stack: StackPassing;

  constructor(users: StackUsers) {
    this.users = users;
    this.made = null;
    this.stack = new StackPassing(users);
  }

  /** With all that bodies may name; what linking needs besides is added then. */
  private get types(): OutputTypes {
    if (this.made !== null) return this.made;
    const { module, passesStack } = this.users;
    this.made = new OutputTypes(module.types);
    for (let type = 0; type < module.types.length; type++) {
      if (module.types.kind(type) !== wasm.KIND_FUNC) continue;
      if (passesStack) this.withStack(type);
      if (this.stack.isOutsideTables) this.plain(type);
    }
    for (let func = 0; func < module.functionTypes.length; func++) this.ofFunction(func);
    return this.made;
  }

  get table(): TypeTable {
    return this.types.table;
  }

  /** The output's index of a function type of numbers, which is added if it is not there. */
  add(params: readonly ValType[], results: readonly ValType[]): number {
    return this.types.add(params, results);
  }

  /** The output's index of one of the input's function types, as others see it; added if it is not there. */
  plain(type: number): number {
    return this.types.indexOf(type, false);
  }

  /** The same of functions that are told where the shadow stack ends. */
  withStack(type: number): number {
    return this.types.indexOf(type, true);
  }

  /** The same of functions that get an index in a table behind that, and call what is there. */
  withIndex(type: number): number {
    return this.types.withIndex(type);
  }

  /** The same of one of the input's functions. */
  ofFunction(func: number): number {
    const type = this.users.module.functionTypes.get(func);
    return this.takesStack(func) ? this.withStack(type) : this.plain(type);
  }

  /** Whether a function of the input has the parameter. */
  takesStack(func: number): boolean {
    return this.stack.takes(func);
  }

  /** Whether nothing but the host calls a function, and no frame is live then. */
  beginsStack(func: number): boolean {
    return this.stack.begins(func);
  }

  /** Whether the functions in the input's tables that stay have the parameter. */
  get takesStackInTables(): boolean {
    return !this.stack.isOutsideTables;
  }
}
