/**
 * Copies a function, leaving out what is not used: the base of every edit of the reducer.
 *
 * Values, blocks and entities are numbered densely, in the order of their old numbers: the spiller and upstream sort by
 * number, so the order must not change, while gaps say nothing. Values may be replaced on the way, and blocks that
 * cannot be reached left out. Aliases stay where something uses them.
 */
import { I32List } from "../../base/column.ts";
import { argIndex, argValue, type BlockArg, isRetArg, isValueArg, retArg } from "../../ir/block-calls.ts";
import {
  type AliasRegion,
  type Block,
  type BlockCall,
  type Constant,
  type GlobalValue,
  type Inst,
  NONE,
  type SigRef,
  type StackSlot,
  type Value,
} from "../../ir/entities.ts";
import { Function } from "../../ir/function.ts";
import { aliasRegion, type MemFlags, withAliasRegion } from "../../ir/memflags.ts";
import type { ExternalName } from "../../ir/names.ts";
import { Format } from "../../ir/opcodes.ts";
import { ValueKind } from "../../ir/values.ts";
import { instsOf, reachableBlocks } from "./walk.ts";

export interface CopyOptions {
  /** What stands in for a value, chains followed. */
  readonly replaced: ReadonlyMap<Value, Value>;
  readonly dropUnreachable: boolean;
}

/** The copy, or `null` where something used is not there any more. */
export function copyFunction(source: Function, options: CopyOptions): Function | null {
  const copier = new Copier(source, options);
  return copier.run() ? copier.target : null;
}

/** Old numbers to new ones, dense, in order. */
class Numbering {
  private readonly used: Set<number>;
  private numbers: Map<number, number>;

  constructor() {
    this.used = new Set();
    this.numbers = new Map();
  }

  use(old: number): void {
    if (old >= 0) this.used.add(old);
  }

  has(old: number): boolean {
    return this.used.has(old);
  }

  /** Ends the uses; gives the old numbers in order. */
  close(): readonly number[] {
    const order = [...this.used].sort((a, b) => a - b);
    this.numbers = new Map(order.map((old, i) => [old, i]));
    return order;
  }

  get(old: number): number {
    return this.numbers.get(old) ?? NONE;
  }
}

class Copier {
  readonly target: Function;
  private readonly source: Function;
  private readonly options: CopyOptions;
  private readonly blocks: readonly Block[];
  private readonly values = new Numbering();
  private readonly blockNumbers = new Numbering();
  private readonly slots = new Numbering();
  private readonly regions = new Numbering();
  private readonly globals = new Numbering();
  private readonly signatures = new Numbering();
  private readonly functions = new Numbering();
  private readonly constants = new Numbering();
  private readonly operands = new I32List();

  constructor(source: Function, options: CopyOptions) {
    this.source = source;
    this.options = options;
    this.target = new Function(source.name, source.signature, source.pointerType);
    this.blocks = reachableBlocks(source, !options.dropUnreachable);
  }

  run(): boolean {
    this.findUses();
    if (!this.findAliases()) return false;
    this.copyTables();
    this.copyBlocks();
    for (const block of this.blocks) {
      for (const inst of instsOf(this.source, block)) this.copyInst(block, inst);
    }
    this.copyDeclared();
    return true;
  }

  private resolve(value: Value): Value {
    let resolved = value;
    for (let next = this.options.replaced.get(resolved); next !== undefined; ) {
      resolved = next;
      next = this.options.replaced.get(resolved);
    }
    return resolved;
  }

  // What is used.

