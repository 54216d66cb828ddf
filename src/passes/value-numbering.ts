/**
 * Leaves out what was computed, loaded or checked before: on a walk over the dominator tree, an operation on the same operands
 * is replaced by the first one's result, a load by what the field is known to hold, a null check of what is not null by nothing,
 * and a branch whose condition is known by a jump.
 *
 * Which accesses are those of fields is told by their address: a declared reference, or that of an object which never moves,
 * plus a constant, `notrap aligned`. Objects of one layout hold one field at an offset, so a store ends what was known of fields at the same offset only, whatever object
 * it is in. A store to an address computed from a reference is one to an element of an array, which no access to a field reads,
 * and at other constant addresses there are no objects; stores elsewhere and calls end everything. `readonly` loads (lengths, immutable
 * fields) are ended by nothing.
 *
 * An address made by arithmetic on a reference is not reused: a collection in between would leave it behind. References themselves
 * are, since the spiller comes later, and comparisons of them, since all copies move together, and tests of their types, which do
 * not change.
 *
 * Needs a valid function before the spiller. Blocks that can no longer be reached stay; `merge-blocks.ts` drops them.
 * Scoped hash tables on the dominator tree: Briggs, Cooper and Simpson, "Value Numbering", SP&E 27(6), 1997.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { fillBytes, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { INT_CONDITIONS } from "../ir/conditions.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { isReadonly, memTrapCode } from "../ir/memflags.ts";
import { WASM_OPERATORS } from "../ir/names.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, type Opcode, OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { NO_TRAP } from "../ir/trap-codes.ts";
import { I32 } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { type Facts, NO_FACTS } from "./facts.ts";
import { foldInt32, foldWithZero, ZERO_IS_NEUTRAL } from "./fold-integers.ts";
import { nameArguments } from "./merge-blocks.ts";
import { NonNullParams } from "./non-null-params.ts";
import { computesSame, constantOf, isPure, operationHash } from "./same-operations.ts";
import { Known, ScopedValues } from "./scoped-values.ts";
import { isLinkedAddress, isZeroOfNull } from "./zero-behind-null.ts";

const EQ = INT_CONDITIONS.indexOf("eq");
const NE = INT_CONDITIONS.indexOf("ne");

/** For one function; a compiler of many keeps a `ValueNumbering`. */
export function valueNumbering(func: Function, facts: Facts = NO_FACTS): number {
  return new ValueNumbering().run(func, facts);
}

export class ValueNumbering {
  private readonly cfg: ControlFlowGraph;
  private readonly dominators: DominatorTree;
  private readonly scoped: ScopedValues;
  private readonly params: NonNullParams;
  private readonly open: I32List;
  /** By value: declared to need stack maps, or an object that never moves; made of such a value by arithmetic; never null. */
  private declared: Uint8Array;
  private derived: Uint8Array;
  private nonNull: Uint8Array;
  private func: Function | null;
  private facts: Facts | null;
  private cursor: FuncCursor | null;
  private changes: number;

  constructor() {
    this.cfg = new ControlFlowGraph();
    this.dominators = new DominatorTree();
    this.scoped = new ScopedValues();
    this.params = new NonNullParams();
    this.open = new I32List();
    this.declared = new Uint8Array(0);
    this.derived = new Uint8Array(0);
    this.nonNull = new Uint8Array(0);
    this.func = null;
    this.facts = null;
    this.cursor = null;
    this.changes = 0;
  }

  /** Returns how many instructions were left out or changed. */
  run(func: Function, facts: Facts): number {
    this.func = func;
    this.facts = facts;
    if (this.cursor?.func !== func) this.cursor = new FuncCursor(func);
    this.changes = 0;
    this.cfg.compute(func);
    this.dominators.compute(func, this.cfg);
    this.noteReferences(func, facts);
    this.scoped.begin(func.dfg.numValues, func.dfg.numInsts);
    this.open.clear();
    for (let i = 0; i < this.dominators.reachableCount; i++) this.visit(this.dominators.inPreorder(i));
    return this.changes;
  }

