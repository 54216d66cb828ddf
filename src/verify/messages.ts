/**
 * The verifier's messages. Those of upstream's rules are worded as upstream words them, because filetests match their
 * text and tools read it; those of our own rules stand at the end.
 */
import type { AbiParam } from "../ir/signature.ts";
import { INVALID, type Type } from "../ir/types.ts";
import { clifTypeName } from "../text/index.ts";

/** `i32`; what upstream prints for no type at all. */
export function typeText(type: Type): string {
  return type === INVALID ? "types::INVALID" : clifTypeName(type);
}

/** `i64 vmctx`, `i8 sext` */
export function abiParamText(param: AbiParam): string {
  const extension = param.extension === "none" ? "" : ` ${param.extension}`;
  const size = param.purpose === "sarg" ? `(${param.structSizeBytes ?? 0})` : "";
  const purpose = param.purpose === "normal" ? "" : ` ${param.purpose}${size}`;
  return `${typeText(param.type)}${extension}${purpose}`;
}

// Declarations.

export const globalCycle = (chain: readonly number[]): string =>
  `global value cycle: [${chain.map((gv) => `gv${gv}`).join(", ")}]`;
export const undeclaredVmctx = (gv: number): string => `undeclared vmctx reference gv${gv}`;
export const globalNotInt = (type: Type): string =>
  `iadd_imm global value with non-int type ${typeText(type)}`;
export const globalOperandType = (type: Type, base: Type): string =>
  `iadd_imm type ${typeText(type)} differs from operand type ${typeText(base)}`;
export const globalBaseType = (base: number, type: Type, pointer: Type): string =>
  `base gv${base} has type ${typeText(type)}, which is not the pointer type ${typeText(pointer)}`;
export const undefinedRegion = (region: number): string => `undefined alias region region${region}`;
export const duplicateRegion = (userId: number, first: number, second: number): string =>
  `duplicate alias region user_id ${userId}: region${first} and region${second}`;
export const entryParamCount = (got: number, expected: number): string =>
  `entry block parameters (${got}) must match function signature (${expected})`;
export const entryParamType = (index: number, expected: AbiParam, got: Type): string =>
  `entry block parameter ${index} expected to have type ${abiParamText(expected)}, got ${typeText(got)}`;
export const ENTRY_COLD = "entry block cannot be marked as cold";
export const abiInvalidType = (item: string, index: number): string =>
  `${item} at position ${index} has an invalid type`;
export const abiStructReturn = (item: string, index: number): string =>
  `${item} at position ${index} can't be an struct argument`;
export const abiExtension = (item: string, index: number, extension: string): string =>
  `${item} at position ${index} has invalid extension ${extension}`;
export const PRESERVE_ALL_RETURNS = "Signature with `preserve_all` ABI cannot have return values";
export const PRESERVE_ALL_STACK_LIMIT = "functions with the `preserve_all` ABI cannot have a `stack_limit`";
export const PRESERVE_ALL_PROBESTACK =
  "functions with the `preserve_all` ABI cannot use the outline stack probe (`probestack_strategy=outline`)";

// Blocks.

export const emptyBlock = (block: number): string => `block${block} cannot be empty`;
export const earlyTerminator = (block: number): string =>
  `a terminator instruction was encountered before the end of block${block}`;
export const NO_TERMINATOR = "block does not end in a terminator instruction";
export const foreignParam = (block: number): string => `does not belong to block${block}`;
export const PARAM_IS_RESULT = "expected an argument, found a result";

// Instructions and what they refer to.

export const resultCount = (expected: number, got: number): string =>
  `expected ${expected} result values, found ${got}`;
export const invalidValue = (value: number): string => `invalid value reference v${value}`;
export const definedNowhere = (value: number, inst: number): string =>
  `v${value} is defined by inst${inst} which has no block`;
export const notDominating = (value: number, inst: number): string =>
  `uses value v${value} from non-dominating inst${inst}`;
export const usesItself = (value: number): string => `uses value v${value} from itself`;
export const invalidDefinitionBlock = (value: number, block: number): string =>
  `v${value} is defined by invalid block block${block}`;
export const definitionOutsideLayout = (value: number, block: number): string =>
  `v${value} is defined by block${block} which is not in the layout`;
export const paramNotDominating = (block: number): string =>
  `uses value arg from non-dominating block${block}`;
export const notAttached = (value: number, original: number): string =>
  `argument v${value} -> v${original} is not attached`;
export const foreignResult = (value: number): string =>
  `instruction result v${value} is not defined by the instruction`;
export const invalidBlock = (block: number): string => `invalid block reference block${block}`;
export const entryReference = (block: number): string => `invalid reference to entry block block${block}`;
export const invalidSignature = (sig: number): string => `invalid signature reference sig${sig}`;
export const invalidFunction = (func: number): string => `invalid function reference fn${func}`;
export const invalidStackSlot = (slot: number): string => `invalid stack slot ss${slot}`;
export const invalidDynamicStackSlot = (slot: number): string => `invalid dynamic stack slot dss${slot}`;
export const invalidGlobal = (gv: number): string => `invalid global value gv${gv}`;
export const invalidExceptionTable = (table: number): string =>
  `invalid exception table reference extable${table}`;
export const noExceptions = (callConv: string): string =>
  `calling convention \`${callConv}\` of callee does not support exceptions`;
