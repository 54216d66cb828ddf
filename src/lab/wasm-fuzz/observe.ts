/**
 * What a module does on an engine: the outcome of starting it, of calling each export that can be called, twice, of every import that
 * it calls, and the state that it leaves, as a list of events.
 *
 * It ends with the first event that depends on how much memory or stack there is: what comes after that need not agree.
 */
import { InputError } from "../../base/diagnostics.ts";
import { types, type ValType } from "../../wasm/index.ts";
import type { ActionOutcome, Engine, LinkOutcome, ResultValue } from "../../wast/engine.ts";
import { NOT_FOR_TARGET } from "../../wast/refusals.ts";
import type { Action, ScriptValue } from "../../wast/script.ts";
import { DIGEST, ELEMENT, SIZE, type StateReader } from "./state-readers.ts";
import type { Subject } from "./subject.ts";
import { LOG_WORD } from "./surroundings.ts";

export interface Event {
  /** What was done. */
  readonly what: string;
  /** What came of it, NaNs without their bits; of a trap the message is apart, since engines word it differently. */
  readonly outcome: string;
  readonly trap?: string;
  /** The outcome is a matter of memory or stack. */
  readonly isLimit?: true;
}

const ROUNDS = 2;
const MOST_ELEMENTS = 64;
const LIMITS =
  /out of memory|too large|failed to allocate|call stack|could not allocate|memory allocation|Maximum array|limit/i;

/** Throws `InputError` for a module that the engine does not take. */
export function observe<M, I, X>(engine: Engine<M, I, X>, subject: Subject): Event[] {
  return new Observer(engine, subject).run();
}

class Observer<M, I, X> {
  private readonly engine: Engine<M, I, X>;
  private readonly subject: Subject;
  private readonly events: Event[];
  /** Words of the log that were read. */
  private logged: number;

  constructor(engine: Engine<M, I, X>, subject: Subject) {
    this.engine = engine;
    this.subject = subject;
    this.events = [];
    this.logged = 4;
  }

  run(): Event[] {
    const { engine, subject } = this;
    const around = engine.instantiate(engine.compile(subject.surroundings, subject.features), []);
    if (around.kind !== "instance") throw new Error(`the surroundings: ${describe(around).outcome}`);
    const exports = engine.exports(around.instance);
    const imports = subject.module.imports.map((_, i) => exports.get(String(i))!);
    const linked = engine.instantiate(engine.compile(subject.bytes, subject.features), imports);
    if (linked.kind === "skipped") throw new InputError({ code: NOT_FOR_TARGET, message: linked.why });
    this.add({ what: "start", ...describe(linked) });
    this.readLog(around.instance);
    if (linked.kind !== "instance" || this.isOver) return this.events;
    for (let round = 0; round < ROUNDS && !this.isOver; round++) {
      this.callAll(around.instance, linked.instance, round);
    }
    if (!this.isOver) this.readState(linked.instance);
    return this.events;
  }

  private add(event: Event): void {
    this.events.push(event);
  }

  private get isOver(): boolean {
    return this.events.at(-1)?.isLimit === true || this.events.some(({ isLimit }) => isLimit === true);
  }

  private callAll(around: I, instance: I, round: number): void {
    const { module } = this.subject;
    for (const [i, { name, kind, index }] of module.exports.entries()) {
      if (kind !== "func") continue;
      const args = argumentsFor(module, module.functionTypes.get(index), i + round * 5);
      if (args === null) continue;
      const outcome = this.perform(instance, name, args);
      this.add({ what: `call ${name} (round ${round})`, ...describe(outcome) });
      this.readLog(around);
      if (this.isOver) return;
    }
  }

  private perform(instance: I, field: string, args: readonly ScriptValue[] = []): ActionOutcome {
    return this.engine.perform(instance, { kind: "invoke", field, args } satisfies Action);
  }

  private word(around: I, address: number): number {
    const outcome = this.perform(around, LOG_WORD, [{ type: "i32", bits: BigInt(address) }]);
    const value = outcome.kind === "values" ? outcome.values[0] : undefined;
    if (value?.type !== "i32") throw new Error(`the log: ${describe(outcome).outcome}`);
    return Number(value.bits);
  }

  /** What was written down since the last time. */
  private readLog(around: I): void {
    const end = this.word(around, 0);
    // It began anew.
    if (end < this.logged) this.logged = 4;
    if (end === this.logged) return;
    const words: string[] = [];
    for (; this.logged < end; this.logged += 4) words.push(this.word(around, this.logged).toString(16));
    this.add({ what: "imports called", outcome: words.join(" ") });
  }

  private readState(instance: I): void {
    for (const { name, kind } of this.subject.module.exports) {
      if (kind !== "global") continue;
      const outcome = this.engine.perform(instance, { kind: "get", field: name, args: [] });
      this.add({ what: `global ${name}`, ...describe(outcome) });
    }
    for (const reader of this.subject.readers) this.read(instance, reader);
  }