  private noteReferences(func: Function, facts: Facts): void {
    const { dfg } = func;
    const count = dfg.numValues;
    if (this.declared.length < count) {
      this.declared = new Uint8Array(count * 2);
      this.derived = new Uint8Array(count * 2);
      this.nonNull = new Uint8Array(count * 2);
    }
    fillBytes(this.declared, 0, 0, count);
    fillBytes(this.derived, 0, 0, count);
    fillBytes(this.nonNull, 0, 0, count);
    const { needsStackMap } = func;
    const { staticObjects, nonNull } = facts;
    for (let i = 0; i < needsStackMap.length; i++) this.declared[dfg.resolveAliases(needsStackMap[i]!)] = 1;
    // An access to one may be to the same field as an access by way of a declared reference.
    for (let i = 0; i < staticObjects.length; i++)
      this.declared[dfg.resolveAliases(staticObjects.get(i) as Value)] = 1;
    // What became an alias was a parameter: not null where it stood, which what it stands for need not have been before.
    for (let i = 0; i < nonNull.length; i++) {
      const value = nonNull.get(i) as Value;
      if (dfg.resolveAliases(value) === value) this.nonNull[value] = 1;
    }
    this.params.compute(func, this.declared, this.nonNull);
  }

  private visit(block: Block): void {
    const { scoped, open, dominators } = this;
    const idom = dominators.idom(block);
    while (open.length > 0 && open.get(open.length - 1) !== idom) {
      open.pop();
      scoped.leave();
    }
    const straight = this.cfg.predecessorCount(block) === 1;
    scoped.enter(straight);
    if (straight) {
      this.learnFromBranch(this.cfg.predecessorInst(block, 0), block);
      this.nameParams(block);
    }
    open.push(block);
    const { layout } = this.func!;
    let inst = layout.firstInst(block);
    while (inst !== NONE) {
      const next = layout.nextInst(inst);
      this.visitInst(inst);
      inst = next;
    }
    scoped.finish();
  }

  /** What the branch that leads to the block, and nowhere else to it, says of its condition. */
  private learnFromBranch(branch: Inst, block: Block): void {
    const { dfg } = this.func!;
    if (dfg.format(branch) !== Format.Brif) return;
    const isTaken = dfg.blockCalls.block(dfg.destination(branch, 0)) === block;
    this.learn(dfg.arg(branch, 0), isTaken ? Known.NonZero : Known.Zero);
  }

  /** Makes the parameters of a block that one edge leads to aliases of what it passes, of which the branch may have said something. */
  private nameParams(block: Block): void {
    const { func, cfg } = this;
    const { dfg } = func!;
    const count = dfg.blockParamCount(block);
    if (count === 0) return;
    const call = cfg.predecessorCall(func!, block, 0);
    for (let i = 0; i < count; i++) {
      const arg = dfg.blockCalls.arg(call, i);
      if (isValueArg(arg) && this.nonNull[dfg.blockParam(block, i)] !== 0)
        this.learn(argValue(arg), Known.NonZero);
    }
    this.changes += nameArguments(func!, call, block);
  }

  // Facts.

  private knownOf(value: Value): number {
    if (this.nonNull[value] !== 0) return Known.NonZero;
    const known = this.scoped.knownOf(value);
    if (known !== Known.Nothing) return known;
    const constant = constantOf(this.func!.dfg, value);
    if (constant === null) return Known.Nothing;
    return constant === 0 ? Known.Zero : Known.NonZero;
  }

  /**
   * Of a value, and of what it was made of: through extensions, comparisons with zero, and where what lies behind null is zero, loads and
   * comparisons with addresses, which are never 0.
   */
  private learn(learned: Value, known: number): void {
    const { dfg } = this.func!;
    let value = dfg.resolveAliases(learned);
    let now = known;
    while (this.knownOf(value) === Known.Nothing) {
      this.scoped.learn(value, now);
      if (dfg.valueKind(value) !== ValueKind.Result) return;
      const inst = dfg.valueInst(value);
      const op = dfg.opcode(inst);
      if (op === Op.Icmp) {
        const subject = this.comparedWithZero(inst);
        if (subject !== NONE) {
          value = subject as Value;
          if (dfg.condition(inst) === EQ) now = now === Known.Zero ? Known.NonZero : Known.Zero;
        } else if (now === Known.NonZero && this.equalsAddress(inst)) {
          value = dfg.resolveAliases(dfg.arg(inst, 0));
        } else {
          return;
        }
      } else if (op === Op.Load) {
        if (now !== Known.NonZero || !isZeroOfNull(this.func!, inst, this.facts!.zeroBytes)) return;
        value = dfg.resolveAliases(dfg.arg(inst, 0));
      } else if (op === Op.Bor) {
        if (now !== Known.Zero) return;
        this.learn(dfg.arg(inst, 1), now);
        value = dfg.resolveAliases(dfg.arg(inst, 0));
      } else if (op === Op.Call) {
        const passed =
          now === Known.NonZero && this.facts!.typeTestOf(this.func!, inst)?.nullPasses === false;
        if (!passed) return;
        value = dfg.resolveAliases(dfg.arg(inst, 0));
      } else if (op === Op.Uextend) {
        value = dfg.resolveAliases(dfg.arg(inst, 0));
      } else {
        return;
      }
    }
  }

