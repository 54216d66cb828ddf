/**
 * The words of a decoded instruction. Operands and results are cells of the frame (`machine.ts`); what the words from
 * `Imm` on mean depends on the instruction:
 *
 *     Shift   32 - lane bits, for lanes of up to 32 bits: two shifts by it sign-extend
 *     Lanes   lane count of the type that chose the handler
 *     Imm     condition, trap code, lane index, low word of a constant; memory flags; start of an edge or call in `extra`
 *     Imm2    second result's cell, high word of a constant, offset
 *     From    type of the first operand
 *     Type    type of the first result, or of the value stored
 */
export const Field = {
  Handler: 0,
  Dst: 1,
  A: 2,
  B: 3,
  C: 4,
  Shift: 5,
  Lanes: 6,
  Imm: 7,
  Imm2: 8,
  From: 9,
  Type: 10,
} as const;

export const STRIDE = 12;
