/**
 * Walks constant expressions without judging them: the decoder needs their ends, the validator their types.
 */
import type { ByteRange } from "./module.ts";
import { IMM_BLOCK_TYPE, IMM_TRY_TABLE } from "./opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "./opcodes.ts";
import type { OperatorReader } from "./operators.ts";
import * as WasmOp from "./wasm-op.gen.ts";

/**
 * Steps over the instructions up to the `end` that closes the expression; returns their range with the `end`.
 * Blocks, which the validator refuses, are stepped over whole.
 */
export function skipConstantExpression(reader: OperatorReader): ByteRange {
  const start = reader.pos;
  let depth = 0;
  for (;;) {
    const op = reader.next();
    if (op === WasmOp.End) {
      if (depth === 0) return { start, end: reader.pos };
      depth--;
    } else if (OP_IMMEDIATES[op] === IMM_BLOCK_TYPE || OP_IMMEDIATES[op] === IMM_TRY_TABLE) {
      depth++;
    } else if (op === WasmOp.Delegate && depth > 0) {
      depth--;
    }
  }
}
