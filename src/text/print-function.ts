/**
 * Prints functions as CLIF text, byte for byte as upstream does, to a sink of byte chunks or to a string.
 *
 * Layout rules: instructions are indented by 4, or by 36 where the function has any source location or debug tag,
 * which then stand in that margin; a block's header stands 4 further left; a blank line precedes each block if
 * anything came before it. The aliases of a value follow the line that defines it, depth first with a stack, so that
 * the newest found is followed first.
 *
 * What upstream has no text for is written on demand: `directives` prints what its reader takes for comments
 * (`; needs-stack-map: v0`, `; pointer-type: i64`, `; no-collect: fn0`), and `dynamicTypes` the `dtN` lines.
 *
 * Source: `cranelift/codegen/src/write.rs`.
 */

import { grownColumn, I32List } from "../base/column.ts";
import { FLAG, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import type { Signature } from "../ir/signature.ts";
import { INVALID } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { InstructionPrinter, typeSuffix } from "./print-instruction.ts";
import { writeFunctionName, writePreamble, writeSignature } from "./print-preamble.ts";
import { type TextSink, TextWriter } from "./text-writer.ts";
import { clifTypeName } from "./type-names.ts";

export type { TextSink } from "./text-writer.ts";

export interface PrintOptions {
  /** Print `; needs-stack-map:`, `; pointer-type:` and `; no-collect:` lines. */
  readonly directives?: boolean;
  /** Print the `dtN` lines that upstream leaves out, and dynamic types by these names. */
  readonly dynamicTypes?: boolean;
}

const PRINT_OPTIONS: OptionNames<PrintOptions> = { directives: FLAG, dynamicTypes: FLAG };

const INDENT = 4;
const ANNOTATED_INDENT = 36;

/** Writes the text of a function piece by piece; the chunks are valid during the call only. */
export function writeFunction(func: Function, sink: TextSink, options: PrintOptions = {}): void {
  requireOptions(options, PRINT_OPTIONS, "writeFunction");
  withPrinter((printer) => printer.print(func, sink, options));
}

/** The text of a function. A function of hundreds of megabytes exceeds what a string holds: use `writeFunction`. */
export function functionText(func: Function, options: PrintOptions = {}): string {
  return collected((sink) => writeFunction(func, sink, options));
}

/** One instruction as messages show it: always with its type, without indentation or line end. */
export function instText(func: Function, inst: Inst): string {
  return collected((sink) => withPrinter((printer) => printer.printInst(func, inst, sink)));
}

/** `(i32, i64) -> i32 fast` */
export function signatureText(signature: Signature): string {
  return collected((sink) => {
    const w = new TextWriter();
    w.begin(sink);
    writeSignature(w, signature);
    w.end();
  });
}

function collected(write: (sink: TextSink) => void): string {
  const decoder = new TextDecoder();
  let text = "";
  write((chunk) => {
    text += decoder.decode(chunk, { stream: true });
  });
  return text + decoder.decode();
}

/** Runs `use` with the shared printer, or with a fresh one where a sink prints from inside a print. */
function withPrinter(use: (printer: FunctionPrinter) => void): void {
  const printer = shared ?? new FunctionPrinter();
  shared = null;
  try {
    use(printer);
  } finally {
    shared = printer;
  }
}

let shared: FunctionPrinter | null = null;

class FunctionPrinter {
  private readonly w: TextWriter;
  private readonly insts: InstructionPrinter;
  /** First alias by target, and next alias of the same target by alias, each + 1. Used when there are aliases. */
  private firstAlias: Int32Array;
  private nextAlias: Int32Array;
  private hasAliases: boolean;
  private readonly aliasTodo: I32List;
  private indent: number;

  constructor() {
    this.w = new TextWriter();
    this.insts = new InstructionPrinter(this.w);
    this.firstAlias = new Int32Array(0);
    this.nextAlias = new Int32Array(0);
    this.hasAliases = false;
    this.aliasTodo = new I32List();
    this.indent = INDENT;
  }

  print(func: Function, sink: TextSink, options: PrintOptions): void {
    const { w } = this;
    w.begin(sink);
    w.ascii("function ");
    writeFunctionName(w, func.name);
    w.checkpoint();
    writeSignature(w, func.signature);
    w.ascii(" {\n");
    if (options.directives === true) writeDirectives(w, func);
    const dynamicTypes = options.dynamicTypes === true;
    this.insts.dynamicNames = dynamicTypes ? func : null;
    let any = writePreamble(w, func, dynamicTypes);
    this.collectAliases(func);
    this.indent = func.hasAnnotations ? ANNOTATED_INDENT : INDENT;
    for (let block = func.layout.entryBlock; block !== NONE; block = func.layout.nextBlock(block)) {
      w.checkpoint();
      if (any) w.byte(10);
      any = true;
      this.printBlock(func, block);
    }
    w.ascii("}\n");
    w.end();
  }

  printInst(func: Function, inst: Inst, sink: TextSink): void {
    this.w.begin(sink);
    this.insts.dynamicNames = null;
    const polymorphic = (opcodeFlags(func.dfg.opcode(inst)) & OpFlag.Polymorphic) !== 0;
    this.insts.write(func, inst, polymorphic ? func.dfg.controlType(inst) : INVALID);
    this.w.end();
  }

  private printBlock(func: Function, block: Block): void {
    const { layout } = func;
    this.printBlockHeader(func, block);
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      this.printLine(func, inst);
    }
  }

  private printBlockHeader(func: Function, block: Block): void {
    const { w } = this;
    const { dfg } = func;
    w.fill(32, this.indent - INDENT);
    w.entity("block", block);
    const count = dfg.blockParamCount(block);
    for (let i = 0; i < count; i++) {
      w.checkpoint();
      w.ascii(i === 0 ? "(" : ", ");
      const param = dfg.blockParam(block, i);
      w.value(param);
      w.ascii(": ");
      w.ascii(this.insts.typeName(dfg.valueType(param)));
    }
    if (count > 0) w.byte(41);
    if (func.layout.isCold(block)) w.ascii(" cold");
    w.ascii(":\n");
    if (!this.hasAliases) return;
    for (let i = 0; i < count; i++) this.printAliases(dfg.blockParam(block, i), this.indent);
  }

  private printLine(func: Function, inst: Inst): void {
    const { w } = this;
    w.checkpoint();
    let indent = INDENT;
    if (this.indent === INDENT) w.fill(32, INDENT);
    else indent = this.printMargin(func, inst);
    this.insts.write(func, inst, typeSuffix(func, inst));
    w.byte(10);
    if (!this.hasAliases) return;
    const results = func.dfg.resultCount(inst);
    for (let i = 0; i < results; i++) this.printAliases(func.dfg.result(inst, i), indent);
  }

  /** `<1, ss0> @0010 ` and spaces up to the indentation; gives what the tags leave of it. */
  private printMargin(func: Function, inst: Inst): number {
    const { w } = this;
    let indent = ANNOTATED_INDENT;
    const tags = func.dfg.debugTags(inst);
    if (tags.length > 0) {
      const names = tags.map((tag) => (tag.kind === "user" ? `${tag.id >>> 0}` : `ss${tag.slot}`));
      const text = `<${names.join(", ")}> `;
      w.text(text);
      w.checkpoint();
      indent = Math.max(0, indent - text.length);
    }
    const loc = func.sourceLoc(inst);
    const locText = loc === NONE ? "" : `@${loc.toString(16).padStart(4, "0")} `;
    w.ascii(locText);
    w.fill(32, Math.max(0, indent - locText.length));
    return indent;
  }

  // Aliases.

  private collectAliases(func: Function): void {
    const { dfg } = func;
    this.hasAliases = false;
    for (let i = dfg.numValues - 1; i >= 0; i--) {
      const value = i as Value;
      if (!dfg.isAlias(value)) continue;
      if (!this.hasAliases) this.clearAliases(dfg.numValues);
      const target = dfg.aliasTarget(value);
      if (target < 0) continue;
      this.nextAlias[value] = this.firstAlias[target]!;
      this.firstAlias[target] = value + 1;
    }
  }

  private clearAliases(values: number): void {
    this.hasAliases = true;
    if (values > this.firstAlias.length) {
      this.firstAlias = new Int32Array(values);
      this.nextAlias = grownColumn(this.nextAlias, values);
    } else {
      this.firstAlias.fill(0, 0, values);
    }
  }

  /** Every alias of the value, and theirs. Each has one target, so the walk ends. */
  private printAliases(value: Value, indent: number): void {
    if (this.firstAlias[value] === 0) return;
    const { w, aliasTodo } = this;
    aliasTodo.clear();
    aliasTodo.push(value);
    while (aliasTodo.length > 0) {
      const target = aliasTodo.pop();
      for (let alias = this.firstAlias[target]! - 1; alias >= 0; alias = this.nextAlias[alias]! - 1) {
        w.checkpoint();
        w.fill(32, indent);
        w.value(alias);
        w.ascii(" -> ");
        w.value(target);
        w.byte(10);
        aliasTodo.push(alias);
      }
    }
  }
}

