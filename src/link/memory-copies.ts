/**
 * Copies between two memories that stand in modules of their own (`memory-module.ts`): a module with one function for each pair, made
 * of the reads and writes that those modules export.
 *
 *     imports   "<memory>" "read8", "read64", "write8", "write64", "bytes"   of each memory
 *     exports   "0", "1" …   by their number in `OutputPlan.memoryUses`
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { encodeLowered } from "../lowering/lower-module.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import type { Export, Import } from "../wasm/module.ts";
import { I32, I64, TypeTable, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { isCopyBetween } from "./memory-plan.ts";
import type { MemoryUse } from "./module-usage.ts";
import { addFunctionType } from "./output-types.ts";
import type { OutputPlan } from "./plan.ts";

const EMPTY_BLOCK = 0x40;
const I32_TYPE = 0x7f;

const PEERS = ["read8", "read64", "write8", "write64", "bytes"] as const;
type Peer = (typeof PEERS)[number];

const PEER_TYPES: Readonly<Record<Peer, readonly [readonly ValType[], readonly ValType[]]>> = {
  read8: [[I32], [I32]],
  read64: [[I32], [I64]],
  write8: [[I32, I32], []],
  write64: [[I32, I64], []],
  bytes: [[], [I64]],
};

/** The module, or null where no memory is copied to another. */
export function linkMemoryCopies(plan: OutputPlan): Uint8Array | null {
  const uses = plan.memoryUses.flatMap((use, number) => (isCopyBetween(use) ? [{ use, number }] : []));
  if (uses.length === 0) return null;
  const types = new TypeTable();
  const peerTypes = PEERS.map((peer) => addFunctionType(types, ...PEER_TYPES[peer]));
  const functionTypes = new I32List();
  const imports: Import[] = [];
  const { module } = plan;
  for (let memory = 0; memory < module.memories.length; memory++) {
    PEERS.forEach((name, i) => {
      imports.push({ module: String(memory), name, type: { kind: "func", type: peerTypes[i]! }, offset: 0 });
      functionTypes.push(peerTypes[i]!);
    });
  }
  const out = new ByteWriter();
  const code = { starts: new I32List(), ends: new I32List() };
  const exports: Export[] = [];
  for (const { use, number } of uses) {
    const { params, results } = plan.memoryFunctionType(number);
    code.starts.push(out.length);
    out.append(copyBody(use, params));
    code.ends.push(out.length);
    exports.push({ name: String(number), kind: "func", index: functionTypes.length, offset: 0 });
    functionTypes.push(addFunctionType(types, params, results));
  }
  return encodeLowered(plan.target, {
    ...module,
    bytes: out.bytes(),
    types,
    imports,
    functionTypes,
    importedFunctionCount: imports.length,
    tables: [],
    importedTableCount: 0,
    memories: [],
    importedMemoryCount: 0,
    tags: [],
    importedTagCount: 0,
    globals: [],
    importedGlobalCount: 0,
    exports,
    start: -1,
    elements: [],
    dataCount: -1,
    code,
    data: [],
    customs: [],
  });
}

/** The body's locals behind the parameters: where to, where from, how many bytes are left. */
const TO = 3;
const FROM = 4;
const LEFT = 5;

/**
 * Checks both ranges, then copies words and, where they end, bytes. Two memories of the input may be one and the same, so the order
 * is that of a copy within one.
 */
function copyBody({ memory, other }: MemoryUse, params: readonly ValType[]): Uint8Array {
  const w = new CopyWriter(memory, other, params);
  w.check(other, 1);
  w.check(memory, 0);
  for (let local = 0; local < 3; local++) {
    w.get(local);
    if (params[local] === I64) w.op(WasmOp.I32WrapI64);
    w.set(TO + local);
  }
  w.get(TO);
  w.get(FROM);
  w.op(WasmOp.I32GtU);
  w.open(WasmOp.If);
  w.loop(8, true);
  w.loop(1, true);
  w.op(WasmOp.Else);
  w.loop(8, false);
  w.loop(1, false);
  w.op(WasmOp.End);
  w.op(WasmOp.End);
  return w.body.bytes();
}

class CopyWriter {
  readonly body: ByteWriter;
  private readonly memory: number;
  private readonly other: number;
  private readonly params: readonly ValType[];

  constructor(memory: number, other: number, params: readonly ValType[]) {
    this.memory = memory;
    this.other = other;
    this.params = params;
    this.body = new ByteWriter();
    this.body.u32(1);
    this.body.u32(3);
    this.body.byte(I32_TYPE);
  }

  op(op: number): void {
    writeOpcode(this.body, op);
  }

  open(op: number): void {
    this.op(op);
    this.body.byte(EMPTY_BLOCK);
  }

  get(local: number): void {
    this.op(WasmOp.LocalGet);
    this.body.u32(local);
  }

  set(local: number): void {
    this.op(WasmOp.LocalSet);
    this.body.u32(local);
  }

  private constant(value: number): void {
    this.op(WasmOp.I32Const);
    this.body.s32(value);
  }

  private call(memory: number, peer: Peer): void {
    this.op(WasmOp.Call);
    this.body.u32(memory * PEERS.length + PEERS.indexOf(peer));
  }

  private push64(local: number): void {
    this.get(local);
    if (this.params[local] === I32) this.op(WasmOp.I64ExtendI32U);
  }

  /** Traps unless the memory has as many bytes as the third operand says, from an operand on. */
  check(memory: number, start: number): void {
    this.push64(2);
    this.call(memory, "bytes");
    this.op(WasmOp.I64GtU);
    this.push64(start);
    this.call(memory, "bytes");
    this.push64(2);
    this.op(WasmOp.I64Sub);
    this.op(WasmOp.I64GtU);
    this.op(WasmOp.I32Or);
    this.open(WasmOp.If);
    // No memory has that word: traps as an access out of bounds.
    this.constant(-1);
    this.call(memory, "read64");
    this.op(WasmOp.Drop);
    this.op(WasmOp.End);
  }

  /** While at least `step` bytes are left, copies as many, from the end or from the start on. */
  loop(step: 8 | 1, backwards: boolean): void {
    this.open(WasmOp.Block);
    this.open(WasmOp.Loop);
    this.get(LEFT);
    this.constant(step);
    this.op(WasmOp.I32LtU);
    this.op(WasmOp.BrIf);
    this.body.u32(1);
    this.advance(LEFT, -step);
    this.address(TO, backwards);
    this.address(FROM, backwards);
    this.call(this.other, step === 8 ? "read64" : "read8");
    this.call(this.memory, step === 8 ? "write64" : "write8");
    if (!backwards) {
      this.advance(TO, step);
      this.advance(FROM, step);
    }
    this.op(WasmOp.Br);
    this.body.u32(0);
    this.op(WasmOp.End);
    this.op(WasmOp.End);
  }

  private address(start: number, backwards: boolean): void {
    this.get(start);
    if (!backwards) return;
    this.get(LEFT);
    this.op(WasmOp.I32Add);
  }

  private advance(local: number, by: number): void {
    this.get(local);
    this.constant(by);
    this.op(WasmOp.I32Add);
    this.set(local);
  }
}
