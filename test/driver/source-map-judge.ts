/** What source maps are judged by: where the instructions of a module begin, as the decoder finds them, who has which, and where traps are. */
import { GenMapping, maybeAddSegment, setSourceContent, toEncodedMap } from "@jridgewell/gen-mapping";
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

/** A map in which each operator of the module is a line of its own, named by its opcode. */
export function mapOfOperators(operators: readonly Operator[]): string {
  const map = new GenMapping();
  operators.forEach(({ offset, name }, i) => {
    maybeAddSegment(map, 0, offset, "program.src", i, 2, name);
  });
  setSourceContent(map, "program.src", operators.map(({ name }) => name).join("\n"));
  return JSON.stringify(toEncodedMap(map));
}

/** The offsets in the module of the functions that ran when the call trapped, the innermost first. */
export function trapOffsets(call: () => unknown): number[] {
  let stack = "";
  try {
    call();
  } catch (error) {
    stack = (error as Error).stack ?? "";
  }
  return Array.from(stack.matchAll(/wasm-function\[\d+\]:0x([\da-f]+)/g), ([, hex]) =>
    Number.parseInt(hex!, 16),
  );
}