export const PATCHABLE_TAIL_CALL = "patchable funcref cannot be used in a return_call";
export const PATCHABLE_FAR = "patchable call to non-colocated function";
export const PATCHABLE_RETURNS = "patchable call cannot occur to a function with return values";
export const PINNED_REG_OFF = "GetPinnedReg/SetPinnedReg cannot be used without enable_pinned_reg";
export const PINNED_REG_NO_ISA = "GetPinnedReg/SetPinnedReg need an ISA!";
export const FRAME_POINTER_OFF =
  "`get_frame_pointer`/`get_return_address` cannot be used without enabling `preserve_frame_pointers`";
export const FRAME_POINTER_NO_ISA = "`get_frame_pointer`/`get_return_address` require an ISA!";
export const bitcastSize = (value: number, got: number, expected: number): string =>
  `The bitcast argument v${value} has a type of ${got} bits, which doesn't match an expected type of ${expected} bits`;
export const BITCAST_FLAGS = "The bitcast instruction only accepts the `big` or `little` memory flags";
export const BITCAST_BYTE_ORDER = "Byte order specifier required for bitcast instruction changing lane count";
export const pointerWidth = (got: number, expected: number, value: number): string =>
  `invalid pointer width (got ${got}, expected ${expected}) encountered v${value}`;
export const constantSize = (constant: number, expected: number, got: number): string =>
  `The instruction expects const${constant} to have a size of ${expected} bytes but it has ${got}`;
export const negativeHandler = (index: number): string =>
  `exception handler index ${index} cannot be negative`;
export const handlerOutOfRange = (index: number): string =>
  `exception handler index ${index} is out-of-range`;
export const handlerNoTerminator = (block: number): string =>
  `referenced block block${block} does not have a terminator`;
export const handlerNoTryCall = (block: number): string =>
  `referenced block block${block} does not end in a try_call`;

// Types.

export const controlType = (type: Type, set: string): string =>
  `has an invalid controlling type ${typeText(type)} (allowed set is ${set})`;
export const resultType = (index: number, value: number, expected: Type, got: Type): string =>
  `expected result ${index} (v${value}) to have type ${typeText(expected)}, found ${typeText(got)}`;
export const argType = (index: number, value: number, got: Type, expected: Type): string =>
  `arg ${index} (v${value}) has type ${typeText(got)}, expected ${typeText(expected)}`;
export const argTypeSet = (index: number, value: number, got: Type, set: string): string =>
  `arg ${index} (v${value}) with type ${typeText(got)} failed to satisfy type set ${set}`;
export const blockArgType = (arg: string, got: Type, expected: Type): string =>
  `arg ${arg} has type ${typeText(got)}, expected ${typeText(expected)}`;
export const argCount = (inst: string, got: number, expected: number): string =>
  `mismatched argument count for \`${inst}\`: got ${got}, expected ${expected}`;
export const tableSignature = (sig: number, func: number, expected: number): string =>
  `exception table signature sig${sig} did not match function fn${func}'s signature sig${expected}`;
export const RET_NOT_TRY_CALL = "`retN` block argument in block-call not on `try_call` instruction";
export const RET_OUT_OF_BOUNDS = "out-of-bounds `retN` block argument";
export const RET_MISPLACED = "`retN` block argument used outside normal-return target of `try_call`";
export const EXN_OUT_OF_BOUNDS = "out-of-bounds `exnN` block argument";
export const EXN_MISPLACED = "`exnN` block argument used outside normal-return target of `try_call`";
export const RETURN_ARGUMENTS = "arguments of return must match function signature";
export const TAIL_CALL_RESULTS = "results of callee must match caller";
export const TAIL_CALL_CONVENTION = "callee's calling convention must match caller";
export const noTailCalls = (callConv: string): string =>
  `calling convention \`${callConv}\` does not support tail calls`;
export const returnType = (index: number, got: Type, expected: AbiParam): string =>
  `result ${index} has type ${typeText(got)}, must match function signature of ${abiParamText(expected)}`;
export const globalInstType = (got: Type, expected: Type): string =>
  `global_value instruction with type ${typeText(got)} references global value with type ${typeText(expected)}`;

// Immediates.

export const READONLY_STORE = "A store instruction cannot have the `readonly` MemFlag";
export const laneIndex = (lane: number, type: Type): string =>
  `The lane ${lane} does not index into the type ${typeText(type)}`;
export const SHUFFLE_SIZE = "the shuffle immediate wasn't 16-bytes long";
export const shuffleIndex = (index: number): string =>
  `shuffle immediate index ${index} is larger than the maximum 31`;
export const CONSTANT_BOUNDS = "constant immediate is out of bounds";
export const DEBUG_TAGS = "debug tags present on non-call, non-sequence point instruction";

// Our own rules.

export const invalidGlobalBase = (base: number): string => `invalid base gv${base}`;
export const aliasCycle = (value: number): string => `v${value} is an alias of itself`;
export const MAP_NOT_SAFEPOINT = "stack map on an instruction that is no safepoint";
export const mapSlot = (slot: number): string => `stack map entry names ss${slot}, which is not declared`;
export const mapType = (type: Type): string =>
  `stack map entry has type ${typeText(type)}, which has no fixed size`;
export const mapBounds = (type: Type, slot: number, offset: number, size: number): string =>
  `stack map entry ${typeText(type)} @ ss${slot}+${offset} exceeds the slot's ${size} bytes`;
export const mapOverlap = (slot: number, first: number, second: number): string =>
  `stack map entries at ss${slot}+${first} and ss${slot}+${second} overlap`;
