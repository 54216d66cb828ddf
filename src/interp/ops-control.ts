/**
 * Control: branches, calls, returns, exceptions, traps.
 *
 * Calls pass everything through `Machine.transfer`. A tail call replaces the frame, so a loop of tail calls runs in
 * constant stack. A call that the linker does not know stops the machine; `resumeReturn` and `resumeThrow` go on with what
 * the world outside answered.
 */
import * as Op from "../ir/op.gen.ts";
import { STACK_OVERFLOW, type TrapCode } from "../ir/trap-codes.ts";
import { type Handler, type Machine, Stop } from "./machine.ts";
import { isTrue } from "./ops-compare.ts";
import { CallField, EDGE_MOVE_WORDS, EdgeField, PARALLEL, type Program } from "./program.ts";
import { Field, STRIDE } from "./record.ts";
import { define } from "./semantics.ts";

/** Follows the edge at `edge` of `extra`. */
export function takeEdge(m: Machine, edge: number): void {
  const extra = m.program.extra;
  const count = extra[edge + EdgeField.Count]!;
  if (count > 0) {
    if (extra[edge + EdgeField.How] === PARALLEL) moveParallel(m, extra, edge, count);
    else moveInOrder(m, extra, edge, count);
  }
  const block = extra[edge + EdgeField.Block]!;
  if (block >= 0) {
    if (m.fuel-- <= 0) m.stop = Stop.OutOfFuel;
    if (m.observer !== null) m.observer.entered(block);
  } else if (m.addedFuel-- <= 0) {
    m.stop = Stop.Stuck;
  }
  m.pc = extra[edge + EdgeField.Target]!;
}

function moveInOrder(m: Machine, extra: Int32Array, edge: number, count: number): void {
  const { i32, transfer } = m;
  const frame = m.base << 1;
  for (let i = 0, at = edge + EdgeField.Moves; i < count; i++, at += EDGE_MOVE_WORDS) {
    const to = frame + extra[at]!;
    const from = extra[at + 1]!;
    const words = extra[at + 2]!;
    if (from >= 0) for (let w = 0; w < words; w++) i32[to + w] = i32[frame + from + w]!;
    else for (let w = 0; w < words; w++) i32[to + w] = transfer[-1 - from + w]!;
  }
}

function moveParallel(m: Machine, extra: Int32Array, edge: number, count: number): void {
  const { i32, transfer, edgeScratch } = m;
  const frame = m.base << 1;
  let end = 0;
  for (let i = 0, at = edge + EdgeField.Moves; i < count; i++, at += EDGE_MOVE_WORDS) {
    const from = extra[at + 1]!;
    const words = extra[at + 2]!;
    for (let w = 0; w < words; w++) {
      edgeScratch[end++] = from >= 0 ? i32[frame + from + w]! : transfer[-1 - from + w]!;
    }
  }
  end = 0;
  for (let i = 0, at = edge + EdgeField.Moves; i < count; i++, at += EDGE_MOVE_WORDS) {
    const to = frame + extra[at]!;
    const words = extra[at + 2]!;
    for (let w = 0; w < words; w++) i32[to + w] = edgeScratch[end++]!;
  }
}

// Branches. `brif` keeps its edges in `Imm` and `Lanes`.

define(Op.Jump, { any: (m, code, at) => takeEdge(m, code[at + Field.Imm]!) });

define(Op.Brif, {
  any: (m, code, at) => {
    const yes = isTrue(m, m.base + code[at + Field.A]!, code[at + Field.Imm2]!);
    takeEdge(m, code[at + (yes ? Field.Imm : Field.Lanes)]!);
  },
});

define(Op.BrTable, {
  any: (m, code, at) => {
    const table = code[at + Field.Imm]!;
    const extra = m.program.extra;
    const index = m.i32[(m.base + code[at + Field.A]!) << 1]! >>> 0;
    takeEdge(m, extra[table + 1 + (index < extra[table]! - 1 ? index + 1 : 0)]!);
  },
});

// Traps.

define(Op.Trap, { any: (m, code, at) => m.trap(code[at + Field.Imm]! as TrapCode) });
define(Op.Trapz, {
  any: (m, code, at) => {
    if (!isTrue(m, m.base + code[at + Field.A]!, code[at + Field.Imm2]!)) {
      m.trap(code[at + Field.Imm]! as TrapCode);
    }
  },
});
define(Op.Trapnz, {
  any: (m, code, at) => {
    if (isTrue(m, m.base + code[at + Field.A]!, code[at + Field.Imm2]!)) {
      m.trap(code[at + Field.Imm]! as TrapCode);
    }
  },
});

const nothing: Handler = () => {};
define(Op.Debugtrap, { any: nothing });
define(Op.Nop, { any: nothing });
define(Op.Fence, { any: nothing });
define(Op.SequencePoint, { any: nothing });

// Calls and returns.

