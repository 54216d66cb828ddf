/** The values in boxes once more, in a table of the engine's: code that the store writes itself reads them there (`crossings.ts`). */
import { valuesModule } from "../link/crossing-module.ts";
import { type HostFunction, type HostTable, hostWebAssembly } from "./host-webassembly.ts";

const FIRST_SIZE = 64;

export class ValueTable {
  readonly host: HostTable;
  /** The engine's own accessor costs ten times as much. */
  private readonly putAt: HostFunction;
  private size: number;

  constructor() {
    this.size = FIRST_SIZE;
    this.host = new hostWebAssembly.Table({ initial: this.size, element: "externref" });
    const module = new hostWebAssembly.Module(valuesModule());
    this.putAt = new hostWebAssembly.Instance(module, { "": { values: this.host } }).exports[
      "put"
    ] as HostFunction;
  }

  /** The value of a number; null lets go of the one that it had. */
  put(number: number, value: unknown): void {
    if (number >= this.size) {
      this.host.grow(this.size);
      this.size *= 2;
    }
    this.putAt(number, value);
  }
}