  /** Whether an `icmp` asks if something equals what is never 0, where a load from null gives that. */
  private equalsAddress(inst: Inst): boolean {
    const { dfg } = this.func!;
    if (this.facts!.zeroBytes === 0 || dfg.condition(inst) !== EQ) return false;
    return isLinkedAddress(this.func!, dfg.arg(inst, 1));
  }

  /** What an `icmp` compares with zero for equality, or `NONE`. */
  private comparedWithZero(inst: Inst): Value | typeof NONE {
    const { dfg } = this.func!;
    const condition = dfg.condition(inst);
    if (condition !== EQ && condition !== NE) return NONE;
    if (constantOf(this.func!.dfg, dfg.resolveAliases(dfg.arg(inst, 1))) !== 0) return NONE;
    return dfg.resolveAliases(dfg.arg(inst, 0));
  }

  // Instructions.

  private visitInst(inst: Inst): void {
    const { dfg } = this.func!;
    const op = dfg.opcode(inst);
    const flags = opcodeFlags(op);
    for (let i = 0; i < dfg.argCount(inst); i++) dfg.setArg(inst, i, dfg.resolveAliases(dfg.arg(inst, i)));
    if (op === Op.Trapz || op === Op.Trapnz) this.visitCheck(inst, op === Op.Trapz);
    else if (op === Op.Brif) this.visitBranch(inst);
    else if (op === Op.Load) this.visitLoad(inst);
    else if (op === Op.Store) this.visitStore(inst);
    else if ((flags & OpFlag.Call) !== 0) this.visitCall(inst);
    else if ((flags & (OpFlag.Store | OpFlag.SideEffect)) !== 0) this.scoped.endAllFields();
    else if (isPure(op, flags) && dfg.resultCount(inst) === 1) this.visitPure(inst, op);
  }

  private visitCheck(inst: Inst, trapsOnZero: boolean): void {
    const { dfg, layout } = this.func!;
    const value = dfg.arg(inst, 0);
    const passing = trapsOnZero ? Known.NonZero : Known.Zero;
    if (this.knownOf(value) === passing) {
      layout.removeInst(inst);
      this.changes++;
    } else {
      this.learn(value, passing);
    }
  }

  private visitBranch(inst: Inst): void {
    const { dfg, layout } = this.func!;
    const known = this.knownOf(dfg.arg(inst, 0));
    if (known === Known.Nothing) return;
    const taken = dfg.destination(inst, known === Known.NonZero ? 0 : 1);
    layout.insertInstBefore(dfg.newInst(Op.Jump, 0, taken, 0), inst);
    layout.removeInst(inst);
    this.changes++;
  }

  private visitCall(inst: Inst): void {
    const { dfg } = this.func!;
    if (dfg.format(inst) === Format.Call && this.isOperator(inst)) {
      if (dfg.resultCount(inst) === 0 || dfg.argCount(inst) > 1) this.scoped.endAllFields();
      return;
    }
    const test = dfg.format(inst) === Format.Call ? this.facts!.typeTestOf(this.func!, inst) : null;
    if (test !== null) {
      if (this.knownOf(dfg.arg(inst, 0)) !== Known.Zero) this.replaceIfKnown(inst);
      else this.becomeConstant(inst, dfg.firstResult(inst), test.nullPasses ? 1 : 0);
      return;
    }
    const made = dfg.format(inst) === Format.Call ? this.facts!.allocationOf(this.func!, inst) : null;
    if (made === null) {
      this.scoped.endAllFields();
      return;
    }
    const object = dfg.firstResult(inst);
    for (const offset of made.offsets) if (offset >= 0) this.scoped.add(fieldHash(object, offset), inst);
  }

  private isOperator(inst: Inst): boolean {
    const { dfg } = this.func!;
    const { name } = dfg.extFuncs[dfg.funcRef(inst)]!;
    return name.kind === "user" && dfg.userNames.namespace(name.ref) === WASM_OPERATORS;
  }

  // Fields.

  private isField(inst: Inst, address: Value): boolean {
    const { dfg } = this.func!;
    return this.declared[address] !== 0 && memTrapCode(dfg.memFlags(inst)) === NO_TRAP;
  }

