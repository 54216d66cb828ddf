/**
 * Emits one CLIF function as the body of a Wasm function.
 *
 *     control-tree.ts      which blocks nest where
 *     trees.ts             which values stay on the operand stack
 *     locals.ts            which local each of the others lives in
 *     frame.ts             where stack slots lie on the shadow stack
 *     lower-*.ts           what each instruction becomes
 *     named-maps.ts        which stack map the frame names where a block begins
 *     scope-emitter.ts     which labels are open, and branches to them
 *     handler-emitter.ts   calls with a handler
 *     move-emitter.ts      how the arguments of a branch reach the parameters
 *
 * Control is walked with an explicit stack of what is still to be emitted, so deep nesting in the input is no recursion
 * here.
 *
 * The function must be verified and its flow reducible.
 */

import { Arena } from "../base/arena.ts";
import { ByteWriter } from "../base/byte-writer.ts";
import { InputError } from "../base/diagnostics.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, isTerminator } from "../ir/opcodes.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import { I64 } from "../ir/types.ts";
import type { RelocatableCode } from "../object/code.ts";
import { MAX_BODY_BYTES, MAX_LOCALS } from "../wasm/limits.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { assembleBody } from "./assemble-body.ts";
import { pushCondition, pushOpposite } from "./conditions.ts";
import type { ModuleIndices } from "./environment.ts";
import { HandlerEmitter } from "./handler-emitter.ts";
import { keepsOperands, lowerInstruction } from "./lower-instruction.ts";
import { bodyTooLarge, irreducibleFlow, tooManyLocals } from "./messages.ts";
import { NamedMaps } from "./named-maps.ts";
import { EMPTY_BLOCK, Pending } from "./scope-emitter.ts";
import { TrapScopes } from "./trap-scopes.ts";
import { Place } from "./trees.ts";
import { WASM_TYPE_BYTES, wasmTypeOf } from "./wasm-types.ts";

export class FunctionEmitter extends HandlerEmitter {
  /** The merge block, and the one parameter of it, that the arms at hand leave a value on the stack for; or `NONE`. */
  private valuedMerge: Block | typeof NONE;
  private valuedParam: Value | typeof NONE;
  private readonly trapScopes: TrapScopes;
  private readonly namedMaps: NamedMaps;
  /** Whether the code ends with the function's results on the stack, or in a trap. */
  private endsInReturn: boolean;
  /** Where the code ends, if nothing that stands there is reached from what is before it. */
  private stopsAt: number;
  /** What comes before the code. */
  private readonly header: ByteWriter;
  /** What bodies lie in. */
  private readonly arena: Arena;

  constructor() {
    super();
    this.valuedMerge = NONE;
    this.valuedParam = NONE;
    this.trapScopes = new TrapScopes();
    this.namedMaps = new NamedMaps();
    this.endsInReturn = false;
    this.stopsAt = -1;
    this.header = new ByteWriter();
    this.arena = new Arena();
  }

  /** Of the last function's frame on the shadow stack. */
  get frameBytes(): number {
    return this.frame.sizeBytes;
  }

  /**
   * The body: local declarations, code and `end`, without the size in front.
   * Throws `InputError` for what Wasm cannot do.
   */
  emit(func: Function, indices: ModuleIndices): RelocatableCode {
    const entry = func.layout.entryBlock;
    this.beginCode(func, indices);
    const { params, returns } = func.signature;
    for (let i = 0; i < params.length; i++) wasmTypeOf(params[i]!.type);
    for (let i = 0; i < returns.length; i++) wasmTypeOf(returns[i]!.type);
    this.frame.compute(func, indices.symbols !== null, indices.frameBase);
    this.control.compute(func);
    if (this.control.isIrreducible) throw new InputError(irreducibleFlow());
    this.trees.compute(func, this.control, keepsOperands);
    const takesStack = indices.stackSource === "parameter";
    this.locals.compute(func, this.control, this.trees, keepsOperands, takesStack ? 1 : 0);
    if (takesStack) this.stackParam = params.length;
    if (func.hasSourceLocs) this.locateEntry(func);
    this.enterFrame();
    if (this.frame.sizeBytes > 0) this.namedMaps.compute(func, this.control, this.keepsFrame);
    if (entry !== NONE) this.emitTree(entry);
    // Code after the last branch cannot be reached, but the function's results must type-check.
    if (!this.endsInReturn && !this.stopsHere) this.op(WasmOp.Unreachable);
    this.op(WasmOp.End);
    const positions = func.hasSourceLocs ? this.positions : null;
    const code = assembleBody(
      this.header,
      this.locals,
      this.out,
      { places: this.places, positions },
      this.arena,
    );
    const { countOfAll } = this.locals;
    if (countOfAll > MAX_LOCALS) throw new InputError(tooManyLocals(countOfAll, MAX_LOCALS));
    if (code.bytes.length > MAX_BODY_BYTES)
      throw new InputError(bodyTooLarge(code.bytes.length, MAX_BODY_BYTES));
    return code;
  }

