/**
 * Decodes a function into a `Program`, once, in time linear in its text.
 *
 * Values get cells in the order of their numbers; aliases get none of their own. Blocks come in layout order, one record an
 * instruction, so a block's pc is known before anything is decoded. An instruction without semantics here decodes to a record
 * that refuses when it is executed: what never runs does no harm.
 *
 * A spilled function is decoded beside its original (`SpillOptions`): slots from `firstSpillSlot` on become cells, loads and
 * stores through their addresses become copies, and blocks that the original does not have are marked, since they neither
 * cost fuel nor show in a trace.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { argIndex, argValue, type BlockArg, isRetArg, isValueArg } from "../ir/block-calls.ts";
import type { DataFlowGraph } from "../ir/dfg.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, opcodeFormat } from "../ir/opcodes.ts";
import type { AbiParam, Signature } from "../ir/signature.ts";
import { bytesOf, I64, INVALID, isDynamicVector, laneBits, laneCount, type Type } from "../ir/types.ts";
import "./all-ops.ts";
import { dispatchType, fixedType, ImmediateDecoder } from "./decode-immediates.ts";
import { mix } from "./hash.ts";
import { type Handler, MAX_EDGE_WORDS } from "./machine.ts";
import { emptyFunction, refusedOpcode, tooManyArguments } from "./messages.ts";
import { opaque } from "./ops-opaque.ts";
import { badSlotAccess, reload, spill } from "./ops-spill.ts";
import { EDGE_MOVE_WORDS, EdgeField, MAP_ITEM_WORDS, MapField, PARALLEL, type Program } from "./program.ts";
import { Field, STRIDE } from "./record.ts";
import { handlerNumber, handlerOf } from "./semantics.ts";
import { cellsOf, wordsOf } from "./type-sizes.ts";

/** What makes a decoded function one side of a comparison. */
export interface SpillOptions {
  /** Slots from this one on belong to the spiller. */
  readonly firstSpillSlot: number;
  /** Whether the original has the block; entries of others cost and show nothing. */
  readonly isOriginal: (block: Block) => boolean;
}

export interface DecodeOptions {
  /** Memory accesses that say nothing of byte order are big-endian. */
  readonly bigEndian?: boolean;
  readonly spill?: SpillOptions;
  /** Compute something for what has no semantics here, instead of refusing it. */
  readonly opaque?: boolean;
}

const refuse: Handler = (m, _code, at) => {
  const dfg = (m.program.func as Function).dfg;
  const inst = m.program.instAt(at);
  throw refusedOpcode(dfg.opcode(inst), dispatchType(dfg, inst));
};

// Handlers that are no opcode's.
const REFUSE = handlerNumber(refuse);
const OPAQUE = handlerNumber(opaque);
const SPILL = handlerNumber(spill);
const RELOAD = handlerNumber(reload);
const BAD_SLOT_ACCESS = handlerNumber(badSlotAccess);

/** Cells for a frame's own bookkeeping, so that no frame is empty. */
const FIRST_CELL = 1;

export class Decoder {
  private func!: Function;
  private dfg!: DataFlowGraph;
  private program!: Program;
  private options!: DecodeOptions;
  private blockPcs: Int32Array;
  private readonly immediates: ImmediateDecoder;

  constructor() {
    this.blockPcs = new Int32Array(0);
    this.immediates = new ImmediateDecoder();
  }

  /** Fills `program` with `func`, which must be verified. */
  decode(func: Function, program: Program, options: DecodeOptions = {}): void {
    const entry = func.layout.entryBlock;
    if (entry === NONE) throw emptyFunction();
    this.func = func;
    this.dfg = func.dfg;
    this.program = program;
    this.options = options;
    program.clear(func);
    program.firstSpillSlot = options.spill?.firstSpillSlot ?? func.stackSlots.length;
    this.placeValues();
    const slots = this.immediates.layOut(func, program, options.bigEndian === true);
    program.frameCells = slots;
    this.placeBlocks();
    program.entryBlock = entry;
    program.entryPc = this.blockPcs[entry]!;
    program.paramsAt = this.parameterList(entry as Block);
    this.decodeBlocks();
  }

  private placeValues(): void {
    const { dfg, program } = this;
    if (program.valueCells.length < dfg.numValues) {
      program.valueCells = new Int32Array(grownCapacity(program.valueCells.length, dfg.numValues));
    }
    let cell = FIRST_CELL;
    for (let v = 0; v < dfg.numValues; v++) {
      program.valueCells[v] = cell;
      if (dfg.isValueValid(v as Value) && !dfg.isAlias(v as Value))
        cell += cellsOf(dfg.valueType(v as Value));
    }
    for (let v = 0; v < dfg.numValues; v++) {
      if (dfg.isAlias(v as Value))
        program.valueCells[v] = program.valueCells[dfg.resolveAliases(v as Value)]!;
    }
    program.frameCells = cell;
  }

