/**
 * The moving-heap oracle: runs a function and its spilled form side by side, on the same inputs in the same world, and says
 * where they first differ.
 *
 * At the k-th safepoint executed, *before* moves every declared value of its frame, *after* every distinct slot of the
 * safepoint's map; what else either holds stays as it was. A reference that the spiller forgot is then stale from that point
 * on, and shows in the next address, argument, result or branch that depends on it.
 *
 * How it differs from the sketch in the design, and why:
 *
 * - *Lockstep.* Both sides stop at each safepoint, so traces are compared (and thrown away) piece by piece, and the content of
 *   a mapped slot is compared with the declared values of *before* at that very moment. A slot must hold one of them, of the
 *   entry's type: that is "fresh", without tracking where values came from.
 * - *No liveness.* All declared values of the frame move, dead ones too: nothing reads those, so the oracle shares no analysis
 *   with the spiller.
 * - *Slots of the spiller are not memory.* They are cells of the frame, reached by the loads and stores that name them. The
 *   program's own slots have the same addresses on both sides, and a wild access cannot tell the sides apart.
 * - *Fuel* is counted in entries of blocks that *before* has. Blocks and instructions that only *after* has cost nothing and
 *   show nothing; a separate, generous limit stops them from going in circles.
 * - *Some values do not move*: constants that are declared, or that branches pass to declared parameters, and constants that
 *   *after* stores into slots. No collector changes a null, and a better policy makes constants again instead of reloading
 *   them; with the design's "whatever its value" it would be rejected.
 * - *Moves happen while the callee runs*: arguments are read before, results and arguments of edges after. So a value that a
 *   `try_call` passes to its successors must be fresh there: Cranelift's own rewriting is not (defect A), and the oracle says so.
 * - A declared alias declares its target (defect B); declarations of *before* count, those of *after* are not looked at.
 * - *What has no semantics here* (f16 and f128 arithmetic, dynamic vectors) is computed as some function of its operands, the
 *   same on both sides (`ops-opaque.ts`), so every verified program can be compared.
 * - Maps that *before* brings along, of its own slots, mean nothing to either side.
 */
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { bitsOf, I32, type Type } from "../ir/types.ts";
import { Decoder } from "./decode.ts";
import { DIRECT, eventText, hexWords, instructionText, type OracleDifference } from "./difference.ts";
import { Environment } from "./environment.ts";
import { hashString } from "./hash.ts";
import { Machine, Stop } from "./machine.ts";
import { functionKey } from "./names.ts";
import { resumeReturn, resumeThrow } from "./ops-control.ts";
import { CallField, Program } from "./program.ts";
import { Field } from "./record.ts";
import { run } from "./run.ts";
import { EventKind, Trace } from "./trace.ts";
import { wordsOf } from "./type-sizes.ts";

export interface OracleOptions {
  /** Inputs to try: seeds 0, 1, …, or these. */
  readonly seeds?: number | readonly number[];
  /** Blocks that one run may enter. */
  readonly fuel?: number;
}

const DEFAULT_SEEDS = 8;
const DEFAULT_FUEL = 300;
/** The identity of `stack_switch` in traces. */
const STACK_SWITCH = 0x57ac;

/** What the runs of one comparison executed, all seeds together. Spills, reloads and entries are those of *after*. */
export interface DynamicCounts {
  runs: number;
  blocks: number;
  safepoints: number;
  spills: number;
  reloads: number;
  mapEntries: number;
}

/** One of the two sides. */
class Side {
  readonly program: Program;
  readonly machine: Machine;
  readonly trace: Trace;
  private readonly environment: Environment;
  /** Calls made so far, collecting or not. */
  calls: number;
  private calleeHashes: number[];

  constructor(environment: Environment) {
    this.program = new Program();
    this.machine = new Machine(this.program);
    this.trace = new Trace();
    this.environment = environment;
    this.machine.observer = this.trace;
    this.calls = 0;
    this.calleeHashes = [];
  }

  get func(): Function {
    return this.program.func as Function;
  }

  link(): void {
    this.calleeHashes = this.func.dfg.extFuncs.map((_, ref) =>
      hashString(functionKey(this.func, ref as never)),
    );
  }

  start(fuel: number): void {
    const { machine, environment } = this;
    machine.memory.reset(environment.memorySeed);
    environment.inputs(
      machine,
      this.func.signature.params.map((param) => param.type),
    );
    machine.start(this.program, fuel);
    this.trace.clear();
    this.calls = 0;
  }