  /** What enters the frame comes from where the function begins. */
  private locateEntry({ layout }: Function): void {
    let inst = layout.firstInst(layout.entryBlock as Block);
    while (inst !== NONE && this.location === NONE) {
      this.locate(inst);
      inst = layout.nextInst(inst);
    }
  }

  // Control.

  private emitTree(entry: Block): void {
    this.beginScopes();
    this.endsInReturn = false;
    this.stopsAt = -1;
    this.valuedMerge = NONE;
    this.trapScopes.compute(this.func, this.control);
    for (let i = 0; i < this.trapScopes.count; i++) {
      const code = this.trapScopes.codeAt(i);
      this.postpone(Pending.Trap, code, NONE);
      this.trapScopes.setScope(code, this.openScopes);
      this.openScope(WasmOp.Block, NONE);
    }
    this.postpone(Pending.Tree, entry, NONE);
    while (this.pendingKinds.length > 0) {
      const kind = this.pendingKinds.pop();
      const item = this.pendingItems.pop();
      const from = this.pendingFroms.pop();
      switch (kind) {
        case Pending.Tree:
          this.openTree(item as Block);
          break;
        case Pending.Within:
          this.openWithin(from as Block, item as Block);
          break;
        case Pending.Close:
          this.closeScope();
          break;
        case Pending.Else:
          this.emitElse();
          break;
        case Pending.Value:
          this.valuedMerge = NONE;
          this.localSet(this.locals.localOf(item as Value));
          break;
        case Pending.Trap:
          this.trap(item as TrapCode);
          this.endsInReturn = true;
          break;
        default:
          this.emitBranch(from as Block, item as BlockCall);
      }
    }
  }

  /** Unless the arm that follows has no code, or need not be an arm since the one before it never ends. */
  private emitElse(): void {
    const call = this.pendingItems.pop() as BlockCall;
    const block = this.pendingFroms.pop() as Block;
    this.pendingKinds.pop();
    if (this.stopsHere) {
      // The end of the `if` comes here instead.
      this.pendingItems.pop();
      this.pendingFroms.pop();
      this.pendingKinds.pop();
      this.closeScope();
      this.emitBranch(block, call);
      return;
    }
    if (this.isPlain(block, call) && this.fallsThrough(block, call)) return;
    this.op(WasmOp.Else);
    this.postpone(Pending.Branch, call, block);
  }

  private get stopsHere(): boolean {
    return this.stopsAt === this.out.length;
  }

  private openTree(block: Block): void {
    if (this.control.isLoopHeader(block)) this.openScope(WasmOp.Loop, block);
    this.openWithin(block, this.control.firstMerge(block));
  }

  private openWithin(block: Block, merge: Block | typeof NONE): void {
    let next = merge;
    while (next !== NONE) {
      const following = this.control.nextMerge(next as Block);
      this.postpone(Pending.Tree, next, NONE);
      if (following !== NONE || !this.endsInArms(block, next as Block)) this.openScope(WasmOp.Block, next);
      else this.noteValue(block, next as Block);
      next = following;
    }
    this.emitBlock(block);
  }

