/** The immediates of Wasm operators that CLIF calls by name (`WASM_OPERATORS` in `ir/names.ts`). */
import {
  IMM_DATA_MEMORY,
  IMM_ELEMENT,
  IMM_ELEMENT_TABLE,
  IMM_FUNCTION,
  IMM_MEMORY,
  IMM_MEMORY_ACCESS,
  IMM_MEMORY_MEMORY,
  IMM_TABLE_TABLE,
} from "../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES } from "../wasm/opcodes.ts";

/** Whether an operator takes an address; its only immediate in a call is the memory. */
export function isMemoryOperator(operator: number): boolean {
  return OP_IMMEDIATES[operator] === IMM_MEMORY_ACCESS;
}

/** How many indices an operator has as immediates. */
export function immediateCount(operator: number): number {
  const immediates = OP_IMMEDIATES[operator]!;
  switch (immediates) {
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_TABLE_TABLE:
    case IMM_ELEMENT_TABLE:
      return 2;
    case IMM_MEMORY:
      return 1;
    default:
      return immediates >= IMM_FUNCTION && immediates <= IMM_ELEMENT ? 1 : 0;
  }
}
