/**
 * Trap codes: why a trapping instruction stops the program. 1 to 250 are the user's own (`user1` …), the five
 * above them are CLIF's; 0 is no code. One byte, so that memory flags can hold one.
 * Source: `cranelift/codegen/src/ir/trapcode.rs`.
 */

declare const trapBrand: unique symbol;
export type TrapCode = number & { readonly [trapBrand]: true };

export const NO_TRAP: TrapCode = 0 as TrapCode;
export const MAX_USER_TRAP = 250;

const RESERVED = ["stk_ovf", "int_ovf", "heap_oob", "int_divz", "bad_toint"] as const;

export const STACK_OVERFLOW: TrapCode = 251 as TrapCode;
export const INTEGER_OVERFLOW: TrapCode = 252 as TrapCode;
export const HEAP_OUT_OF_BOUNDS: TrapCode = 253 as TrapCode;
export const INTEGER_DIVISION_BY_ZERO: TrapCode = 254 as TrapCode;
export const BAD_CONVERSION_TO_INTEGER: TrapCode = 255 as TrapCode;

/** `user` must be 1 … 250. */
export function userTrap(user: number): TrapCode {
  return user as TrapCode;
}

export function trapName(code: TrapCode): string {
  return code > MAX_USER_TRAP ? RESERVED[code - MAX_USER_TRAP - 1]! : `user${code}`;
}

/** The code of that name, or `NO_TRAP`. */
export function trapOfName(name: string): TrapCode {
  const reserved = RESERVED.indexOf(name as (typeof RESERVED)[number]);
  if (reserved >= 0) return (MAX_USER_TRAP + 1 + reserved) as TrapCode;
  const user = /^user([1-9]\d{0,2})$/.exec(name);
  const code = Number(user?.[1] ?? 0);
  return (code <= MAX_USER_TRAP ? code : 0) as TrapCode;
}