function call(m: Machine, callee: Program | null, at: number, tail: boolean): void {
  if (callee === null) {
    m.callAt = at;
    m.stop = Stop.External;
  } else if (tail) {
    replaceFrame(m, callee);
  } else {
    pushFrame(m, callee, at);
  }
}

function pushFrame(m: Machine, callee: Program, at: number): void {
  const base = m.base + m.program.frameCells;
  if (!m.reserveFrame(callee, base)) {
    m.trap(STACK_OVERFLOW);
    return;
  }
  m.callers.push(m.program);
  m.callerPcs.push(at);
  m.callerBases.push(m.base);
  m.base = base;
  m.stackDepth += callee.stackBytes;
  m.enter(callee);
}

function replaceFrame(m: Machine, callee: Program): void {
  if (!m.reserveFrame(callee, m.base)) {
    m.trap(STACK_OVERFLOW);
    return;
  }
  m.stackDepth += callee.stackBytes - m.program.stackBytes;
  m.enter(callee);
  // A tail call is a way round a loop: it costs fuel as a branch does.
  if (m.fuel-- <= 0) m.stop = Stop.OutOfFuel;
}

/** Back to the innermost caller; gives the record of its call. */
function popFrame(m: Machine): number {
  m.stackDepth -= m.program.stackBytes;
  m.program = m.callers.pop()!;
  m.base = m.callerBases.pop()!;
  return m.callerPcs.pop()!;
}

function direct(tail: boolean): Handler {
  return (m, code, at) => {
    const extra = m.program.extra;
    const descriptor = code[at + Field.Imm]!;
    m.gather(extra, extra[descriptor + CallField.Args]!);
    const callee =
      m.linker === null ? null : m.linker.direct(m.program, extra[descriptor + CallField.Callee]!);
    call(m, callee, at, tail);
  };
}

function indirect(tail: boolean): Handler {
  return (m, code, at) => {
    const extra = m.program.extra;
    m.gather(extra, extra[code[at + Field.Imm]! + CallField.Args]!);
    const low = m.i32[(m.base + code[at + Field.A]!) << 1]!;
    call(m, m.linker === null ? null : m.linker.indirect(low), at, tail);
  };
}

define(Op.Call, { any: direct(false) });
define(Op.TryCall, { any: direct(false) });
define(Op.ReturnCall, { any: direct(true) });
define(Op.CallIndirect, { any: indirect(false) });
define(Op.TryCallIndirect, { any: indirect(false) });
define(Op.ReturnCallIndirect, { any: indirect(true) });

/** All of it is outside. */
define(Op.StackSwitch, {
  any: (m, code, at) => {
    const extra = m.program.extra;
    m.gather(extra, extra[code[at + Field.Imm]! + CallField.Args]!);
    call(m, null, at, false);
  },
});

define(Op.Return, {
  any: (m, code, at) => {
    m.gather(m.program.extra, code[at + Field.Imm]!);
    returnToCaller(m);
  },
});

/** The results are in `transfer`. */
function returnToCaller(m: Machine): void {
  if (m.callers.length === 0) m.stop = Stop.Returned;
  else finishCall(m, popFrame(m));
}

function finishCall(m: Machine, at: number): void {
  const { code, extra } = m.program;
  const descriptor = code[at + Field.Imm]!;
  const handlers = extra[descriptor + CallField.Handlers]!;
  if (handlers >= 0) {
    takeEdge(m, extra[handlers]!);
    return;
  }
  m.scatter(extra, extra[descriptor + CallField.Results]!);
  m.pc = at + STRIDE;
}

/** Goes on after an external call whose results are in `transfer`. */
export function resumeReturn(m: Machine): void {
  m.stop = Stop.Running;
  const { code, extra } = m.program;
  if (extra[code[m.callAt + Field.Imm]! + CallField.Tail] === 1) returnToCaller(m);
  else finishCall(m, m.callAt);
}

/** Goes on where the exception `exceptionTag`, its payload in `transfer`, is handled. */
export function resumeThrow(m: Machine): void {
  m.stop = Stop.Running;
  let at = m.callAt;
  for (;;) {
    const edge = handlerEdge(m.program, at, m.exceptionTag);
    if (edge >= 0) {
      takeEdge(m, edge);
      return;
    }
    if (m.callers.length === 0) {
      m.stop = Stop.Unwound;
      return;
    }
    at = popFrame(m);
  }
}

/** The edge of the first handler for the tag, or -1. */
function handlerEdge(program: Program, at: number, tag: number): number {
  const { code, extra } = program;
  const handlers = extra[code[at + Field.Imm]! + CallField.Handlers]!;
  if (handlers < 0) return -1;
  for (let i = 0, item = handlers + 2; i < extra[handlers + 1]!; i++, item += 2) {
    if (extra[item] === tag || extra[item] === -1) return extra[item + 1]!;
  }
  return -1;
}