  private placeBlocks(): void {
    const { func, program } = this;
    if (this.blockPcs.length < func.dfg.numBlocks) {
      this.blockPcs = new Int32Array(grownCapacity(this.blockPcs.length, func.dfg.numBlocks));
    }
    let insts = 0;
    for (let block = func.layout.entryBlock; block !== NONE; block = func.layout.nextBlock(block as Block)) {
      this.blockPcs[block] = insts * STRIDE;
      for (
        let inst = func.layout.firstInst(block as Block);
        inst !== NONE;
        inst = func.layout.nextInst(inst as Inst)
      ) {
        insts++;
      }
    }
    if (program.code.length < insts * STRIDE) {
      program.code = new Int32Array(grownCapacity(program.code.length, insts * STRIDE));
      program.insts = grownColumn(program.insts, Math.ceil(program.code.length / STRIDE));
    }
    program.codeLength = insts * STRIDE;
  }

  private decodeBlocks(): void {
    const { layout } = this.func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block as Block)) {
      let at = this.blockPcs[block]!;
      for (let inst = layout.firstInst(block as Block); inst !== NONE; inst = layout.nextInst(inst as Inst)) {
        this.program.insts[at / STRIDE] = inst;
        this.decodeInst(inst as Inst, at);
        at += STRIDE;
      }
    }
  }

  private cell(value: Value): number {
    return this.program.valueCells[value]!;
  }

  private decodeInst(inst: Inst, at: number): void {
    const { dfg } = this;
    const code = this.program.code;
    const op = dfg.opcode(inst);
    const args = dfg.argCount(inst);
    const type = fixedType(dispatchType(dfg, inst));
    code[at + Field.Dst] = dfg.resultCount(inst) === 0 ? 0 : this.cell(dfg.result(inst, 0));
    code[at + Field.A] = args > 0 ? this.cell(dfg.arg(inst, 0)) : 0;
    code[at + Field.B] = args > 1 ? this.cell(dfg.arg(inst, 1)) : 0;
    code[at + Field.C] = args > 2 ? this.cell(dfg.arg(inst, 2)) : 0;
    const bits = laneBits(type);
    code[at + Field.Shift] = bits <= 32 ? 32 - bits : 0;
    code[at + Field.Lanes] = laneCount(type);
    code[at + Field.From] = args > 0 ? fixedType(dfg.valueType(dfg.arg(inst, 0))) : INVALID;
    code[at + Field.Type] =
      dfg.resultCount(inst) > 0 ? fixedType(dfg.valueType(dfg.result(inst, 0))) : INVALID;
    let handler = hasDynamicType(code, at) ? -1 : handlerOf(op, type);
    if (handler >= 0 && !this.immediates.decode(inst, at)) handler = -1;
    if (handler < 0) {
      code[at + Field.Handler] = this.options.opaque === true ? OPAQUE : REFUSE;
      return;
    }
    code[at + Field.Handler] = handler;
    this.decodeByFormat(inst, at);
  }

  private decodeByFormat(inst: Inst, at: number): void {
    const { dfg, program } = this;
    const code = program.code;
    switch (opcodeFormat(dfg.opcode(inst))) {
      case Format.Jump:
        code[at + Field.Imm] = this.edge(dfg.destination(inst, 0), null, null);
        return;
      case Format.Brif:
        code[at + Field.Imm] = this.edge(dfg.destination(inst, 0), null, null);
        code[at + Field.Lanes] = this.edge(dfg.destination(inst, 1), null, null);
        code[at + Field.Imm2] = wordsOf(dfg.valueType(dfg.arg(inst, 0)));
        return;
      case Format.BranchTable:
        code[at + Field.Imm] = this.branchTable(inst);
        return;
      case Format.MultiAry:
        code[at + Field.Imm] = this.argumentList(inst, 0);
        return;
      case Format.Call:
      case Format.CallIndirect:
      case Format.TryCall:
      case Format.TryCallIndirect:
        code[at + Field.Imm] = this.callDescriptor(inst);
        return;
      case Format.Load:
      case Format.Store:
        this.spillAccess(inst, at);
        return;
      default:
        if (dfg.opcode(inst) === Op.StackSwitch) code[at + Field.Imm] = this.callDescriptor(inst);
    }
  }

  /** A load or store through the address of a spill slot becomes a copy between cells. */
  private spillAccess(inst: Inst, at: number): void {
    const { dfg, program } = this;
    const format = opcodeFormat(dfg.opcode(inst));
    const isLoad = format === Format.Load;
    const address = dfg.resolveAliases(dfg.arg(inst, isLoad ? 0 : 1));
    if (this.options.spill === undefined || dfg.valueKind(address) !== 1) return;
    const def = dfg.valueInst(address);
    if (dfg.opcode(def) !== Op.StackAddr || dfg.stackSlot(def) < program.firstSpillSlot) return;
    const offset = dfg.offset(def) + dfg.offset(inst);
    const type = isLoad ? dfg.valueType(dfg.result(inst, 0)) : dfg.valueType(dfg.arg(inst, 0));
    const size = this.func.stackSlots[dfg.stackSlot(def)]?.sizeBytes ?? 0;
    const op = dfg.opcode(inst);
    if (offset !== 0 || bytesOf(type) > size || (op !== Op.Load && op !== Op.Store)) {
      program.code[at + Field.Handler] = BAD_SLOT_ACCESS;
      return;
    }
    const slotCell = program.slotCells[dfg.stackSlot(def)]!;
    const code = program.code;
    code[at + Field.Handler] = isLoad ? RELOAD : SPILL;
    code[at + Field.Imm] = wordsOf(type);
    if (isLoad) code[at + Field.A] = slotCell;
    else code[at + Field.Dst] = slotCell;
  }

  // Lists.

  private parameterList(block: Block): number {
    const { dfg, program } = this;
    const count = dfg.blockParamCount(block);
    const at = program.push(count);
    for (let i = 0; i < count; i++) {
      const param = dfg.blockParam(block, i);
      program.push(this.cell(param));
      program.push(cellsOf(dfg.valueType(param)));
    }
    return at;
  }

  private argumentList(inst: Inst, first: number): number {
    const { dfg, program } = this;
    const count = dfg.argCount(inst) - first;
    const at = program.push(count);
    for (let i = 0; i < count; i++) {
      const arg = dfg.arg(inst, first + i);
      program.push(this.cell(arg));
      program.push(cellsOf(dfg.valueType(arg)));
    }
    return at;
  }

  private resultList(inst: Inst): number {
    const { dfg, program } = this;
    const count = dfg.resultCount(inst);
    const at = program.push(count);
    for (let i = 0; i < count; i++) {
      const result = dfg.result(inst, i);
      program.push(this.cell(result));
      program.push(cellsOf(dfg.valueType(result)));
    }
    return at;
  }

  private branchTable(inst: Inst): number {
    const { dfg, program } = this;
    const count = dfg.destinationCount(inst);
    const edges: number[] = [];
    for (let i = 0; i < count; i++) edges.push(this.edge(dfg.destination(inst, i), null, null));
    const at = program.push(count);
    for (const edge of edges) program.push(edge);
    return at;
  }

  // Edges.

  /** `returns` and `payload` say where `retN` and `exnN` lie in `transfer`. */
  private edge(call: BlockCall, returns: readonly AbiParam[] | null, payload: Block | null): number {
    const { dfg, program } = this;
    const block = dfg.blockCalls.block(call);
    const at = program.push(this.blockPcs[block]!);
    const original = this.options.spill === undefined || this.options.spill.isOriginal(block);
    program.push(original ? block : -1);
    program.push(0);
    program.push(0);
    const args = Math.min(dfg.blockCalls.argCount(call), dfg.blockParamCount(block));
    let moves = 0;
    let words = 0;
    for (let i = 0; i < args; i++) {
      const param = dfg.blockParam(block, i);
      const to = this.cell(param) * 2;
      const from = this.source(dfg.blockCalls.arg(call, i), returns, payload, call);
      if (to === from) continue;
      const count = 2 * cellsOf(dfg.valueType(param));
      program.push(to);
      program.push(from);
      program.push(count);
      moves++;
      words += count;
    }
    if (words > MAX_EDGE_WORDS) throw tooManyArguments(words);
    program.extra[at + EdgeField.Count] = moves;
    program.extra[at + EdgeField.How] = dependent(program.extra, at, moves) ? PARALLEL : 0;
    return at;
  }

  private source(
    arg: BlockArg,
    returns: readonly AbiParam[] | null,
    payload: Block | null,
    call: BlockCall,
  ): number {
    if (isValueArg(arg)) return this.cell(argValue(arg)) * 2;
    let cells = 0;
    if (isRetArg(arg)) {
      for (let i = 0; i < argIndex(arg); i++) cells += cellsOf(returns?.[i]?.type ?? I64);
      return -1 - 2 * cells;
    }
    // Payload words are one after another in the order of their numbers, with the types of the parameters they go to.
    const types = payload === null ? [] : payloadTypes(this.dfg, call);
    for (let i = 0; i < argIndex(arg); i++) cells += cellsOf(types[i] ?? I64);
    return -1 - 2 * cells;
  }

  // Calls.

  private callDescriptor(inst: Inst): number {
    const { dfg, program, func } = this;
    const op = dfg.opcode(inst);
    const format = opcodeFormat(op);
    const isDirect = format === Format.Call || format === Format.TryCall;
    const isTry = format === Format.TryCall || format === Format.TryCallIndirect;
    const first = format === Format.CallIndirect || format === Format.TryCallIndirect ? 1 : 0;
    const args = this.argumentList(inst, first);
    const results = this.resultList(inst);
    const signature = dfg.callSignature(inst);
    const handlers = isTry ? this.handlers(inst, dfg.signatures[signature]) : -1;
    const map = this.stackMap(inst);
    const at = program.push(isDirect ? dfg.funcRef(inst) : -1);
    program.push(args);
    program.push(results);
    program.push(handlers);
    program.push(op === Op.ReturnCall || op === Op.ReturnCallIndirect ? 1 : 0);
    program.push(func.mayCollect(inst) ? 1 : 0);
    program.push(map);
    program.push(signature);
    return at;
  }

  private handlers(inst: Inst, signature: Signature | undefined): number {
    const { dfg, program } = this;
    const table = dfg.exceptionTable(inst);
    const calls = dfg.blockCalls;
    const normal = this.edge(calls.normalReturn(table), signature?.returns ?? [], null);
    const items: number[] = [];
    for (let i = 0; i < calls.itemCount(table); i++) {
      const item = calls.item(table, i);
      if (item.kind === "context") continue;
      items.push(item.kind === "tag" ? item.tag | 0 : -1, this.edge(item.call, null, calls.block(item.call)));
    }
    const at = program.push(normal);
    program.push(items.length / 2);
    for (const word of items) program.push(word);
    return at;
  }

  private stackMap(inst: Inst): number {
    const { dfg, program } = this;
    const map = dfg.stackMap(inst);
    if (map === NONE) return -1;
    const count = dfg.stackMaps.entryCount(map);
    const at = program.push(count);
    program.push(0);
    program.push(0);
    let rest = 0;
    let distinct = 0;
    for (let i = 0; i < count; i++) {
      const slot = dfg.stackMaps.entrySlot(map, i);
      const type = dfg.stackMaps.entryType(map, i);
      const offset = dfg.stackMaps.entryOffset(map, i);
      const cell = program.slotCells[slot] ?? -1;
      if (cell < 0 || offset !== 0) {
        rest = mix(mix(rest, slot), mix(type, offset));
      } else if (!isListed(program.extra, at + MapField.Items, distinct, slot)) {
        program.push(cell);
        program.push(slot);
        program.push(type);
        distinct++;
      }
    }
    program.extra[at + MapField.RestHash] = rest;
    program.extra[at + MapField.Distinct] = distinct;
    return at;
  }
}

