/**
 * What the builder says when it is misused. A compiler that calls it wrongly has a defect, so these are errors of the
 * program, not `InputError`s of its input. Each message names the rule that was broken.
 */
import type { Block, BlockCall, Inst, Value } from "../ir/entities.ts";
import { type Type, typeName } from "../ir/types.ts";
import type { Variable } from "./variable.ts";

/** A rule of the builder was broken by the code that calls it. */
export class BuilderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BuilderError";
  }
}

export function contextInUse(): BuilderError {
  return new BuilderError("the context still holds a function: finalize its builder, or clear the context");
}

export function noCurrentBlock(): BuilderError {
  return new BuilderError("no current block: call switchToBlock before inserting instructions");
}

export function blockNotFilled(block: Block): BuilderError {
  return new BuilderError(
    `block${block} is not filled: end it with a terminator before switching to another`,
  );
}

export function switchToFilledBlock(block: Block): BuilderError {
  return new BuilderError(`block${block} is filled already: it cannot be switched to again`);
}

export function insertInFilledBlock(block: Block): BuilderError {
  return new BuilderError(
    `block${block} is filled already: no instruction can be added after its terminator`,
  );
}

export function blockNotPristine(block: Block): BuilderError {
  return new BuilderError(`block${block} has instructions already: its parameters come before any of them`);
}

export function blockInLayout(block: Block): BuilderError {
  return new BuilderError(`block${block} is in the layout already`);
}

export function blockNotInLayout(block: Block): BuilderError {
  return new BuilderError(`block${block} is not in the layout: nothing can be put behind it`);
}

export function functionParamsNotInEntry(block: Block): BuilderError {
  return new BuilderError(
    `block${block} is branched to: only the entry block takes the function's parameters, and nothing branches to it`,
  );
}

export function sealedTwice(block: Block): BuilderError {
  return new BuilderError(`block${block} is sealed already`);
}

export function predecessorOfSealedBlock(block: Block): BuilderError {
  return new BuilderError(`block${block} is sealed: it can get no further predecessor`);
}

export function predecessorNotDeclared(block: Block, inst: Inst): BuilderError {
  return new BuilderError(`inst${inst} is no predecessor of block${block}`);
}

export function sharedBlockCall(call: BlockCall, block: Block): BuilderError {
  return new BuilderError(
    `block call ${call} of block${block} belongs to another branch already: every branch needs its own`,
  );
}

export function notSealedAtEnd(block: Block): BuilderError {
  return new BuilderError(`finalize: block${block} is not sealed`);
}

export function notFilledAtEnd(block: Block): BuilderError {
  return new BuilderError(`finalize: block${block} is not filled: it has no terminator`);
}

export function branchToEntry(block: Block): BuilderError {
  return new BuilderError(`finalize: block${block} is the entry block, and an instruction branches to it`);
}

export function finalizedTwice(): BuilderError {
  return new BuilderError("the builder is finalized already: make a new one for the next function");
}

export function variableNotDeclared(variable: Variable): BuilderError {
  return new BuilderError(`variable ${variable} is not declared`);
}

export function invalidVariableType(): BuilderError {
  return new BuilderError("a variable needs a valid type");
}

export function variableTypeMismatch(variable: Variable, type: Type, value: Value, got: Type): BuilderError {
  return new BuilderError(
    `variable ${variable} is declared ${typeName(type)}, but v${value} that it is given is ${typeName(got)}`,
  );
}

export function stackMapAfterDefinition(variable: Variable): BuilderError {
  return new BuilderError(
    `variable ${variable} has been defined or used already: declare that it needs stack maps before`,
  );
}

export function unmappableType(subject: string, type: Type): BuilderError {
  return new BuilderError(`${subject} of type ${typeName(type)} cannot be in a stack map: 1 to 16 bytes can`);
}

export function noZero(type: Type): BuilderError {
  return new BuilderError(
    `a variable of type ${typeName(type)} must be defined on every path: it has no zero`,
  );
}

export function duplicateCase(key: bigint): BuilderError {
  return new BuilderError(`switch: case ${key} is set twice`);
}

export function caseOutOfRange(key: bigint): BuilderError {
  return new BuilderError(`switch: case ${key} is not an unsigned 128-bit number`);
}

export function caseTooWide(key: bigint, type: Type): BuilderError {
  return new BuilderError(`switch: case ${key} does not fit the switched value's type ${typeName(type)}`);
}

export function switchOnNonInteger(type: Type): BuilderError {
  return new BuilderError(`switch: the value switched on is ${typeName(type)}, not a scalar integer`);
}

export function smallMemoryAlignment(sizeBytes: bigint, alignBytes: number): BuilderError {
  return new BuilderError(`a size of ${sizeBytes} bytes is no multiple of the alignment of ${alignBytes}`);
}

export function signedMemoryCompare(condition: string): BuilderError {
  return new BuilderError(`memory compares as unsigned bytes: ${condition} cannot be asked`);
}