  /** Runs to the next call that may collect, true, or to the end, false. */
  advance(): boolean {
    const { machine, trace } = this;
    for (;;) {
      run(machine);
      if (machine.stop !== Stop.External) break;
      this.observeCall();
      if (this.callField(CallField.Collects) === 1) return true;
      this.resume();
    }
    const record = machine.pc;
    if (machine.stop === Stop.Returned) trace.returned(machine, this.func.signature);
    else if (machine.stop === Stop.Trapped) trace.ended(EventKind.Trap, machine.trapCode, record);
    else if (machine.stop === Stop.Unwound) trace.ended(EventKind.Unwound, machine.exceptionTag, -1);
    else if (machine.stop === Stop.Stuck) trace.ended(EventKind.Stuck, 0, -1);
    else trace.ended(EventKind.OutOfFuel, 0, -1);
    return false;
  }

  callField(field: number): number {
    const { code, extra } = this.program;
    return extra[code[this.machine.callAt + Field.Imm]! + field]!;
  }

  private observeCall(): void {
    const { machine } = this;
    const { dfg } = this.func;
    const inst = this.program.instAt(machine.callAt);
    const signature = this.callField(CallField.Signature);
    const callee = this.callField(CallField.Callee);
    if (signature === NONE) {
      const types = [0, 1, 2].map((i) => dfg.valueType(dfg.arg(inst, i)));
      this.trace.called(machine, STACK_SWITCH, DIRECT, null, types);
    } else if (callee >= 0) {
      this.trace.called(machine, this.calleeHashes[callee]!, DIRECT, dfg.signatures[signature]!, []);
    } else {
      const cell = (machine.base + this.program.code[machine.callAt + Field.A]!) << 1;
      const isWide = dfg.valueType(dfg.arg(inst, 0)) !== I32;
      const high = isWide ? machine.i32[cell + 1]! : 0;
      this.trace.called(machine, machine.i32[cell]!, high, dfg.signatures[signature]!, []);
    }
  }

  /** Goes on with what the world answers to the call. */
  resume(): void {
    const { machine, environment } = this;
    const { dfg } = this.func;
    const ordinal = this.calls++;
    const handlers = this.callField(CallField.Handlers);
    const handler = handlers < 0 ? -1 : environment.throwsTo(ordinal, this.program.extra[handlers + 1]!);
    if (handler >= 0) {
      const tag = this.program.extra[handlers + 2 + 2 * handler]!;
      machine.exceptionTag = tag === -1 ? 0x7ace : tag;
      environment.payload(machine, ordinal);
      resumeThrow(machine);
      return;
    }
    const signature = this.callField(CallField.Signature);
    const inst = this.program.instAt(machine.callAt);
    const types =
      signature === NONE
        ? [dfg.valueType(dfg.result(inst, 0))]
        : dfg.signatures[signature]!.returns.map((param) => param.type);
    environment.results(machine, types, ordinal);
    resumeReturn(machine);
  }
}

export class Oracle {
  private readonly decoder: Decoder;
  private readonly environment: Environment;
  private readonly before: Side;
  private readonly after: Side;
  /** Of the last comparison. */
  readonly counts: DynamicCounts;
  private seed: number;
  private safepoints: number;
  private block: number;
  private readonly constantWords: Int32Array;

  constructor() {
    this.decoder = new Decoder();
    this.environment = new Environment();
    this.before = new Side(this.environment);
    this.after = new Side(this.environment);
    this.counts = { runs: 0, blocks: 0, safepoints: 0, spills: 0, reloads: 0, mapEntries: 0 };
    this.seed = 0;
    this.safepoints = 0;
    this.block = -1;
    this.constantWords = new Int32Array(1024);
  }

  /**
   * Compares a verified function with what a spiller made of it. `before` must still have its declarations; neither is
   * changed. Gives the first difference under the first seed that shows one. An `InputError` means that the program does
   * what the interpreter refuses.
   */
  compare(before: Function, after: Function, options: OracleOptions = {}): OracleDifference | null {
    Object.assign(this.counts, { runs: 0, blocks: 0, safepoints: 0, spills: 0, reloads: 0, mapEntries: 0 });
    this.load(before, after);
    const seeds = options.seeds ?? DEFAULT_SEEDS;
    const count = typeof seeds === "number" ? seeds : seeds.length;
    for (let i = 0; i < count; i++) {
      this.seed = typeof seeds === "number" ? i : seeds[i]!;
      const difference = this.runBoth(options.fuel ?? DEFAULT_FUEL);
      if (difference !== null) return difference;
    }
    return null;
  }

  private load(before: Function, after: Function): void {
    const firstSpillSlot = before.stackSlots.length;
    const isOriginal = (block: Block): boolean =>
      block < before.dfg.numBlocks && before.layout.isBlockInserted(block);
    this.decoder.decode(before, this.before.program, { opaque: true });
    this.decoder.decode(after, this.after.program, { opaque: true, spill: { firstSpillSlot, isOriginal } });
    this.before.link();
    this.after.link();
    this.findDeclared(before);
    this.environment.clear();
    this.fixConstants(before);
    this.fixStoredConstants(after, firstSpillSlot);
  }