/** Whether the first operand or the result is a dynamic vector that no fixed one stands for. */
function hasDynamicType(code: Int32Array, at: number): boolean {
  return isDynamicVector(code[at + Field.From]! as Type) || isDynamicVector(code[at + Field.Type]! as Type);
}

/** The types that `exn0`, `exn1` … have: those of the parameters that the handler's call passes them to. */
export function payloadTypes(dfg: DataFlowGraph, call: BlockCall): Type[] {
  const types: Type[] = [];
  const block = dfg.blockCalls.block(call);
  for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
    const arg = dfg.blockCalls.arg(call, i);
    if (isValueArg(arg) || isRetArg(arg) || i >= dfg.blockParamCount(block)) continue;
    types[argIndex(arg)] = dfg.valueType(dfg.blockParam(block, i));
  }
  return types;
}

function isListed(extra: Int32Array, start: number, count: number, slot: number): boolean {
  for (let i = 0; i < count; i++) if (extra[start + MAP_ITEM_WORDS * i + 1] === slot) return true;
  return false;
}

/** Whether a move's target is read by a later move; many moves are taken to be. */
function dependent(extra: Int32Array, edge: number, count: number): boolean {
  if (count > 16) return true;
  const start = edge + EdgeField.Moves;
  for (let i = 0; i + 1 < count; i++) {
    const to = extra[start + i * EDGE_MOVE_WORDS]!;
    for (let j = i + 1; j < count; j++) {
      if (extra[start + j * EDGE_MOVE_WORDS + 1] === to) return true;
    }
  }
  return false;
}
