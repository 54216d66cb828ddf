/** What source maps are judged by: where the instructions of a module begin, as the decoder finds them, and who has which. */
import { decodeModule } from "../../src/wasm/decode.ts";
import { opcodeName } from "../../src/wasm/opcodes.ts";
import { OperatorReader } from "../../src/wasm/operators.ts";

export interface Operator {
  readonly offset: number;
  readonly name: string;
  /** The body that it is in, by its place. */
  readonly body: number;
}

/** All operators of a module's bodies, in order. */
export function operatorsOf(bytes: Uint8Array): Operator[] {
  const module = decodeModule(bytes);
  const reader = new OperatorReader(bytes, 0, 0, -1);
  reader.typeLimit = module.types.length;
  const found: Operator[] = [];
  for (let body = 0; body < module.code.starts.length; body++) {
    reader.seek(module.code.starts.get(body), module.code.ends.get(body));
    for (let runs = reader.u32(); runs > 0; runs--) {
      reader.u32();
      reader.readValType();
    }
    while (reader.pos < reader.end) {
      const op = reader.next();
      found.push({ offset: reader.opStart, name: opcodeName(op), body });
    }
  }
  return found;
}