  private visitStore(inst: Inst): void {
    const { dfg } = this.func!;
    const address = dfg.arg(inst, 1);
    if (!this.isField(inst, address)) {
      if (this.derived[address] === 0 && !this.isFixedAddress(address)) this.scoped.endAllFields();
      return;
    }
    const offset = dfg.offset(inst);
    this.scoped.endFieldsAt(offset);
    this.scoped.add(fieldHash(address, offset), inst);
  }

  /** Of static data that is no object's. */
  private isFixedAddress(address: Value): boolean {
    const { dfg } = this.func!;
    if (dfg.valueKind(address) !== ValueKind.Result) return false;
    const op = dfg.opcode(dfg.valueInst(address));
    return op === Op.Iconst || op === Op.SymbolValue;
  }

  private visitLoad(inst: Inst): void {
    const { dfg } = this.func!;
    const address = dfg.arg(inst, 0);
    const flags = dfg.memFlags(inst);
    const field = this.isField(inst, address);
    const fixed = isReadonly(flags) && memTrapCode(flags) === NO_TRAP && this.derived[address] === 0;
    if (!field && !fixed) return;
    const hash = fieldHash(address, dfg.offset(inst));
    const held = this.heldBy(inst, address, hash);
    if (held === NONE) this.scoped.add(hash, inst);
    else this.replace(inst, held as Value);
  }

  /** The value that the field of a load is known to hold, or `NONE`. */
  private heldBy(load: Inst, address: Value, hash: number): Value | typeof NONE {
    const { dfg } = this.func!;
    const { scoped } = this;
    const offset = dfg.offset(load);
    const type = dfg.valueType(dfg.firstResult(load));
    for (let entry = scoped.first(hash); entry >= 0; entry = scoped.next(entry)) {
      const source = scoped.item(entry) as Inst;
      const op = dfg.opcode(source);
      if (op !== Op.Load && op !== Op.Store && op !== Op.Call) continue;
      const value = this.valueFor(source, op, address, offset);
      if (value === NONE) continue;
      if (!isReadonly(dfg.memFlags(load)) && !scoped.isCurrent(entry, offset)) return NONE;
      return dfg.valueType(value as Value) === type ? value : NONE;
    }
    return NONE;
  }

  /** What a load, store or allocation says of the field, or `NONE` if it is about another. */
  private valueFor(source: Inst, op: number, address: Value, offset: number): Value | typeof NONE {
    const { dfg } = this.func!;
    if (op === Op.Load) {
      const same = dfg.arg(source, 0) === address && dfg.offset(source) === offset;
      return same ? dfg.resolveAliases(dfg.firstResult(source)) : NONE;
    }
    if (op === Op.Store) {
      const same = dfg.arg(source, 1) === address && dfg.offset(source) === offset;
      return same ? dfg.arg(source, 0) : NONE;
    }
    if (dfg.resultCount(source) === 0 || dfg.firstResult(source) !== address) return NONE;
    const index = this.facts!.allocationOf(this.func!, source)?.offsets.indexOf(offset) ?? -1;
    return index < 0 ? NONE : dfg.arg(source, index);
  }

  // Pure operations.

  private visitPure(inst: Inst, op: Opcode): void {
    const { dfg } = this.func!;
    const result = dfg.firstResult(inst);
    if (this.simplify(inst, op)) return;
    if (this.declared[result] === 0 && op !== Op.Icmp && this.usesReference(inst)) {
      this.derived[result] = 1;
      return;
    }
    if (op === Op.Icmp && this.visitComparison(inst, result)) return;
    if (this.fold(inst, op, result)) return;
    this.replaceIfKnown(inst);
  }

  /** By the result of the same operation on the same operands. */
  private replaceIfKnown(inst: Inst): void {
    const { dfg } = this.func!;
    const hash = operationHash(this.func!.dfg, inst);
    for (let entry = this.scoped.first(hash); entry >= 0; entry = this.scoped.next(entry)) {
      const leader = this.scoped.item(entry) as Inst;
      if (!computesSame(this.func!.dfg, leader, inst)) continue;
      this.replace(inst, dfg.firstResult(leader));
      return;
    }
    this.scoped.add(hash, inst);
  }

  /** Of a comparison of something with zero whose answer is known, that answer; the comparison itself stays for its uses. */
  private visitComparison(inst: Inst, result: Value): boolean {
    const subject = this.comparedWithZero(inst);
    if (subject === NONE) return false;
    const known = this.knownOf(subject as Value);
    if (known === Known.Nothing) return false;
    const holds = (known === Known.Zero) === (this.func!.dfg.condition(inst) === EQ);
    this.becomeConstant(inst, result, holds ? 1 : 0);
    return true;
  }

