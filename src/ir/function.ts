/**
 * A CLIF function: name, signature, the tables it declares, its data-flow graph and its layout. One can be cleared
 * and filled again without giving its memory back.
 */
import { EMPTY_I32, grownColumn, removeAll } from "../base/column.ts";
import { DataFlowGraph } from "./dfg.ts";
import {
  type AliasRegion,
  type DynamicStackSlot,
  type DynamicType,
  type FuncRef,
  type GlobalValue,
  type Inst,
  NONE,
  type SigRef,
  type StackSlot,
  type Value,
} from "./entities.ts";
import { Layout } from "./layout.ts";
import { DEFAULT_FUNCTION_NAME, type ExtFunc, type FunctionName } from "./names.ts";
import { Format, isSafepoint } from "./opcodes.ts";
import { type Signature, signatureOf } from "./signature.ts";
import type {
  AliasRegionData,
  DynamicStackSlotData,
  DynamicTypeData,
  GlobalValueData,
  StackSlotData,
} from "./tables.ts";
import { I64, type Type } from "./types.ts";

const NO_SIGNATURE: Signature = signatureOf([], []);

export class Function {
  name: FunctionName;
  signature: Signature;
  readonly dfg: DataFlowGraph;
  readonly layout: Layout;
  readonly stackSlots: StackSlotData[];
  readonly dynamicStackSlots: DynamicStackSlotData[];
  readonly dynamicTypes: DynamicTypeData[];
  readonly globalValues: GlobalValueData[];
  readonly aliasRegions: AliasRegionData[];
  /** The global value that holds the stack limit, or `NONE`. */
  stackLimit: GlobalValue | typeof NONE;

  /**
   * The values that need stack maps, as declared (aliases among them stay as they are): the text directive
   * `; needs-stack-map:`. The spiller's input; it says nothing once the function is spilled.
   */
  needsStackMap: Value[];
  /** The type of addresses: the text directive `; pointer-type:`. */
  pointerType: Type;

  /** Source location + 1 by instruction; grown only when a function has any. */
  private sourceLocs: Int32Array;
  private sourceLocCount: number;

  constructor(
    name: FunctionName = DEFAULT_FUNCTION_NAME,
    signature: Signature = signatureOf([], []),
    pointerType: Type = I64,
  ) {
    this.name = name;
    this.signature = signature;
    this.dfg = new DataFlowGraph();
    this.layout = new Layout();
    this.stackSlots = [];
    this.dynamicStackSlots = [];
    this.dynamicTypes = [];
    this.globalValues = [];
    this.aliasRegions = [];
    this.stackLimit = NONE;
    this.needsStackMap = [];
    this.pointerType = pointerType;
    this.sourceLocs = EMPTY_I32;
    this.sourceLocCount = 0;
  }

  /** Back to an empty function `u0:0`, keeping the memory. */
  clear(): void {
    this.name = DEFAULT_FUNCTION_NAME;
    this.signature = NO_SIGNATURE;
    this.dfg.clear();
    this.layout.clear();
    removeAll(this.stackSlots);
    removeAll(this.dynamicStackSlots);
    removeAll(this.dynamicTypes);
    removeAll(this.globalValues);
    removeAll(this.aliasRegions);
    this.stackLimit = NONE;
    removeAll(this.needsStackMap);
    this.pointerType = I64;
    if (this.sourceLocCount > 0) this.sourceLocs.fill(0);
    this.sourceLocCount = 0;
  }

  createStackSlot(slot: StackSlotData): StackSlot {
    return (this.stackSlots.push(slot) - 1) as StackSlot;
  }

  createDynamicStackSlot(slot: DynamicStackSlotData): DynamicStackSlot {
    return (this.dynamicStackSlots.push(slot) - 1) as DynamicStackSlot;
  }

  createDynamicType(data: DynamicTypeData): DynamicType {
    return (this.dynamicTypes.push(data) - 1) as DynamicType;
  }

  createGlobalValue(data: GlobalValueData): GlobalValue {
    return (this.globalValues.push(data) - 1) as GlobalValue;
  }

  createAliasRegion(data: AliasRegionData): AliasRegion {
    return (this.aliasRegions.push(data) - 1) as AliasRegion;
  }

  /** A new signature, even where an equal one is there. */
  importSignature(signature: Signature): SigRef {
    return (this.dfg.signatures.push(signature) - 1) as SigRef;
  }

  importFunction(extFunc: ExtFunc): FuncRef {
    return (this.dfg.extFuncs.push(extFunc) - 1) as FuncRef;
  }

  /** The source location, an unsigned number of the producer's choice, or `NONE`. */
  sourceLoc(inst: Inst): number {
    const stored = inst < this.sourceLocs.length ? this.sourceLocs[inst]! : 0;
    // All bits set is upstream's "no location", so + 1 fits and 0 is free to mean none.
    return stored === 0 ? NONE : (stored - 1) >>> 0;
  }

  setSourceLoc(inst: Inst, loc: number): void {
    if (inst >= this.sourceLocs.length) {
      this.sourceLocs = grownColumn(
        this.sourceLocs,
        Math.max(this.dfg.numInsts, inst + 1, this.sourceLocs.length * 2),
      );
    }
    const stored = (loc + 1) | 0;
    if (this.sourceLocs[inst] === 0 && stored !== 0) this.sourceLocCount++;
    this.sourceLocs[inst] = stored;
  }

  /** Whether any instruction has one. */
  get hasSourceLocs(): boolean {
    return this.sourceLocCount > 0;
  }

  /** Whether any instruction has a source location or a debug tag: the printer then indents further. */
  get hasAnnotations(): boolean {
    return this.sourceLocCount > 0 || this.dfg.hasDebugTags;
  }

  /** A call after which references may have moved, `; no-collect:` functions excepted. */
  mayCollect(inst: Inst): boolean {
    if (!isSafepoint(this.dfg.opcode(inst))) return false;
    const format = this.dfg.format(inst);
    const direct = format === Format.Call || format === Format.TryCall;
    return !direct || !this.dfg.extFuncs[this.dfg.funcRef(inst)]!.noCollect;
  }
}