  /** Whether the block ends in an `if` of whose arms both go on to the merge block and do nothing else: it needs no label then. */
  private endsInArms(block: Block, merge: Block): boolean {
    const { dfg, layout } = this.func;
    const last = layout.lastInst(block) as Inst;
    if (dfg.format(last) !== Format.Brif) return false;
    return this.isArm(dfg.destination(last, 0), merge) && this.isArm(dfg.destination(last, 1), merge);
  }

  /** Of a block that ends in arms: whether the arms can leave the value for a parameter on the stack. */
  private noteValue(block: Block, merge: Block): void {
    const { dfg, layout } = this.func;
    const last = layout.lastInst(block) as Inst;
    let param: Value | typeof NONE = NONE;
    for (let i = 0; i < 2; i++) {
      let call = dfg.destination(last, i);
      const target = dfg.blockCalls.block(call);
      if (target !== merge) call = dfg.destination(layout.lastInst(target) as Inst, 0);
      const moved = this.onlyMove(call);
      if (moved === NONE || (i > 0 && moved !== param)) return;
      param = moved;
    }
    this.valuedMerge = merge;
    this.valuedParam = param;
  }

  private isArm(call: BlockCall, merge: Block): boolean {
    const { dfg, layout } = this.func;
    const target = dfg.blockCalls.block(call);
    if (target === merge) return this.needsMoves(call);
    const { control } = this;
    if (control.isMerge(target) || control.isLoopHeader(target) || control.firstMerge(target) !== NONE)
      return false;
    const last = layout.lastInst(target) as Inst;
    return dfg.format(last) === Format.Jump && dfg.blockCalls.block(dfg.destination(last, 0)) === merge;
  }

