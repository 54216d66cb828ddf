/**
 * Which local each value lives in.
 *
 * Live ranges are intervals over the instructions in reverse post-order: from the definition (of a block parameter: from
 * the first branch that passes it) to the last use, and to the end of every loop that begins after the definition and is not
 * over at the use. That need not hold the use: a block that a loop leaves to may stand among the loop's own, and what it
 * uses is live in all of the loop. From header to last block, loops nest or are disjoint, related or not, since each lies in
 * the part of the order that a depth-first search makes below its header; so the outermost such loop is all there is to find.
 * An interval covers every point where its value is live, whatever order blocks are emitted in, so values with disjoint
 * intervals may share a local: linear scan, one free list for each Wasm type (Poletto and Sarkar, "Linear Scan Register
 * Allocation", 1999). A parameter takes the local of an argument that ends at the branch where it can, and the move goes.
 *
 * Where the parameter's interval has begun already (around a loop, or in the second arm of an `if`) it is the other way: the
 * argument joins the parameter in its local, if nobody reads that while the argument lives (`joinParams`).
 *
 * Each instruction has two places: operands end at the first, results begin at the second.
 */
import { LoopAnalysis } from "../analysis/loop-analysis.ts";
import { fillWords, grownCapacity, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { ValueKind } from "../ir/values.ts";
import type { ControlTree } from "./control-tree.ts";
import { type KeepsOperands, Place, type Trees } from "./trees.ts";
import { WASM_TYPE_COUNT, wasmTypeOf } from "./wasm-types.ts";

/** How many further passes of an argument to the same parameter are looked at. */
const MOST_PASSES = 8;

export class Locals {
  private readonly loops: LoopAnalysis;
  /** First and last place, and the local, by value. */
  private starts: Int32Array;
  private ends: Int32Array;
  private locals: Int32Array;
  /** The argument in a local that is first passed to a parameter. */
  private hints: Int32Array;
  /** Where a value is read last, arguments of branches included; of one that others joined, the last of theirs. */
  private lastUses: Int32Array;
  /** The parameter that a value has joined. */
  private joined: Int32Array;
  /** What is passed to parameters, in order of place: the place, the parameter, the argument or `NONE` for one not in a local. */
  private readonly passes: I32List;
  /** By pass: the one before it to the same parameter, and the one after it; by parameter: the last. */
  private readonly previousPasses: I32List;
  private readonly nextPasses: I32List;
  private lastPasses: Int32Array;
  /** By parameter: the end of the last value that joined it and ends before its block begins. */
  private joinedUntil: Int32Array;
  /** Place of the first instruction, by block. */
  private blockStarts: Int32Array;
  /** The innermost loop, by block, among whose blocks it stands, whether it is one of them or not. */
  private blockLoops: Int32Array;
  /** Where a loop's first and last blocks begin and end, and the loop around it in the order. */
  private loopStarts: Int32Array;
  private loopEnds: Int32Array;
  private loopsAround: Int32Array;
  /** Values whose interval begins, or ends, at a place: linked lists. */
  private startHeads: Int32Array;
  private startNexts: Int32Array;
  private endHeads: Int32Array;
  private endNexts: Int32Array;
  private readonly free: readonly I32List[];
  /** Wasm type of each local beyond the parameters. */
  private readonly types: I32List;
  private readonly operands: I32List;
  private readonly pending: I32List;
  private paramCount: number;

  constructor() {
    this.loops = new LoopAnalysis();
    const empty = new Int32Array(0);
    this.starts = empty;
    this.ends = empty;
    this.locals = empty;
    this.hints = empty;
    this.lastUses = empty;
    this.joined = empty;
    this.passes = new I32List();
    this.previousPasses = new I32List();
    this.nextPasses = new I32List();
    this.lastPasses = empty;
    this.joinedUntil = empty;
    this.blockStarts = empty;
    this.blockLoops = empty;
    this.loopStarts = empty;
    this.loopEnds = empty;
    this.loopsAround = empty;
    this.startHeads = empty;
    this.startNexts = empty;
    this.endHeads = empty;
    this.endNexts = empty;
    this.free = Array.from({ length: WASM_TYPE_COUNT }, () => new I32List());
    this.types = new I32List();
    this.operands = new I32List();
    this.pending = new I32List();
    this.paramCount = 0;
  }

  /** The local of a value that is in one, or `NONE`. */
  localOf(value: Value): number {
    return this.locals[value]!;
  }

  /** Locals beyond the parameters. */
  get count(): number {
    return this.types.length;
  }

  /** With the parameters. */
  get countOfAll(): number {
    return this.paramCount + this.types.length;
  }

  /** The Wasm type of local `paramCount + index`. */
  typeOf(index: number): number {
    return this.types.get(index);
  }

  /** A further local of that type, for the emitter's own use. */
  addLocal(wasmType: number): number {
    this.types.push(wasmType);
    return this.paramCount + this.types.length - 1;
  }

  /** `further` parameters stand behind those of the CLIF function. */
  compute(
    func: Function,
    control: ControlTree,
    trees: Trees,
    keepsOperands: KeepsOperands,
    further: number,
  ): void {
    const { dfg } = func;
    this.reserve(dfg.numValues, dfg.numBlocks);
    this.loops.compute(func, control.graph);
    const places = this.numberBlocks(func, control);
    this.findIntervals(func, control, trees, keepsOperands);
    this.joinParams(func);
    this.sortByPlace(func, places);
    this.assign(func, control, places, further);
  }

  private reserve(values: number, blocks: number): void {
    if (this.starts.length < values) {
      const capacity = grownCapacity(this.starts.length, values);
      this.starts = new Int32Array(capacity);
      this.ends = new Int32Array(capacity);
      this.locals = new Int32Array(capacity);
      this.hints = new Int32Array(capacity);
      this.lastUses = new Int32Array(capacity);
      this.joined = new Int32Array(capacity);
      this.lastPasses = new Int32Array(capacity);
      this.joinedUntil = new Int32Array(capacity);
      this.startNexts = new Int32Array(capacity);
      this.endNexts = new Int32Array(capacity);
    }
    fillWords(this.starts, NONE, 0, values);
    fillWords(this.ends, NONE, 0, values);
    fillWords(this.locals, NONE, 0, values);
    fillWords(this.hints, NONE, 0, values);
    fillWords(this.lastUses, NONE, 0, values);
    fillWords(this.joined, NONE, 0, values);
    fillWords(this.lastPasses, NONE, 0, values);
    fillWords(this.joinedUntil, NONE, 0, values);
    this.passes.clear();
    this.previousPasses.clear();
    this.nextPasses.clear();
    if (this.blockStarts.length < blocks) {
      const capacity = grownCapacity(this.blockStarts.length, blocks);
      this.blockStarts = new Int32Array(capacity);
      this.blockLoops = new Int32Array(capacity);
    }
    for (let i = 0; i < this.free.length; i++) this.free[i]!.clear();
    this.types.clear();
    this.paramCount = 0;
  }

  /** Finds where blocks and loops begin and end; returns the count of places. */
  private numberBlocks(func: Function, control: ControlTree): number {
    const { layout } = func;
    this.reserveLoops(this.loops.loopCount);
    let place = 0;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      this.blockStarts[block] = place;
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) place += 2;
      for (let loop = this.loops.innermost(block); loop !== NONE; loop = this.loops.parent(loop)) {
        this.loopEnds[loop] = place;
      }
    }
    this.nestLoops(control);
    return place + 2;
  }

  private reserveLoops(loops: number): void {
    if (this.loopEnds.length >= loops) return;
    const capacity = grownCapacity(this.loopEnds.length, loops);
    this.loopStarts = new Int32Array(capacity);
    this.loopEnds = new Int32Array(capacity);
    this.loopsAround = new Int32Array(capacity);
  }

  /** Finds which loop each block and loop stands in, in the order. */
  private nestLoops(control: ControlTree): void {
    let open: number = NONE;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      const start = this.blockStarts[block]!;
      while (open !== NONE && this.loopEnds[open]! <= start) open = this.loopsAround[open]!;
      const own = this.loops.innermost(block);
      if (own !== NONE && this.loops.header(own) === block) {
        this.loopStarts[own] = start;
        this.loopsAround[own] = open;
        open = own;
      }
      this.blockLoops[block] = open;
    }
  }

  private findIntervals(
    func: Function,
    control: ControlTree,
    trees: Trees,
    keepsOperands: KeepsOperands,
  ): void {
    const { dfg, layout } = func;
    let place = 0;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      // What is inlined is evaluated where its root stands: uses wait for it.
      this.pending.clear();
      if (i === 0) this.startParams(func, block, place);
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        const inlined = dfg.resultCount(inst) === 1 && trees.placeOf(dfg.firstResult(inst)) !== Place.Local;
        const end = keepsOperands(func, inst) ? place + 2 : place + 1;
        if (!inlined) {
          this.useTree(func, trees, inst, block, end);
          for (let r = 0; r < dfg.resultCount(inst); r++) this.begin(dfg.result(inst, r), place + 1);
          this.passArgs(func, trees, inst, place + 1);
        }
        place += 2;
      }
    }
  }

  private startParams(func: Function, entry: Block, place: number): void {
    for (let i = 0; i < func.dfg.blockParamCount(entry); i++)
      this.begin(func.dfg.blockParam(entry, i), place);
  }

  /** All locals that an instruction and the trees inlined into it read. */
  private useTree(func: Function, trees: Trees, root: Inst, block: Block, end: number): void {
    const { dfg } = func;
    this.pending.push(root);
    while (this.pending.length > 0) {
      const inst = this.pending.pop() as Inst;
      this.operands.clear();
      dfg.collectInstValues(inst, this.operands);
      for (let i = 0; i < this.operands.length; i++) {
        const value = dfg.resolveAliases(this.operands.get(i) as Value);
        const where = trees.placeOf(value);
        if (where === Place.Inline) this.pending.push(dfg.valueInst(value));
        else if (where === Place.Local) this.use(func, value, block, end);
      }
    }
  }

  private use(func: Function, value: Value, block: Block, end: number): void {
    const { dfg, layout } = func;
    const def =
      dfg.valueKind(value) === ValueKind.Param
        ? dfg.valueBlock(value)
        : (layout.blockOf(dfg.valueInst(value)) as Block);
    let last = end;
    const start = this.blockStarts[def]!;
    for (let loop = this.blockLoops[block]!; loop !== NONE; loop = this.loopsAround[loop]!) {
      if (this.loopStarts[loop]! <= start) break;
      last = Math.max(last, this.loopEnds[loop]!);
    }
    if (last > this.ends[value]!) this.ends[value] = last;
    if (last > this.lastUses[value]!) this.lastUses[value] = last;
  }

  private begin(value: Value, place: number): void {
    const start = this.starts[value]!;
    if (start === NONE || place < start) this.starts[value] = place;
    if (place + 1 > this.ends[value]!) this.ends[value] = place + 1;
  }

  /** The parameters of the destinations are written here. */
  private passArgs(func: Function, trees: Trees, inst: Inst, place: number): void {
    const { dfg } = func;
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      const call = dfg.destination(inst, i);
      const target = dfg.blockCalls.block(call);
      for (let j = 0; j < dfg.blockParamCount(target); j++) {
        const param = dfg.blockParam(target, j);
        const arg = dfg.blockCalls.arg(call, j);
        let value: number = isValueArg(arg) ? dfg.resolveAliases(argValue(arg)) : NONE;
        if (value !== NONE && trees.placeOf(value as Value) !== Place.Local) value = NONE;
        if (value !== NONE && this.hints[param] === NONE) this.hints[param] = value;
        this.begin(param, place);
        this.pass(place, param, value);
      }
    }
  }

  private pass(place: number, param: Value, value: number): void {
    const { passes, previousPasses, nextPasses, lastPasses } = this;
    const index = previousPasses.length;
    const previous = lastPasses[param]!;
    passes.push(place);
    passes.push(param);
    passes.push(value);
    previousPasses.push(previous);
    nextPasses.push(NONE);
    if (previous !== NONE) nextPasses.set(previous, index);
    lastPasses[param] = index;
  }

  /**
   * Lets arguments join their parameters. A parameter's interval holds its local from the first branch that passes it to its last
   * use or the last such branch; but it is read only from its block's beginning to its last use, and written only at the
   * branches. An argument whose interval lies in the rest may stand in the same local, and need not be moved.
   */
  private joinParams(func: Function): void {
    const { passes, starts, ends, lastUses, joined, joinedUntil } = this;
    for (let i = 0; i < this.previousPasses.length; i++) {
      const param = passes.get(3 * i + 1);
      const value = passes.get(3 * i + 2);
      if (value === NONE || value === param || joined[value] !== NONE || joined[param] !== NONE) continue;
      const start = starts[value]!;
      const end = ends[value]!;
      if (start <= starts[param]! || start < joinedUntil[param]!) continue;
      const blockStart = this.blockStarts[func.dfg.valueBlock(param as Value)]!;
      const isBefore = end <= blockStart;
      if (!isBefore && start < Math.max(lastUses[param]!, blockStart)) continue;
      if (this.isPassedWithin(i, value, start, end)) continue;
      joined[value] = param;
      if (isBefore) joinedUntil[param] = end;
      else lastUses[param] = end;
      if (end > ends[param]!) ends[param] = end;
    }
  }

  /** Whether another value is passed to the same parameter while this one lives; true also if that takes long to find out. */
  private isPassedWithin(pass: number, value: number, start: number, end: number): boolean {
    const { passes, previousPasses, nextPasses } = this;
    let left = MOST_PASSES;
    for (
      let i = previousPasses.get(pass);
      i !== NONE && passes.get(3 * i) >= start;
      i = previousPasses.get(i)
    ) {
      if (passes.get(3 * i + 2) !== value || --left < 0) return true;
    }
    for (let i = nextPasses.get(pass); i !== NONE && passes.get(3 * i) < end; i = nextPasses.get(i)) {
      if (passes.get(3 * i + 2) !== value || --left < 0) return true;
    }
    return false;
  }

  /** Lists of the values that begin and end at each place. */
  private sortByPlace(func: Function, places: number): void {
    if (this.startHeads.length < places + 1) {
      const capacity = grownCapacity(this.startHeads.length, places + 1);
      this.startHeads = new Int32Array(capacity);
      this.endHeads = new Int32Array(capacity);
    }
    fillWords(this.startHeads, NONE, 0, places + 1);
    fillWords(this.endHeads, NONE, 0, places + 1);
    for (let value = func.dfg.numValues - 1; value >= 0; value--) {
      if (this.starts[value] === NONE) continue;
      const start = this.starts[value]!;
      const end = Math.min(this.ends[value]!, places);
      this.startNexts[value] = this.startHeads[start]!;
      this.startHeads[start] = value;
      this.endNexts[value] = this.endHeads[end]!;
      this.endHeads[end] = value;
    }
  }

  private assign(func: Function, control: ControlTree, places: number, further: number): void {
    const { dfg } = func;
    const entry = control.blockAt(0);
    for (let i = 0; i < dfg.blockParamCount(entry); i++) {
      this.locals[dfg.blockParam(entry, i)] = this.paramCount++;
    }
    this.paramCount += further;
    for (let place = 0; place <= places; place++) {
      for (let value = this.endHeads[place]!; value !== NONE; value = this.endNexts[value]!) {
        if (this.joined[value] === NONE)
          this.free[wasmTypeOf(dfg.valueType(value as Value))]!.push(this.locals[value]!);
      }
      for (let value = this.startHeads[place]!; value !== NONE; value = this.startNexts[value]!) {
        if (this.locals[value] === NONE) this.take(func, value as Value);
      }
    }
  }

  private take(func: Function, value: Value): void {
    const param = this.joined[value]!;
    if (param !== NONE) {
      this.locals[value] = this.locals[param]!;
      return;
    }
    const type = wasmTypeOf(func.dfg.valueType(value));
    const free = this.free[type]!;
    const hinted = this.freeHint(value, free);
    if (hinted >= 0) {
      this.locals[value] = free.get(hinted);
      free.set(hinted, free.get(free.length - 1));
      free.pop();
    } else {
      this.locals[value] = free.length > 0 ? free.pop() : this.addLocal(type);
    }
  }

  /**
   * Where in the free list the local of an argument stands that was passed to this parameter, or -1. It was freed here or
   * not long ago, so only the last few are looked at.
   */
  private freeHint(value: Value, free: I32List): number {
    const hint = this.hints[value]!;
    const wanted = hint === NONE ? NONE : this.locals[hint]!;
    if (wanted === NONE) return -1;
    for (let i = free.length - 1; i >= Math.max(0, free.length - 4); i--)
      if (free.get(i) === wanted) return i;
    return -1;
  }
}
