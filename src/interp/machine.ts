/**
 * The state of a running program: the stack of frames, memory, and what passes between functions.
 *
 * A frame is a run of 8-byte cells, one or more for each value of the function, seen through typed arrays that share one
 * buffer. `q` is a cell's number in its frame; an operand's cell is `base + q`. In a cell
 *
 *     i8, i16, i32, f16, f32   word 0: the bits, sign-extended to 32 (the upper word says nothing)
 *     i64, f64                 both words, little-endian
 *     i128, f128               two cells
 *     vectors                  lanes one after another, lane 0 first, in as many cells as they need
 *
 * so bits move as bits, never as JavaScript numbers that could lose a NaN's payload, and nothing is boxed.
 *
 * Values go from function to function through `transfer`: arguments, results, exception payloads, each in as many cells as
 * it has in a frame. Typed arrays out of bounds read as undefined and write nothing, so a mismatched signature gives a
 * wrong value, not a crash; the verifier is who rejects it.
 */
import { STACK_OVERFLOW, type TrapCode } from "../ir/trap-codes.ts";
import { Memory } from "./memory.ts";
import type { Program } from "./program.ts";

/** Why a machine stands still. */
export const Stop = {
  Running: 0,
  Returned: 1,
  Trapped: 2,
  OutOfFuel: 3,
  /** A call of something outside; `resumeReturn` or `resumeThrow` goes on. */
  External: 4,
  /** An exception that no frame handled. */
  Unwound: 5,
  /** Blocks that only the rewritten function has go round and round. */
  Stuck: 6,
  /** An access to a spill slot that is neither a spill nor a reload of its whole. */
  BadSlot: 7,
} as const;

/** One instruction's semantics; `code[at…]` is its record. */
export type Handler = (m: Machine, code: Int32Array, at: number) => void;

/** Thrown by semantics that trap. */
export class TrapSignal extends Error {
  readonly code: TrapCode;

  constructor(code: TrapCode) {
    super("trap");
    this.code = code;
  }
}

/** What a machine tells of a program that is compared with another; addresses and values are cells of its frame. */
export interface Observer {
  /** A block that the original function has was entered. */
  entered(block: number): void;
  /** `kind` is the opcode; the access reaches `bytes` bytes at `hi:lo`; `q` is the stored value's cell or -1. */
  accessed(m: Machine, kind: number, hi: number, lo: number, bytes: number, q: number): void;
}

/** Callees by name and by address; null for what is outside. */
export interface Linker {
  direct(caller: Program, callee: number): Program | null;
  indirect(low: number): Program | null;
}

const INITIAL_CELLS = 1 << 10;
/** 256 MB of frames: recursion beyond it is a stack overflow. */
const MAX_CELLS = 1 << 25;
const MAX_FRAMES = 1 << 16;
const TRANSFER_CELLS = 1 << 10;
/** Words that one branch may pass to parameters. */
export const MAX_EDGE_WORDS: number = 1 << 14;

export class Machine {
  readonly memory: Memory;
  observer: Observer | null;

  i8!: Int8Array;
  u8!: Uint8Array;
  i16!: Int16Array;
  i32!: Int32Array;
  i64!: BigInt64Array;
  u64!: BigUint64Array;
  f32!: Float32Array;
  f64!: Float64Array;
  private cells: number;

  program: Program;
  pc: number;
  /** Cell where the running frame starts. */
  base: number;
  stop: number;
  trapCode: TrapCode;
  /** Blocks that may still be entered. */
  fuel: number;
  /** Entries of blocks that the original function does not have; see `Observer`. */
  addedFuel: number;

  /** Values between functions, two words a cell. */
  transfer: Int32Array;
  transferBytes: Uint8Array;
  /** Record of the call that is being made. */
  callAt: number;
  /** Tag of the exception in flight. */
  exceptionTag: number;
  pinnedLow: number;
  pinnedHigh: number;

  /** Suspended callers, innermost last. */
  readonly callers: Program[];
  readonly callerPcs: number[];
  readonly callerBases: number[];

