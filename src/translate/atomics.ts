/**
 * Atomic operators (the threads proposal). A narrow access is one of CLIF's narrow types between a reduction and an extension;
 * that the value expected by `cmpxchg` is wrapped to the width of the access is what the proposal's overview says.
 *
 * CLIF leaves open what an atomic access of a misaligned address does. Ours traps, as Wasm's must, and as Wasm's own
 * instructions do below; so nothing is checked here. `wait` and `notify`, for which CLIF has no opcode, are calls of
 * external functions that stand for the operators, with the memory as the immediate (`gc/operator-calls.ts`).
 */
import { ATOMIC_OPS } from "../ir/conditions.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import type { MemFlags } from "../ir/memflags.ts";
import { bitsOf, I8, I16, I32, I64, type Type } from "../ir/types.ts";
import { findOpcode, opcodeNamed } from "../wasm/opcode-names.ts";
import type { OperatorReader } from "../wasm/operators.ts";
import type { Memories } from "./memories.ts";

/** What these operators need of the function's translator. */
export interface AtomicTranslator {
  readonly ins: InstBuilder;
  readonly reader: OperatorReader;
  readonly memories: Memories;
  push(value: Value): void;
  pop(): Value;
  popMany(count: number): readonly Value[];
  /** Pops the address of the access that was read; its offset is added. */
  exactAddress(): { readonly base: Value; readonly flags: MemFlags };
  operator(op: number, immediates: readonly number[], args: readonly Value[], results: readonly Type[]): void;
}

type Handler = (t: AtomicTranslator, op: number) => void;

const table = new Map<number, Handler>();

function row(name: string, handler: Handler): void {
  table.set(opcodeNamed(name), handler);
}

function narrowed(t: AtomicTranslator, value: Value, inMemory: Type, onStack: Type): Value {
  return inMemory === onStack ? value : t.ins.ireduce(inMemory, value);
}

function pushWidened(t: AtomicTranslator, value: Value, inMemory: Type, onStack: Type): void {
  t.push(inMemory === onStack ? value : t.ins.uextend(onStack, value));
}

function accesses(stackName: string, onStack: Type, inMemory: Type): void {
  const isNarrow = inMemory !== onStack;
  const width = isNarrow ? `${bitsOf(inMemory)}` : "";
  const ending = isNarrow ? "_u" : "";
  const prefix = `${stackName}.atomic`;
  row(`${prefix}.load${width}${ending}`, (t) => {
    const { base, flags } = t.exactAddress();
    pushWidened(t, t.ins.atomicLoad(inMemory, flags, base), inMemory, onStack);
  });
  row(`${prefix}.store${width}`, (t) => {
    const value = narrowed(t, t.pop(), inMemory, onStack);
    const { base, flags } = t.exactAddress();
    t.ins.atomicStore(flags, value, base);
  });
  for (const action of ATOMIC_OPS) {
    const name = `${prefix}.rmw${width}.${action}${ending}`;
    // CLIF has more operations than Wasm.
    if (findOpcode(name) < 0) continue;
    row(name, (t) => {
      const value = narrowed(t, t.pop(), inMemory, onStack);
      const { base, flags } = t.exactAddress();
      pushWidened(t, t.ins.atomicRmw(inMemory, flags, action, base, value), inMemory, onStack);
    });
  }
  row(`${prefix}.rmw${width}.cmpxchg${ending}`, (t) => {
    const replacement = narrowed(t, t.pop(), inMemory, onStack);
    const expected = narrowed(t, t.pop(), inMemory, onStack);
    const { base, flags } = t.exactAddress();
    pushWidened(t, t.ins.atomicCas(flags, base, expected, replacement), inMemory, onStack);
  });
}

for (const inMemory of [I8, I16, I32]) accesses("i32", I32, inMemory);
for (const inMemory of [I8, I16, I32, I64]) accesses("i64", I64, inMemory);

row("atomic.fence", (t) => void t.ins.fence());

/** `argCount` operands besides the address. */
function onWaiters(name: string, argCount: number): void {
  row(name, (t, op) => {
    const args = t.popMany(argCount);
    const { base } = t.exactAddress();
    t.operator(op, [t.memories.place(t.reader.memory)], [base, ...args], [I32]);
  });
}

onWaiters("memory.atomic.notify", 1);
onWaiters("memory.atomic.wait32", 2);
onWaiters("memory.atomic.wait64", 2);

/** Operators of the threads proposal, by id. */
export const ATOMIC_HANDLERS: ReadonlyMap<number, Handler> = table;