  private findUses(): void {
    const { source } = this;
    const { dfg } = source;
    for (const block of this.blocks) {
      this.blockNumbers.use(block);
      for (let i = 0; i < dfg.blockParamCount(block); i++) this.values.use(dfg.blockParam(block, i));
      for (const inst of instsOf(source, block)) {
        for (let i = 0; i < dfg.resultCount(inst); i++) this.values.use(dfg.result(inst, i));
        this.findInstUses(inst);
      }
    }
    for (const { dynamicType } of source.dynamicStackSlots)
      this.globals.use(source.dynamicTypes[dynamicType]!.scale);
    for (const { scale } of source.dynamicTypes) this.globals.use(scale);
    this.globals.use(source.stackLimit);
    // Global values are built on earlier or later ones: follow to the end.
    for (let changed = true; changed; ) {
      changed = false;
      source.globalValues.forEach((data, i) => {
        if (!this.globals.has(i) || (data.kind !== "load" && data.kind !== "iadd_imm")) return;
        if (!this.globals.has(data.base)) changed = true;
        this.globals.use(data.base);
        if (data.kind === "load") this.regions.use(aliasRegion(data.flags));
      });
    }
  }

  private findInstUses(inst: Inst): void {
    const { dfg } = this.source;
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      this.blockNumbers.use(dfg.blockCalls.block(dfg.destination(inst, i)));
    }
    switch (dfg.format(inst)) {
      case Format.Call:
      case Format.TryCall:
      case Format.FuncAddr:
        this.functions.use(dfg.funcRef(inst));
        this.signatures.use(this.source.dfg.extFuncs[dfg.funcRef(inst)]!.signature);
        break;
      case Format.StackAddr:
        this.slots.use(dfg.stackSlot(inst));
        break;
      case Format.UnaryGlobalValue:
        this.globals.use(dfg.globalValue(inst));
        break;
      case Format.UnaryConst:
        this.constants.use(dfg.constant(inst));
        break;
      case Format.ExceptionHandlerAddress:
        this.blockNumbers.use(dfg.handlerBlock(inst));
        break;
    }
    if (hasMemFlags(dfg.format(inst))) this.regions.use(aliasRegion(dfg.memFlags(inst)));
    this.signatures.use(dfg.callSignature(inst));
    for (const tag of dfg.debugTags(inst)) {
      if (tag.kind === "stack-slot") this.slots.use(tag.slot);
    }
    const map = dfg.stackMap(inst);
    if (map === NONE) return;
    for (let i = 0; i < dfg.stackMaps.entryCount(map); i++) this.slots.use(dfg.stackMaps.entrySlot(map, i));
  }

  /** Adds the aliases that are used, down to what they stand for; false if something used is not defined. */
  private findAliases(): boolean {
    const { source, operands } = this;
    const { dfg } = source;
    operands.clear();
    for (const block of this.blocks) {
      for (const inst of instsOf(source, block)) dfg.collectInstValues(inst, operands);
    }
    for (let i = 0; i < operands.length; i++) {
      if (!this.useValue(operands.get(i) as Value)) return false;
    }
    for (const value of source.needsStackMap) this.useValue(value);
    return true;
  }

  private useValue(value: Value): boolean {
    const { dfg } = this.source;
    const chain: Value[] = [];
    let resolved = this.resolve(value);
    while (dfg.valueKind(resolved) === ValueKind.Alias) {
      chain.push(resolved);
      resolved = this.resolve(dfg.aliasTarget(resolved));
    }
    if (!this.values.has(resolved)) return false;
    for (const alias of chain) this.values.use(alias);
    return true;
  }

  // Copying.

  private copyTables(): void {
    const { source, target } = this;
    for (const old of this.slots.close())
      target.createStackSlot(source.stackSlots[old] ?? { sizeBytes: 0, alignLog2: 0 });
    for (const old of this.regions.close()) {
      target.createAliasRegion(source.aliasRegions[old] ?? { userId: old, description: "" });
    }
    this.copyGlobals();
    for (const slot of source.dynamicStackSlots) target.createDynamicStackSlot(slot);
    for (const data of source.dynamicTypes) {
      target.createDynamicType({ base: data.base, scale: this.globals.get(data.scale) as GlobalValue });
    }
    for (const old of this.signatures.close()) target.importSignature(source.dfg.signatures[old]!);
    for (const old of this.functions.close()) {
      const data = source.dfg.extFuncs[old]!;
      target.importFunction({
        ...data,
        name: this.name(data.name),
        signature: this.signatures.get(data.signature) as SigRef,
      });
    }
    this.constants.close().forEach((old, i) => {
      target.dfg.constants.set(i as Constant, source.dfg.constants.bytes(old as Constant));
    });
  }

  private copyGlobals(): void {
    const { source, target } = this;
    for (const old of this.globals.close()) {
      const data = source.globalValues[old]!;
      switch (data.kind) {
        case "load": {
          const flags = this.memFlags(data.flags);
          target.createGlobalValue({ ...data, flags, base: this.globals.get(data.base) as GlobalValue });
          break;
        }
        case "iadd_imm":
          target.createGlobalValue({ ...data, base: this.globals.get(data.base) as GlobalValue });
          break;
        case "symbol":
          target.createGlobalValue({ ...data, name: this.name(data.name) });
          break;
        default:
          target.createGlobalValue(data);
      }
    }
    target.stackLimit = this.globals.get(source.stackLimit) as GlobalValue;
  }

  private name(name: ExternalName): ExternalName {
    if (name.kind !== "user") return name;
    const user = this.source.dfg.userNames.get(name.ref);
    return user === undefined
      ? name
      : { kind: "user", ref: this.target.dfg.userNames.declare(user.namespace, user.index) };
  }

  private memFlags(flags: MemFlags): MemFlags {
    const region = aliasRegion(flags);
    return region === NONE ? flags : withAliasRegion(flags, this.regions.get(region) as AliasRegion);
  }

  private copyBlocks(): void {
    const { source, target } = this;
    const values = this.values.close();
    if (values.length > 0) target.dfg.reserveValue((values.length - 1) as Value);
    for (let i = this.blockNumbers.close().length; i > 0; i--) target.dfg.makeBlock();
    for (const old of this.blocks) {
      const block = this.block(old);
      target.layout.appendBlock(block);
      if (source.layout.isCold(old)) target.layout.setCold(block);
      for (let i = 0; i < source.dfg.blockParamCount(old); i++) {
        const param = source.dfg.blockParam(old, i);
        target.dfg.defineBlockParam(block, this.value(param), source.dfg.valueType(param));
      }
    }
    this.defineAliases(values);
  }

  /** Types of aliases are those of their targets, which are known here for every kept definition. */
  private defineAliases(values: readonly number[]): void {
    const { dfg } = this.source;
    for (const old of values) {
      const value = old as Value;
      if (dfg.valueKind(value) !== ValueKind.Alias) continue;
      this.target.dfg.setValueType(this.value(this.resolve(dfg.aliasTarget(value))), dfg.valueType(value));
      this.target.dfg.makeAlias(this.value(value), this.value(this.resolve(dfg.aliasTarget(value))));
    }
  }

  private value(old: Value): Value {
    return this.values.get(this.resolve(old)) as Value;
  }

  private block(old: Block): Block {
    return this.blockNumbers.get(old) as Block;
  }

  private copyInst(block: Block, old: Inst): void {
    const { source, target } = this;
    const { dfg } = source;
    const a = this.fieldA(old);
    const b = this.fieldB(old);
    const table = dfg.format(old) === Format.BranchTable ? this.branchTable(old) : [];
    const inst = target.dfg.newInst(dfg.opcode(old), dfg.imm8(old), a, b);
    for (let i = 0; i < dfg.argCount(old); i++) target.dfg.addArg(this.value(dfg.arg(old, i)));
    if (table.length > 0) target.dfg.addBranchTable(inst, table);
    for (let i = 0; i < dfg.resultCount(old); i++) {
      const result = dfg.result(old, i);
      target.dfg.defineResult(inst, this.value(result), dfg.valueType(result));
    }
    target.layout.appendInst(inst, this.block(block));
    this.copyAnnotations(old, inst);
  }

  private fieldA(inst: Inst): number {
    const { dfg } = this.source;
    const format = dfg.format(inst);
    if (hasMemFlags(format)) return this.memFlags(dfg.memFlags(inst));
    switch (format) {
      case Format.Call:
      case Format.TryCall:
      case Format.FuncAddr:
        return this.functions.get(dfg.funcRef(inst));
      case Format.CallIndirect:
        return this.signatures.get(dfg.sigRef(inst));
      case Format.StackAddr:
        return this.slots.get(dfg.stackSlot(inst));
      case Format.UnaryGlobalValue:
        return this.globals.get(dfg.globalValue(inst));
      case Format.UnaryConst:
        return this.constants.get(dfg.constant(inst));
      case Format.Shuffle:
        return this.target.dfg.immediates.push(dfg.immediates[dfg.shuffleMask(inst)]!) - 1;
      case Format.ExceptionHandlerAddress:
        return this.block(dfg.handlerBlock(inst));
      case Format.Jump:
      case Format.Brif:
        return this.blockCall(dfg.destination(inst, 0));
      default:
        return dfg.immLow(inst);
    }
  }

  private fieldB(inst: Inst): number {
    const { dfg } = this.source;
    if (dfg.format(inst) === Format.Brif) return this.blockCall(dfg.destination(inst, 1));
    return dfg.hasExceptionTable(inst) ? this.exceptionTable(inst) : dfg.immHigh(inst);
  }

  private branchTable(inst: Inst): BlockCall[] {
    const { dfg } = this.source;
    return Array.from({ length: dfg.destinationCount(inst) }, (_, i) =>
      this.blockCall(dfg.destination(inst, i)),
    );
  }

  private blockCall(call: BlockCall): BlockCall {
    const { blockCalls } = this.source.dfg;
    const args: BlockArg[] = [];
    for (let i = 0; i < blockCalls.argCount(call); i++) args.push(this.blockArg(blockCalls.arg(call, i)));
    return this.target.dfg.blockCalls.create(this.block(blockCalls.block(call)), args);
  }

  private blockArg(arg: BlockArg): BlockArg {
    if (isValueArg(arg)) return this.value(argValue(arg)) as number as BlockArg;
    return isRetArg(arg) ? retArg(argIndex(arg)) : arg;
  }

  private exceptionTable(inst: Inst): number {
    const { blockCalls } = this.source.dfg;
    const table = this.source.dfg.exceptionTable(inst);
    const normal = this.blockCall(blockCalls.normalReturn(table));
    const items = Array.from({ length: blockCalls.itemCount(table) }, (_, i) => {
      const item = blockCalls.item(table, i);
      return item.kind === "context"
        ? { ...item, value: this.value(item.value) }
        : { ...item, call: this.blockCall(item.call) };
    });
    const signature = this.signatures.get(blockCalls.tableSignature(table)) as SigRef;
    return this.target.dfg.blockCalls.createTable(signature, normal, items);
  }

  private copyAnnotations(old: Inst, inst: Inst): void {
    const { source, target } = this;
    const { dfg } = source;
    const loc = source.sourceLoc(old);
    if (loc !== NONE) target.setSourceLoc(inst, loc);
    const tags = dfg.debugTags(old);
    if (tags.length > 0) {
      target.dfg.setDebugTags(
        inst,
        tags.map((tag) => (tag.kind === "user" ? tag : { kind: tag.kind, slot: this.slots.get(tag.slot) })),
      );
    }
    const map = dfg.stackMap(old);
    if (map === NONE) return;
    for (let i = 0; i < dfg.stackMaps.entryCount(map); i++) {
      const slot = this.slots.get(dfg.stackMaps.entrySlot(map, i)) as StackSlot;
      target.dfg.stackMaps.push(dfg.stackMaps.entryType(map, i), slot, dfg.stackMaps.entryOffset(map, i));
    }
    target.dfg.setStackMap(inst, target.dfg.stackMaps.finish());
  }

  /** Declared values that are left; what replaces one is declared in its place. */
  private copyDeclared(): void {
    const declared = new Set<Value>();
    for (const old of this.source.needsStackMap) {
      const value = this.value(old);
      if (value >= 0) declared.add(value);
    }
    this.target.needsStackMap.push(...[...declared].sort((a, b) => a - b));
  }
}

function hasMemFlags(format: number): boolean {
  switch (format) {
    case Format.Load:
    case Format.LoadNoOffset:
    case Format.Store:
    case Format.StoreNoOffset:
    case Format.AtomicCas:
    case Format.AtomicRmw:
      return true;
    default:
      return false;
  }
}