  private read(instance: I, reader: StateReader & { readonly bytes: Uint8Array }): void {
    const { engine, subject } = this;
    const thing = engine.exports(instance).get(reader.name)!;
    const linked = engine.instantiate(engine.compile(reader.bytes, subject.features), [thing]);
    if (linked.kind !== "instance") {
      this.add({ what: `reader of ${reader.name}`, ...describe(linked) });
      return;
    }
    const size = this.perform(linked.instance, SIZE);
    this.add({ what: `size of ${reader.name}`, ...describe(size) });
    if (reader.kind === "memory") {
      this.add({ what: `contents of ${reader.name}`, ...describe(this.perform(linked.instance, DIGEST)) });
      return;
    }
    const value = size.kind === "values" ? size.values[0] : undefined;
    const length = value?.type === "i64" ? Math.min(Number(value.bits), MOST_ELEMENTS) : 0;
    for (let i = 0; i < length; i++) {
      const element = this.perform(linked.instance, ELEMENT, [{ type: "i32", bits: BigInt(i) }]);
      this.add({ what: `element ${i} of ${reader.name}`, ...describe(element) });
    }
  }
}

function describe(outcome: ActionOutcome | LinkOutcome<unknown>): Omit<Event, "what"> {
  switch (outcome.kind) {
    case "instance":
      return { outcome: "fine" };
    case "values":
      return { outcome: outcome.values.map(valueText).join(" ") };
    case "exhaustion":
      return { outcome: "exhaustion", isLimit: true };
    case "skipped":
      return { outcome: `skipped: ${outcome.why}` };
    case "trap":
      if (LIMITS.test(outcome.message)) return { outcome: outcome.message, isLimit: true };
      return { outcome: "trap", trap: outcome.message };
    case "exception":
      return { outcome: "exception" };
    default:
      if (LIMITS.test(outcome.message)) return { outcome: outcome.message, isLimit: true };
      return { outcome: `${outcome.kind}: ${outcome.message}` };
  }
}

function valueText(value: ResultValue): string {
  switch (value.type) {
    case "f32":
      return (value.bits & 0x7fff_ffffn) > 0x7f80_0000n ? "f32 nan" : `f32 ${value.bits.toString(16)}`;
    case "f64":
      return (value.bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n
        ? "f64 nan"
        : `f64 ${value.bits.toString(16)}`;
    case "v128":
      return `v128 ${value.high.toString(16)}:${value.low.toString(16)}`;
    case "ref":
      return `${value.hierarchy} ${value.kind}${value.host === undefined ? "" : ` ${value.host}`}`;
    default:
      return `${value.type} ${value.bits.toString(16)}`;
  }
}

const INTERESTING: readonly bigint[] = [
  0n,
  1n,
  -1n,
  5n,
  0x7fff_ffff_ffff_ffffn,
  -0x8000_0000_0000_0000n,
  0x7f7f_ffffn,
  -0x7fff_ffffn,
  0x3ff0_0000_0000_0000n,
  255n,
  0xc180_0000n,
  65536n,
];

/** Arguments that are always the same for the same place; null where a parameter has no value that could be made up. */
function argumentsFor(
  { types: table }: Subject["module"],
  type: number,
  place: number,
): ScriptValue[] | null {
  const args: ScriptValue[] = [];
  for (let i = 0; i < table.paramCount(type); i++) {
    const arg = argumentOf(table.param(type, i), place + i * 7);
    if (arg === null) return null;
    args.push(arg);
  }
  return args;
}

function argumentOf(type: ValType, place: number): ScriptValue | null {
  const bits = INTERESTING[place % INTERESTING.length]!;
  switch (type) {
    case types.I32:
      return { type: "i32", bits: BigInt.asUintN(32, bits) };
    case types.F32:
      return { type: "f32", bits: BigInt.asUintN(32, bits) };
    case types.I64:
      return { type: "i64", bits: BigInt.asUintN(64, bits) };
    case types.F64:
      return { type: "f64", bits: BigInt.asUintN(64, bits) };
    case types.V128:
      return { type: "v128", low: BigInt.asUintN(64, bits), high: BigInt.asUintN(64, ~bits) };
    default:
      return referenceArgument(type, place);
  }
}

function referenceArgument(type: ValType, place: number): ScriptValue | null {
  const heap = types.heapOf(type);
  const host = place % 3;
  if (!types.isNullable(type) || host !== 0) {
    if (heap === types.HEAP_EXTERN) return { type: "ref.extern", host };
    if (heap === types.HEAP_ANY) return { type: "ref.host", host };
  }
  return types.isNullable(type) ? { type: "ref.null", heap: types.heapTypeName(heap) } : null;
}
