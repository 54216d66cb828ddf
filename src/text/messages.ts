/** Every complaint about CLIF text: a stable code, one sentence, and where it helps a note on what to do. */

/** A diagnostic without its place. */
export interface Message {
  readonly code: string;
  readonly message: string;
  readonly notes?: readonly string[];
}

const message = (code: string, text: string, ...notes: readonly string[]): Message =>
  notes.length === 0
    ? { code: `clif-${code}`, message: text }
    : { code: `clif-${code}`, message: text, notes };

/** `what` names the thing wanted, `found` what stands there. */
export const expected = (what: string, found: string): Message =>
  message("syntax", `expected ${what}, found ${found}`);

export const invalidCharacter = (byte: number): Message =>
  message(
    "character",
    byte >= 0x20 && byte < 0x7f
      ? `unexpected character '${String.fromCharCode(byte)}'`
      : `unexpected byte 0x${byte.toString(16).padStart(2, "0")}`,
  );

export const unterminatedString: Message = message("string", "this string does not end on its line");

export const unknownOpcode = (name: string): Message =>
  message(
    "opcode",
    `unknown opcode '${name}'`,
    ...(OLD_OPCODES.test(name)
      ? ["this opcode of older CLIF is now a constant or address and the plain opcode"]
      : []),
  );

const OLD_OPCODES =
  /^(?:.*_imm|stack_load|stack_store|heap_.*|table_.*|bconst|brz|brnz|safepoint|resumable_trap.*)$/;

export const typeNeeded = (op: string, operand: string | null): Message =>
  operand === null
    ? message("type", `'${op}' needs its type written`, `write '${op}.i32', with the type meant`)
    : message(
        "type",
        `'${op}' needs its type written: it cannot be told from ${operand}, which is not yet defined`,
        `write '${op}.i32', with the type meant`,
      );

export const typeNotTaken = (op: string): Message => message("type", `'${op}' does not take a type`);

export const notDynamic = (entity: string): Message =>
  message(
    "type",
    `${entity} is no dynamic vector`,
    "declare it as 'dt0 = i32x4*gv0', with a vector of fixed size",
  );

export const wrongType = (type: string, op: string): Message =>
  message("type", `${type} is not a valid type for '${op}'`);

export const noResultType = (op: string, type: string): Message =>
  message("type", `'${op}' has no result type for ${type}`);

export const resultCount = (op: string, wanted: number, given: number): Message =>
  message("results", `'${op}' gives ${wanted} ${wanted === 1 ? "result" : "results"}, ${given} named`);

export const duplicate = (entity: string): Message => message("duplicate", `${entity} is already defined`);

export const undefinedEntity = (entity: string): Message => message("undefined", `${entity} is not defined`);

export const notYetDefined = (value: string): Message =>
  message("undefined", `${value} is not yet defined`, "an alias stands after the definition of its target");

export const aliasConflict = (value: string, target: string): Message =>
  message("alias", `${value} is already an alias of ${target}`);

export const aliasCycle = (value: string): Message => message("alias", `${value} is an alias of itself`);

export const aliasCount: Message = message("alias", "one value stands before '->'");

export const entityTooLarge = (entity: string, bytes: number): Message =>
  message(
    "too-large",
    `${entity} is too large a number for a text of ${bytes} bytes`,
    "numbers that are left out take memory too: number entities from 0 on",
  );

export const functionTooLarge: Message = message("too-large", "the function has too many instructions");

export const outOfRange = (what: string): Message => message("range", `${what} is out of range`);

export const badInteger = (what: string, why: string): Message => message("number", `${what}: ${why}`);

export const badFloat = (bits: number, why: string): Message =>
  message(
    "number",
    `not a ${bits}-bit floating-point number: ${why}`,
    "numbers are hexadecimal and exact, such as 0x1.8p3, or 0.0, +Inf, -NaN, +NaN:0x1, +sNaN:0x1",
  );

export const badConstant = (why: string): Message => message("constant", why);

export const notPowerOfTwo: Message = message("range", "the alignment is not a power of two");

export const regionOrder = (wanted: number): Message =>
  message("order", `alias regions are declared in order: expected region${wanted}`);

export const bothEndians: Message = message("flags", "an access is big or little endian, not both");

export const unknownCallConv = (name: string): Message =>
  message("call-conv", `unknown calling convention '${name}'`);

export const stackLimitTwice: Message = message("duplicate", "the stack limit is already defined");

export const danglingSet: Message = message("set", "a 'set' after the last 'target' has no effect");

export const blocksMissing: Message = message(
  "syntax",
  "instructions stand in a block",
  "begin with 'block0:'",
);

// Directive comments.

export const badDirective = (name: string, wanted: string): Message =>
  message(
    "directive",
    `ill-formed '${name}' directive: expected ${wanted}`,
    "a directive is '; needs-stack-map: v0 v3', '; pointer-type: i32' or '; no-collect: fn0'",
  );

export const directiveConflict = (name: string): Message =>
  message("directive", `a second '${name}' directive says otherwise`);
