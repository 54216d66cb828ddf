/**
 * Finds BEFORE in AFTER. A rewrite may only add:
 *
 *     stack addresses     `stack_addr` of a slot that BEFORE does not have, its result used by spills and reloads only
 *     spills, reloads     `store` and `load` through such an address
 *     constants           any constant
 *     parameters          behind those that a block has
 *     blocks              that end in `jump`, between a branch of BEFORE and its destination; in them only the above
 *     stack map entries   of slots that BEFORE does not have
 *     tables              slots, alias regions, constants behind those that are there
 *
 * Everything else is BEFORE's: each instruction in its place, with its opcode, immediates and result numbers, only its
 * operands exchanged. Blocks are known by number; instructions by their order in the block (text does not carry their
 * numbers). What is added is told by its result, a number that names no result or parameter in BEFORE.
 *
 * Source locations and debug tags say nothing about what a function does, and are not compared.
 */
import { grownCapacity, I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { endianness, isCanMove, isReadonly } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { isTerminator, opcodeName } from "../ir/opcodes.ts";
import { bytesOf, isDynamicVector, typeName } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { InstComparer } from "./compare-insts.ts";
import { compareTables } from "./compare-tables.ts";
import { isConstant } from "./constants.ts";
import { type SafepointError, type SafepointErrorCode, safepointError } from "./safepoint-error.ts";

/** What an added instruction is. */
export const Added = { None: 0, Address: 1, Constant: 2, Reload: 3, Spill: 4, Jump: 5, Foreign: 6 } as const;

/** A structure error in every block would say the same thing a thousand times. */
const MAX_ERRORS = 20;

export class Match {
  before!: Function;
  after!: Function;
  readonly errors: SafepointError[];
  private readonly comparer: InstComparer;
  /** By instruction of AFTER: that of BEFORE, or `NONE` for added ones and those outside the layout. */
  private origins: Int32Array;
  /** By block of AFTER: whether BEFORE has it. */
  private original: Uint8Array;
  /** By block of AFTER: the block of BEFORE that it leads to; an original block leads to itself. */
  private targets: Int32Array;
  private readonly chain: I32List;

  constructor() {
    this.errors = [];
    this.comparer = new InstComparer();
    this.origins = new Int32Array(0);
    this.original = new Uint8Array(0);
    this.targets = new Int32Array(0);
    this.chain = new I32List();
  }

  /** Whether AFTER is BEFORE with spill code added; if not, `errors` says where. */
  compute(before: Function, after: Function): boolean {
    this.before = before;
    this.after = after;
    this.errors.length = 0;
    this.reserve(after);
    compareTables(before, after, this.errors);
    if (this.errors.length === 0) this.matchBlocks();
    if (this.errors.length === 0) this.matchInstructions();
    if (this.errors.length === 0) this.findTargets();
    if (this.errors.length === 0) this.matchDestinations();
    return this.errors.length === 0;
  }

  /** The instruction of BEFORE that this one of AFTER is, or `NONE`. */
  origin(inst: Inst): Inst | typeof NONE {
    return this.origins[inst]! as Inst;
  }

  isOriginal(block: Block): boolean {
    return this.original[block] === 1;
  }

  /** The block of BEFORE that a block of AFTER is or leads to. */
  target(block: Block): Block {
    return this.targets[block]! as Block;
  }

  /** Whether a resolved value of AFTER is a result or a parameter that BEFORE does not have. */
  isAdded(value: Value): boolean {
    const { dfg } = this.before;
    if (value >= dfg.numValues) return true;
    const kind = dfg.valueKind(value);
    return kind !== ValueKind.Result && kind !== ValueKind.Param;
  }

  /** What an instruction of AFTER is if it is added; `None` if it can only be BEFORE's. */
  addedKind(inst: Inst): number {
    const { dfg, layout } = this.after;
    const op = dfg.opcode(inst);
    if (op === Op.Store) return this.addressOf(inst) === NONE ? Added.None : Added.Spill;
    if (op === Op.Jump) return this.isOriginal(layout.blockOf(inst) as Block) ? Added.None : Added.Jump;
    if (dfg.resultCount(inst) === 0 || !this.isAdded(dfg.firstResult(inst))) return Added.None;
    if (op === Op.StackAddr) return Added.Address;
    if (op === Op.Load) return Added.Reload;
    return isConstant(op) ? Added.Constant : Added.Foreign;
  }

  /** The added `stack_addr` that gives the address of a load or store, or `NONE`. */
  addressOf(inst: Inst): Inst | typeof NONE {
    const { dfg } = this.after;
    const address = dfg.resolveAliases(dfg.arg(inst, dfg.argCount(inst) - 1));
    if (!this.isAdded(address) || dfg.valueKind(address) !== ValueKind.Result) return NONE;
    const def = dfg.valueInst(address);
    return dfg.opcode(def) === Op.StackAddr ? def : NONE;
  }

  private fail(code: SafepointErrorCode, message: string, block: Block | null, inst: Inst | null): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push(safepointError(code, message, { block, inst }));
  }

  private matchBlocks(): void {
    const { before, after } = this;
    for (let b = before.layout.entryBlock; b !== NONE; b = before.layout.nextBlock(b)) {
      if (b >= after.dfg.numBlocks || !after.layout.isBlockInserted(b)) {
        this.fail("missing-block", `block${b} is gone`, b, null);
      } else {
        this.original[b] = 1;
        this.targets[b] = b;
        this.matchParams(b);
      }
    }
    if (this.errors.length > 0) return;
    let expected = before.layout.entryBlock;
    for (let a = after.layout.entryBlock; a !== NONE; a = after.layout.nextBlock(a)) {
      if (!this.isOriginal(a)) {
        if (a === after.layout.entryBlock) this.fail("changed-block", `block${a} is entered first`, a, null);
      } else {
        if (a !== expected)
          this.fail("changed-block", `block${a} stands where block${expected} should`, a, null);
        if (this.errors.length > 0 || expected === NONE) return;
        expected = before.layout.nextBlock(expected);
      }
    }
  }

  private matchParams(block: Block): void {
    const before = this.before.dfg;
    const after = this.after.dfg;
    for (let i = 0; i < before.blockParamCount(block); i++) {
      const param = before.blockParam(block, i);
      const same =
        i < after.blockParamCount(block) &&
        after.blockParam(block, i) === param &&
        after.valueType(param) === before.valueType(param);
      if (!same)
        this.fail("changed-block", `parameter ${i} of block${block} is no longer v${param}`, block, null);
    }
  }

  private matchInstructions(): void {
    const { layout } = this.after;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      this.matchBlock(block);
    }
  }

  /** One error a block: after the first, what follows is out of step. */
  private matchBlock(block: Block): void {
    const { before, after } = this;
    let expected = this.isOriginal(block) ? before.layout.firstInst(block) : NONE;
    for (let inst = after.layout.firstInst(block); inst !== NONE; inst = after.layout.nextInst(inst)) {
      const added = this.addedKind(inst);
      if (added === Added.None) {
        const difference = this.difference(expected, inst);
        if (difference !== null) {
          this.failInst(block, expected, inst, difference);
          return;
        }
        this.origins[inst] = expected;
        expected = before.layout.nextInst(expected as Inst);
        if (!this.checkEnd(block, inst, expected)) return;
      } else if (!this.checkAdded(block, inst, added)) {
        return;
      }
    }
    if (expected !== NONE) {
      this.fail("missing-instruction", `${this.opcodeOf(expected)} of block${block} is gone`, block, null);
    }
    const last = after.layout.lastInst(block);
    if (!this.isOriginal(block) && (last === NONE || after.dfg.opcode(last) !== Op.Jump)) {
      this.fail("added-instruction", `the added block${block} does not end in a jump`, block, null);
    }
  }

  /** A block ends with its terminator, in BEFORE and with what has been added. */
  private checkEnd(block: Block, inst: Inst, next: Inst | typeof NONE): boolean {
    const { dfg, layout } = this.after;
    const ends = isTerminator(dfg.opcode(inst));
    if (ends !== (next === NONE)) {
      this.fail(
        "before-invalid",
        `block${block} of BEFORE does not end with its one terminator`,
        block,
        inst,
      );
      return false;
    }
    if (!ends || layout.nextInst(inst) === NONE) return true;
    this.fail(
      "added-instruction",
      `an instruction behind the end of block${block}`,
      block,
      layout.nextInst(inst) as Inst,
    );
    return false;
  }

  private opcodeOf(inst: Inst): string {
    return `the ${opcodeName(this.before.dfg.opcode(inst))}`;
  }

  private difference(expected: Inst | typeof NONE, inst: Inst): string | null {
    if (expected === NONE) return "nothing follows in BEFORE";
    return this.comparer.difference(this.before, expected, this.after, inst);
  }

  private failInst(block: Block, expected: Inst | typeof NONE, inst: Inst, difference: string): void {
    const found = opcodeName(this.after.dfg.opcode(inst));
    // The instruction after the expected one in its place: the expected one was left out.
    const next = expected === NONE ? NONE : this.before.layout.nextInst(expected);
    if (expected === NONE || !this.before.layout.isBlockInserted(block)) {
      this.fail("added-instruction", `${found} is not in BEFORE: ${difference}`, block, inst);
    } else if (next !== NONE && this.comparer.difference(this.before, next, this.after, inst) === null) {
      this.fail(
        "missing-instruction",
        `${this.opcodeOf(expected)} before this ${found} is gone`,
        block,
        inst,
      );
    } else {
      const wanted = this.opcodeOf(expected);
      this.fail("changed-instruction", `${found} stands where ${wanted} should: ${difference}`, block, inst);
    }
  }

  private checkAdded(block: Block, inst: Inst, added: number): boolean {
    const message = this.complaint(block, inst, added);
    if (message === null) return true;
    this.fail(added === Added.Foreign ? "added-instruction" : "added-access", message, block, inst);
    return false;
  }

  private complaint(block: Block, inst: Inst, added: number): string | null {
    const { dfg, layout } = this.after;
    const name = opcodeName(dfg.opcode(inst));
    if (added === Added.Foreign)
      return `${name} is not in BEFORE, and is neither spill nor reload nor constant`;
    if (added === Added.Address && dfg.stackSlot(inst) < this.before.stackSlots.length) {
      return `an added address of ss${dfg.stackSlot(inst)}, a slot of the program's own`;
    }
    if (added === Added.Jump && layout.nextInst(inst) !== NONE)
      return `a jump within the added block${block}`;
    if (added === Added.Address && dfg.valueType(dfg.firstResult(inst)) !== this.before.pointerType) {
      return `an address of type ${typeName(dfg.valueType(dfg.firstResult(inst)))}`;
    }
    return added === Added.Reload || added === Added.Spill ? this.accessComplaint(inst, added) : null;
  }

  private accessComplaint(inst: Inst, added: number): string | null {
    const { dfg } = this.after;
    const address = this.addressOf(inst);
    if (address === NONE) return "an added load from something else than an added stack_addr";
    const slot = dfg.stackSlot(address);
    if (slot >= this.after.stackSlots.length) return `ss${slot} does not exist`;
    const flags = dfg.memFlags(inst);
    if (endianness(flags) !== null) return "an access of a slot in a byte order of its own";
    if (added === Added.Reload && (isReadonly(flags) || isCanMove(flags))) {
      return "a reload that may be moved over the safepoint before it (readonly, can_move)";
    }
    const type = dfg.valueType(added === Added.Reload ? dfg.firstResult(inst) : dfg.arg(inst, 0));
    const start = dfg.offset(address) + dfg.offset(inst);
    const size = this.after.stackSlots[slot]!.sizeBytes;
    if (isDynamicVector(type)) return "a dynamic vector in a slot";
    return start < 0 || start + bytesOf(type) > size
      ? `bytes ${start} to ${start + bytesOf(type)} of ss${slot}, which has ${size}`
      : null;
  }

  /** Follows added blocks to the block of BEFORE that they lead to. */
  private findTargets(): void {
    const { layout, dfg } = this.after;
    const { targets, chain } = this;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      chain.clear();
      let at: Block = block;
      while (targets[at] === NONE && chain.length <= dfg.numBlocks) {
        chain.push(at);
        at = dfg.blockCalls.block(dfg.destination(layout.lastInst(at) as Inst, 0));
        if (at >= dfg.numBlocks || !layout.isBlockInserted(at)) break;
      }
      const target = at < dfg.numBlocks && layout.isBlockInserted(at) ? targets[at]! : NONE;
      for (let i = 0; i < chain.length; i++) targets[chain.get(i)] = target;
      if (target === NONE) {
        this.fail("changed-destination", `the added block${block} leads nowhere`, block, null);
        return;
      }
    }
  }

  private matchDestinations(): void {
    const { layout } = this.before;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      const inst = layout.lastInst(block);
      const copy = this.after.layout.lastInst(block);
      if (inst === NONE || copy === NONE) {
        this.fail("before-invalid", `block${block} of BEFORE is empty`, block, null);
        continue;
      }
      const count = this.before.dfg.destinationCount(inst);
      for (let i = 0; i < count; i++) this.matchDestination(block, inst, copy, i);
    }
    this.checkArgCounts(this.before, "before-invalid");
    this.checkArgCounts(this.after, "changed-destination");
  }

  private matchDestination(block: Block, inst: Inst, copy: Inst, index: number): void {
    const wanted = this.before.dfg.blockCalls.block(this.before.dfg.destination(inst, index));
    const found = this.after.dfg.blockCalls.block(this.after.dfg.destination(copy, index));
    const arrives =
      found < this.after.dfg.numBlocks && this.after.layout.isBlockInserted(found)
        ? this.targets[found]!
        : NONE;
    if (arrives === wanted) return;
    const message = `destination ${index} is block${wanted} in BEFORE, here it leads to block${arrives === NONE ? found : arrives}`;
    this.fail("changed-destination", message, block, copy);
  }

  /** Every branch passes as many arguments as its destination has parameters. */
  private checkArgCounts({ layout, dfg }: Function, code: SafepointErrorCode): void {
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      const last = layout.lastInst(block);
      if (last === NONE) continue;
      const count = dfg.destinationCount(last);
      for (let i = 0; i < count; i++) {
        const call = dfg.destination(last, i);
        const to = dfg.blockCalls.block(call);
        if (dfg.blockCalls.argCount(call) === dfg.blockParamCount(to)) continue;
        const where = code === "before-invalid" ? " in BEFORE" : "";
        this.fail(code, `block${to} is passed a wrong number of arguments${where}`, block, null);
      }
    }
  }

  private reserve(after: Function): void {
    const insts = after.dfg.numInsts;
    const blocks = after.dfg.numBlocks;
    if (this.origins.length < insts) this.origins = new Int32Array(grownCapacity(this.origins.length, insts));
    if (this.original.length < blocks) {
      const capacity = grownCapacity(this.original.length, blocks);
      this.original = new Uint8Array(capacity);
      this.targets = new Int32Array(capacity);
    }
    this.origins.fill(NONE, 0, insts);
    this.original.fill(0, 0, blocks);
    this.targets.fill(NONE, 0, blocks);
  }
}