  private findDeclared(before: Function): void {
    const { program } = this.before;
    const { dfg } = before;
    const seen = new Set<Value>();
    for (const declared of before.needsStackMap) {
      if (!dfg.isValueValid(declared)) continue;
      const value = dfg.resolveAliases(declared);
      if (seen.has(value)) continue;
      seen.add(value);
      program.declared.push({ value, q: program.valueCells[value]!, type: dfg.valueType(value) });
    }
  }

  // Constants that do not move.

  private fixConstants(before: Function): void {
    const { dfg, layout } = before;
    const declared = new Set(this.before.program.declared.map((cell) => cell.value));
    for (const value of declared) this.fixIfConstant(before, value);
    if (declared.size === 0) return;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block as Block)) {
      const inst = layout.lastInst(block as Block);
      if (inst === NONE) continue;
      const count = dfg.destinationCount(inst);
      for (let i = 0; i < count; i++) {
        const call = dfg.destination(inst, i);
        const target = dfg.blockCalls.block(call);
        const args = Math.min(dfg.blockCalls.argCount(call), dfg.blockParamCount(target));
        for (let j = 0; j < args; j++) {
          const arg = dfg.blockCalls.arg(call, j);
          if (isValueArg(arg) && declared.has(dfg.blockParam(target, j))) {
            this.fixIfConstant(before, dfg.resolveAliases(argValue(arg)));
          }
        }
      }
    }
  }

  private fixStoredConstants(after: Function, firstSpillSlot: number): void {
    const { dfg, layout } = after;
    if (after.stackSlots.length === firstSpillSlot) return;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block as Block)) {
      for (let inst = layout.firstInst(block as Block); inst !== NONE; inst = layout.nextInst(inst as Inst)) {
        if (dfg.opcode(inst) !== Op.Store) continue;
        const address = dfg.resolveAliases(dfg.arg(inst, 1));
        if (dfg.valueKind(address) !== 1) continue;
        const def = dfg.valueInst(address);
        if (dfg.opcode(def) !== Op.StackAddr || dfg.stackSlot(def) < firstSpillSlot) continue;
        this.fixIfConstant(after, dfg.resolveAliases(dfg.arg(inst, 0)));
      }
    }
  }

  /** Fixes the value of a constant, or of one extended to 128 bits. */
  private fixIfConstant(func: Function, value: Value): void {
    const { dfg } = func;
    if (dfg.valueKind(value) !== 1) return;
    const words = this.constantWords;
    const inst = dfg.valueInst(value);
    words.fill(0);
    switch (dfg.opcode(inst)) {
      case Op.Iconst:
      case Op.F16const:
      case Op.F32const:
      case Op.F64const:
        this.scalarWords(func, inst);
        break;
      case Op.F128const:
      case Op.Vconst: {
        const bytes = dfg.constants.bytes(dfg.constant(inst));
        new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
        break;
      }
      case Op.Uextend:
      case Op.Sextend: {
        const source = dfg.resolveAliases(dfg.arg(inst, 0));
        if (dfg.valueKind(source) !== 1 || dfg.opcode(dfg.valueInst(source)) !== Op.Iconst) return;
        this.scalarWords(func, dfg.valueInst(source));
        const fill = dfg.opcode(inst) === Op.Sextend && words[1]! < 0 ? -1 : 0;
        words.fill(fill, 2, 4);
        break;
      }
      default:
        return;
    }
    this.environment.fix(words, 0, dfg.valueType(value));
  }

  private scalarWords(func: Function, inst: Inst): void {
    const { dfg } = func;
    const bits = Math.min(32, bitsOf(dfg.valueType(dfg.result(inst, 0))));
    this.constantWords[0] = (dfg.immLow(inst) << (32 - bits)) >> (32 - bits);
    this.constantWords[1] = bits < 32 ? 0 : dfg.immHigh(inst);
  }

  // Running.

  private runBoth(fuel: number): OracleDifference | null {
    const { before, after, environment, counts } = this;
    environment.start(this.seed);
    this.safepoints = 0;
    this.block = -1;
    before.start(fuel);
    after.start(fuel);
    this.fillSlots();
    counts.runs++;
    for (;;) {
      const isSafepoint = before.advance();
      const isSafepointAfter = after.advance();
      const difference = this.compareTraces() ?? this.compareStops(isSafepoint, isSafepointAfter);
      if (difference !== null) return difference;
      if (!isSafepoint) break;
      const mapDifference = this.collect();
      if (mapDifference !== null) return mapDifference;
      before.resume();
      after.resume();
    }
    counts.blocks += fuel - Math.max(before.machine.fuel, 0);
    counts.spills += after.machine.spills;
    counts.reloads += after.machine.reloads;
    return null;
  }

  private fillSlots(): void {
    const { program, machine } = this.after;
    for (let slot = program.firstSpillSlot; slot < program.slotCells.length; slot++) {
      const start = program.slotCells[slot]!;
      const end = program.slotCells[slot + 1] ?? program.frameCells;
      this.environment.garbage(machine, start, end - start);
    }
  }

  /** Checks the map and moves what each side says is a reference. */
  private collect(): OracleDifference | null {
    const { before, after, environment, counts } = this;
    const { extra } = after.program;
    const map = after.callField(CallField.Map);
    const count = map < 0 ? 0 : extra[map + 1]!;
    for (let i = 0, entry = map + 2; i < count; i++, entry += 3) {
      if (!this.isFresh(extra[entry]!, extra[entry + 2]! as Type)) {
        return this.staleSlot(extra[entry]!, extra[entry + 1]!, extra[entry + 2]! as Type);
      }
    }
    const ordinal = this.safepoints++;
    counts.safepoints++;
    if (map >= 0) counts.mapEntries += extra[map]!;
    const declared = before.program.declared;
    for (let i = 0; i < declared.length; i++) {
      environment.move(before.machine.i32, declared[i]!.q << 1, declared[i]!.type as Type, ordinal);
    }
    for (let i = 0, entry = map + 2; i < count; i++, entry += 3) {
      environment.move(after.machine.i32, extra[entry]! << 1, extra[entry + 2]! as Type, ordinal);
    }
    return null;
  }

  /** Whether the slot's cell holds what a declared value of that type holds now, or a value that does not move. */
  private isFresh(cell: number, type: Type): boolean {
    const { before, after } = this;
    const slotWords = after.machine.i32;
    const valueWords = before.machine.i32;
    const words = wordsOf(type);
    const declared = before.program.declared;
    for (let i = 0; i < declared.length; i++) {
      if (declared[i]!.type !== type) continue;
      let w = 0;
      while (w < words && slotWords[2 * cell + w] === valueWords[2 * declared[i]!.q + w]) w++;
      if (w === words) return true;
    }
    return this.environment.isFixed(slotWords, 2 * cell, type);
  }

  private staleSlot(cell: number, slot: number, type: Type): OracleDifference {
    const { after } = this;
    const words: number[] = [];
    for (let i = 0; i < wordsOf(type); i++) words.push(after.machine.i32[2 * cell + i]!);
    return this.difference(
      "stack map",
      `the map names ss${slot}, which holds no declared value that is fresh`,
      "a declared value as it is now",
      hexWords(words),
      after.machine.callAt,
    );
  }

  private compareStops(before: boolean, after: boolean): OracleDifference | null {
    if (before === after) {
      this.before.trace.clear();
      this.after.trace.clear();
      return null;
    }
    const text = (collects: boolean): string => (collects ? "a safepoint" : "no safepoint");
    return this.difference("safepoint", "one side may collect here", text(before), text(after), -1);
  }

  private compareTraces(): OracleDifference | null {
    const { before, after } = this;
    const event = before.trace.firstDifference(after.trace);
    const last = event < 0 ? before.trace.eventCount : event;
    for (let i = 0; i < last; i++) {
      if (before.trace.kind(i) === EventKind.Block) this.block = before.trace.word(i, 0);
    }
    if (event < 0) return null;
    if (event < after.trace.eventCount && after.trace.kind(event) === EventKind.Stuck) {
      return this.difference("stuck", "the added blocks form a circle that is not left", "", "", -1);
    }
    const expected = eventText(before.trace, event, before.program);
    const got = eventText(after.trace, event, after.program);
    const record = event < after.trace.eventCount ? after.trace.record(event) : -1;
    return this.difference("trace", `expected: ${expected}; got: ${got}`, expected, got, record);
  }

  private difference(
    kind: OracleDifference["kind"],
    what: string,
    expected: string,
    got: string,
    record: number,
  ): OracleDifference {
    const instruction = instructionText(this.after.program, record);
    const place = this.block < 0 ? "in the entry" : `in block${this.block}`;
    const at = instruction === "" ? "" : ` at '${instruction}'`;
    const message = `${place}${at}, after ${this.safepoints} safepoints (seed ${this.seed}): ${what}`;
    return {
      kind,
      seed: this.seed,
      safepoints: this.safepoints,
      block: this.block,
      message,
      expected,
      got,
      instruction,
    };
  }
}
