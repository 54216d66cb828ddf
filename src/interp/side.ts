/** One of the two sides of a comparison: a program, the machine it runs on, and what it has shown. */
import { NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { I32, type Type } from "../ir/types.ts";
import { DIRECT } from "./difference.ts";
import type { Environment } from "./environment.ts";
import { Machine, Stop } from "./machine.ts";
import { functionHash } from "./names.ts";
import { resumeReturn, resumeThrow } from "./ops-control.ts";
import { CallField, Program } from "./program.ts";
import { Field, STRIDE } from "./record.ts";
import { run } from "./run.ts";
import { EventKind, Trace } from "./trace.ts";

/** The identity of `stack_switch` in traces. */
const STACK_SWITCH = 0x57ac;

export class Side {
  readonly program: Program;
  readonly machine: Machine;
  readonly trace: Trace;
  private readonly environment: Environment;
  /** Calls made so far, collecting or not. */
  calls: number;
  private calleeHashes: number[];
  /** Types of parameters and results by signature. */
  private paramTypes: Type[][];
  private returnTypes: Type[][];
  private inputTypes: Type[];
  private outputTypes: Type[];

  constructor(environment: Environment) {
    this.program = new Program();
    this.machine = new Machine(this.program);
    this.trace = new Trace();
    this.environment = environment;
    this.machine.observer = this.trace;
    this.calls = 0;
    this.calleeHashes = [];
    this.paramTypes = [];
    this.returnTypes = [];
    this.inputTypes = [];
    this.outputTypes = [];
  }

  get func(): Function {
    return this.program.func as Function;
  }

  /** Looks up what calls need of the program that was just decoded. */
  link(): void {
    const { dfg, signature } = this.func;
    this.calleeHashes = dfg.extFuncs.map((_, ref) => functionHash(this.func, ref as never));
    this.paramTypes = dfg.signatures.map(({ params }) => params.map(({ type }) => type));
    this.returnTypes = dfg.signatures.map(({ returns }) => returns.map(({ type }) => type));
    this.inputTypes = signature.params.map(({ type }) => type);
    this.outputTypes = signature.returns.map(({ type }) => type);
  }

  start(fuel: number): void {
    const { machine, environment } = this;
    machine.memory.reset(environment.memorySeed);
    environment.inputs(machine, this.inputTypes);
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
    const record = machine.pc - STRIDE;
    if (machine.stop === Stop.Returned) trace.returned(machine, this.outputTypes);
    else if (machine.stop === Stop.Trapped) trace.ended(EventKind.Trap, machine.trapCode, record);
    else if (machine.stop === Stop.Unwound) trace.ended(EventKind.Unwound, machine.exceptionTag, -1);
    else if (machine.stop === Stop.Stuck) trace.ended(EventKind.Stuck, 0, -1);
    else if (machine.stop === Stop.BadSlot) trace.ended(EventKind.BadSlot, 0, machine.pc - STRIDE);
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
      this.trace.called(machine, STACK_SWITCH, DIRECT, types);
    } else if (callee >= 0) {
      this.trace.called(machine, this.calleeHashes[callee]!, DIRECT, this.paramTypes[signature]!);
    } else {
      const cell = (machine.base + this.program.code[machine.callAt + Field.A]!) << 1;
      const isWide = dfg.valueType(dfg.arg(inst, 0)) !== I32;
      const high = isWide ? machine.i32[cell + 1]! : 0;
      this.trace.called(machine, machine.i32[cell]!, high, this.paramTypes[signature]!);
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
    const types = signature === NONE ? [dfg.valueType(dfg.result(inst, 0))] : this.returnTypes[signature]!;
    environment.results(machine, types, ordinal);
    resumeReturn(machine);
  }
}