  /** Bytes of stack in use, those of the running frame included. */
  stackDepth: number;
  /** Finds callees; without one every call is external. */
  linker: Linker | null;
  /** Sources of moves along an edge that depend on each other. */
  readonly edgeScratch: Int32Array;

  /** Executed spills, reloads (of an oracle's spilled program). */
  spills: number;
  reloads: number;

  constructor(program: Program) {
    this.memory = new Memory();
    this.observer = null;
    this.cells = 0;
    this.allocate(INITIAL_CELLS);
    this.program = program;
    this.pc = 0;
    this.base = 0;
    this.stop = Stop.Running;
    this.trapCode = 0 as TrapCode;
    this.fuel = 0;
    this.addedFuel = 0;
    this.transfer = new Int32Array(2 * TRANSFER_CELLS);
    this.transferBytes = new Uint8Array(this.transfer.buffer);
    this.callAt = 0;
    this.exceptionTag = 0;
    this.pinnedLow = 0;
    this.pinnedHigh = 0;
    this.callers = [];
    this.callerPcs = [];
    this.callerBases = [];
    this.stackDepth = 0;
    this.linker = null;
    this.edgeScratch = new Int32Array(MAX_EDGE_WORDS);
    this.spills = 0;
    this.reloads = 0;
  }

  private allocate(cells: number): void {
    const buffer = new ArrayBuffer(cells * 8);
    if (this.cells > 0) new Int32Array(buffer).set(this.i32);
    this.cells = cells;
    this.i8 = new Int8Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /** Makes room for the frame of `program` at `base`; false when the stack is full. */
  reserveFrame(program: Program, base: number): boolean {
    const needed = base + program.frameCells;
    if (needed > MAX_CELLS || this.callers.length > MAX_FRAMES) return false;
    if (needed > this.cells) this.allocate(Math.max(needed, this.cells * 2));
    return true;
  }

  /** Makes room in `transfer`. */
  reserveTransfer(cells: number): void {
    if (cells * 2 <= this.transfer.length) return;
    const grown = new Int32Array(cells * 4);
    grown.set(this.transfer);
    this.transfer = grown;
    this.transferBytes = new Uint8Array(grown.buffer);
  }

  /** At the entry of `program`, whose arguments are already in `transfer`. */
  start(program: Program, fuel: number): void {
    this.callers.length = 0;
    this.callerPcs.length = 0;
    this.callerBases.length = 0;
    this.fuel = fuel;
    this.addedFuel = 64 * fuel + 4096;
    this.pinnedLow = 0;
    this.pinnedHigh = 0;
    this.spills = 0;
    this.reloads = 0;
    this.stop = Stop.Running;
    this.base = 0;
    this.stackDepth = program.stackBytes;
    if (!this.reserveFrame(program, 0)) {
      this.trap(STACK_OVERFLOW);
      return;
    }
    this.i32.fill(0, 0, 2 * program.frameCells);
    this.enter(program);
  }

  /** Enters `program` at `base`: arguments go from `transfer` to the entry's parameters. */
  enter(program: Program): void {
    this.program = program;
    this.pc = program.entryPc;
    this.scatter(program.extra, program.paramsAt);
  }

  /** `extra[at]` items of (cell, count) are written to `transfer` one after another. */
  gather(extra: Int32Array, at: number): void {
    const count = extra[at]!;
    const { i32, transfer, base } = this;
    let to = 0;
    for (let i = 0, item = at + 1; i < count; i++, item += 2) {
      let from = (base + extra[item]!) << 1;
      for (const end = to + (extra[item + 1]! << 1); to < end; ) transfer[to++] = i32[from++]!;
    }
  }

  /** The inverse of `gather`. */
  scatter(extra: Int32Array, at: number): void {
    const count = extra[at]!;
    const { i32, transfer, base } = this;
    let from = 0;
    for (let i = 0, item = at + 1; i < count; i++, item += 2) {
      let to = (base + extra[item]!) << 1;
      for (const end = from + (extra[item + 1]! << 1); from < end; ) i32[to++] = transfer[from++]!;
    }
  }

  trap(code: TrapCode): void {
    this.trapCode = code;
    this.stop = Stop.Trapped;
  }
}