/** The directive comments, in the order that the parser's tests have them. */
/** Whether the text defines the value: what passes have removed is declared still, and a reader would not know it. */
function isInText({ dfg, layout }: Function, value: Value): boolean {
  const resolved = dfg.resolveAliases(value);
  switch (dfg.valueKind(resolved)) {
    case ValueKind.Result:
      return layout.blockOf(dfg.valueInst(resolved)) !== NONE;
    case ValueKind.Param:
      return layout.isBlockInserted(dfg.valueBlock(resolved));
    default:
      return false;
  }
}

function writeDirectives(w: TextWriter, func: Function): void {
  const declared = func.needsStackMap.filter((value) => isInText(func, value));
  if (declared.length > 0) {
    w.ascii("; needs-stack-map:");
    for (const value of declared) {
      w.checkpoint();
      w.entity(" v", value);
    }
    w.byte(10);
  }
  w.checkpoint();
  w.ascii(`; pointer-type: ${clifTypeName(func.pointerType)}\n`);
  const noCollect = func.dfg.extFuncs.flatMap((extFunc, i) => (extFunc.noCollect ? [i] : []));
  if (noCollect.length === 0) return;
  w.ascii("; no-collect:");
  for (const ref of noCollect) {
    w.checkpoint();
    w.entity(" fn", ref);
  }
  w.byte(10);
}