  private usesReference(inst: Inst): boolean {
    const { dfg } = this.func!;
    for (let i = 0; i < dfg.argCount(inst); i++) {
      const arg = dfg.arg(inst, i);
      if (this.declared[arg] !== 0 || this.derived[arg] !== 0) return true;
    }
    return false;
  }

  /** Adding nothing and shifting by nothing gives the operand; of two constants added one after the other the sum is added. */
  private simplify(inst: Inst, op: Opcode): boolean {
    const { dfg } = this.func!;
    if (!ZERO_IS_NEUTRAL.has(op) || dfg.valueType(dfg.firstResult(inst)) !== I32) return false;
    const x = dfg.arg(inst, 0);
    const y = dfg.valueType(dfg.arg(inst, 1)) === I32 ? constantOf(this.func!.dfg, dfg.arg(inst, 1)) : null;
    if (y === null) return false;
    if (y === 0) {
      this.replace(inst, x);
      return true;
    }
    if (op !== Op.Iadd || dfg.valueKind(x) !== ValueKind.Result) return false;
    const inner = dfg.valueInst(x);
    if (dfg.opcode(inner) !== Op.Iadd) return false;
    const added = constantOf(this.func!.dfg, dfg.resolveAliases(dfg.arg(inner, 1)));
    if (added === null) return false;
    const sum = this.cursor!.beforeInst(inst).iconst(I32, (added + y) >>> 0);
    this.growColumns(dfg.numValues);
    dfg.setArg(inst, 0, dfg.resolveAliases(dfg.arg(inner, 0)));
    dfg.setArg(inst, 1, sum);
    return false;
  }

  /** An operation on constants becomes one. */
  private fold(inst: Inst, op: Opcode, result: Value): boolean {
    const { dfg } = this.func!;
    const count = dfg.argCount(inst);
    if (count === 0 || count > 2 || dfg.valueType(result) > I32) return false;
    if (op === Op.Icmp) {
      const left = constantOf(this.func!.dfg, dfg.arg(inst, 0));
      const right = constantOf(this.func!.dfg, dfg.arg(inst, 1));
      const answer = foldWithZero(dfg.condition(inst), left, right);
      if (answer !== null) this.becomeConstant(inst, result, answer);
      if (answer !== null) return true;
    }
    const x = constantOf(this.func!.dfg, dfg.arg(inst, 0));
    if (x === null) return false;
    if (count === 1) {
      if (op !== Op.Uextend || dfg.valueType(dfg.arg(inst, 0)) === I32) return false;
      if (x !== 0 && x !== 1) return false;
      this.becomeConstant(inst, result, x);
      return true;
    }
    const y = constantOf(this.func!.dfg, dfg.arg(inst, 1));
    if (y === null || dfg.valueType(dfg.arg(inst, 0)) !== I32 || dfg.valueType(dfg.arg(inst, 1)) !== I32) {
      return false;
    }
    const folded = foldInt32(op, op === Op.Icmp ? dfg.condition(inst) : 0, x, y);
    if (folded === null) return false;
    this.becomeConstant(inst, result, folded);
    return true;
  }

  private becomeConstant(inst: Inst, result: Value, constant: number): void {
    const type = this.func!.dfg.valueType(result);
    const value = this.cursor!.beforeInst(inst).iconst(type, constant >>> 0);
    this.growColumns(value + 1);
    this.replace(inst, value);
  }

  private growColumns(values: number): void {
    this.scoped.reserve(values);
    if (values <= this.declared.length) {
      this.declared[values - 1] = 0;
      this.derived[values - 1] = 0;
      this.nonNull[values - 1] = 0;
      return;
    }
    const grown = [this.declared, this.derived, this.nonNull].map((column) => {
      const wider = new Uint8Array(values * 2);
      wider.set(column);
      return wider;
    });
    [this.declared, this.derived, this.nonNull] = grown as [Uint8Array, Uint8Array, Uint8Array];
  }

  private replace(inst: Inst, value: Value): void {
    const { dfg, layout } = this.func!;
    const result = dfg.firstResult(inst);
    dfg.detachResults(inst);
    dfg.changeToAlias(result, value);
    layout.removeInst(inst);
    this.changes++;
  }
}

function fieldHash(address: Value, offset: number): number {
  const hash = Math.imul(address, 0x9e3779b1) ^ Math.imul(offset, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