  private emitBlock(block: Block): void {
    const { dfg, layout } = this.func;
    if (this.frame.sizeBytes > 0) this.namedMap = this.namedMaps.at(block);
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (isTerminator(dfg.opcode(inst))) {
        this.emitTerminator(block, inst);
        return;
      }
      if (dfg.resultCount(inst) === 1 && this.trees.placeOf(dfg.firstResult(inst)) !== Place.Local) continue;
      this.emitInst(inst);
      this.popResults(inst);
    }
  }

  private popResults(inst: Inst): void {
    const { dfg } = this.func;
    for (let i = dfg.resultCount(inst) - 1; i >= 0; i--) {
      const result = dfg.result(inst, i);
      if (this.trees.isUsed(result)) this.localSet(this.locals.localOf(result));
      else this.op(WasmOp.Drop);
    }
  }

  /** Whether the function's end comes next, and no scope is open that could not hold results. */
  private get isLast(): boolean {
    return this.openScopes === 0 && this.pendingKinds.length === 0;
  }

  private emitTerminator(block: Block, inst: Inst): void {
    const { dfg } = this.func;
    this.locate(inst);
    switch (dfg.format(inst)) {
      case Format.Jump:
        this.emitBranch(block, dfg.destination(inst, 0));
        return;
      case Format.Brif:
        this.emitBrif(block, inst);
        return;
      case Format.BranchTable:
        this.emitBranchTable(block, inst);
        this.stopsAt = this.out.length;
        return;
      case Format.Trap:
        this.trap(dfg.trapCode(inst));
        this.stopsAt = this.out.length;
        return;
      case Format.MultiAry:
        for (let i = 0; i < dfg.argCount(inst); i++) this.pushArg(inst, i);
        if (this.isLast) this.endsInReturn = true;
        else this.op(WasmOp.Return);
        this.stopsAt = this.out.length;
        return;
      case Format.Call:
      case Format.CallIndirect:
        this.emitCall(inst, true);
        this.stopsAt = this.out.length;
        return;
      default:
        this.emitTryCall(block, inst);
    }
  }

  private emitBrif(block: Block, inst: Inst): void {
    const { dfg } = this.func;
    const whenTrue = dfg.destination(inst, 0);
    const whenFalse = dfg.destination(inst, 1);
    if (this.isPlain(block, whenTrue)) {
      pushCondition(this, this.arg(inst, 0));
      this.opIndex(WasmOp.BrIf, this.depthOf(block, whenTrue));
      this.emitBranch(block, whenFalse);
    } else if (this.isPlain(block, whenFalse)) {
      pushOpposite(this, this.arg(inst, 0));
      this.opIndex(WasmOp.BrIf, this.depthOf(block, whenFalse));
      this.emitBranch(block, whenTrue);
    } else {
      pushCondition(this, this.arg(inst, 0));
      if (this.valuedMerge === NONE) this.openScope(WasmOp.If, NONE);
      else {
        const param = this.valuedParam as Value;
        this.postpone(Pending.Value, param, NONE);
        this.openScope(WasmOp.If, NONE, WASM_TYPE_BYTES[wasmTypeOf(dfg.valueType(param))]!);
      }
      this.postpone(Pending.Branch, whenFalse, block);
      this.postpone(Pending.Else, NONE, NONE);
      this.postpone(Pending.Branch, whenTrue, block);
    }
  }

  /** Targets that take arguments get them in a chain of blocks before the table's own. */
  private emitBranchTable(block: Block, inst: Inst): void {
    const { dfg } = this.func;
    const count = dfg.destinationCount(inst);
    const index = this.arg(inst, 0);
    const moving: number[] = [];
    for (let i = 0; i < count; i++) if (this.needsMoves(dfg.destination(inst, i))) moving.push(i);
    for (let i = 0; i < moving.length; i++) {
      this.op(WasmOp.Block);
      this.out.byte(EMPTY_BLOCK);
    }
    this.pushZero(index);
    this.op(WasmOp.BrTable);
    this.out.u32(count - 1);
    for (let place = 1; place <= count; place++) {
      const at = place === count ? 0 : place;
      const stub = moving.indexOf(at);
      this.out.u32(stub >= 0 ? stub : this.depthOf(block, dfg.destination(inst, at)) + moving.length);
    }
    for (let i = 0; i < moving.length; i++) {
      this.op(WasmOp.End);
      const call = dfg.destination(inst, moving[i]!);
      this.emitMoves(call);
      this.opIndex(WasmOp.Br, this.depthOf(block, call) + moving.length - 1 - i);
    }
  }

  private emitBranch(block: Block, call: BlockCall): void {
    if (this.valuedMerge !== NONE && this.valuedMerge === this.func.dfg.blockCalls.block(call)) {
      // The value of an arm, which ends here.
      this.pushValues(call);
      return;
    }
    this.emitMoves(call);
    if (!this.hasLabel(block, call)) {
      this.postpone(Pending.Tree, this.func.dfg.blockCalls.block(call), NONE);
    } else if (!this.fallsThrough(block, call)) {
      this.opIndex(WasmOp.Br, this.depthOf(block, call));
      this.stopsAt = this.out.length;
    }
  }

  // Instructions.

  protected override emitInst(inst: Inst): void {
    const { dfg } = this.func;
    this.locate(inst);
    switch (dfg.opcode(inst)) {
      case Op.Call:
      case Op.CallIndirect:
        this.emitCall(inst, false);
        this.emitThrownReturn(inst);
        return;
      case Op.FuncAddr:
        this.i32Const(this.indices!.tableSlot(this.func, dfg.funcRef(inst)));
        if (dfg.valueType(dfg.firstResult(inst)) === I64) this.op(WasmOp.I64ExtendI32U);
        return;
      case Op.Trapz:
      case Op.Trapnz:
        if (dfg.opcode(inst) === Op.Trapz) pushOpposite(this, this.arg(inst, 0));
        else pushCondition(this, this.arg(inst, 0));
        this.emitCheck(dfg.trapCode(inst));
        return;
      case Op.Debugtrap:
        this.op(WasmOp.Unreachable);
        return;
      default:
        lowerInstruction(this, inst);
    }
  }

  /** Traps when the i32 on the stack is not zero. */
  private emitCheck(code: TrapCode): void {
    const scope = this.trapScopes.scopeOf(code);
    if (scope === NONE) this.trapIf(code);
    else this.opIndex(WasmOp.BrIf, this.openScopes - 1 - scope);
  }
}
