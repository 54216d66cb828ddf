/**
 * Takes out of a finished module what its target lacks: sign extension, saturating conversions, bulk memory, several results, tail
 * calls, and encodings that came with them. What has no replacement is refused by name.
 *
 * The module may be one under construction. What it imports and exports stays as it is, so that must be of the target already: no
 * function with several results there, and no table that others see where tail calls are indirect.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { encodeModule } from "../wasm/encode.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import type { FeatureName, Features } from "../wasm/features.ts";
import type { DataSegment, ElementSegment, Module } from "../wasm/module.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { Additions, countOf } from "./additions.ts";
import { CodeLowering } from "./code-lowering.ts";
import { DataLowering, type KeptData } from "./data-segments.ts";
import { targetLacks } from "./messages.ts";
import { ResultLowering } from "./several-results.ts";
import { itemsOf, TailCalls } from "./tail-calls.ts";

const FUNC_HEAP_CODE = 0x70;

/** The features that are looked for; a module for a target with all of them stays as it is. */
const LOWERED: readonly FeatureName[] = [
  "sign-extension",
  "saturating-float-to-int",
  "bulk-memory",
  "reference-types",
  "multi-value",
  "tail-call",
];

export function needsLowering(target: Features): boolean {
  return LOWERED.some((feature) => !target.has(feature));
}

/** Of bodies by their function's index: pairs of an offset in the body, ascending, and where the instructions from there on come from. */
export type BodyPositions = Map<number, Int32Array>;

/**
 * `kept` says where static memory has the bytes of passive data; `positions` are those of the result in the end. Throws `InputError` for
 * what cannot be lowered.
 */
export function lowerModule(
  module: Module,
  target: Features,
  kept: KeptData = () => null,
  positions: BodyPositions = new Map(),
): Module {
  if (!needsLowering(target)) return module;
  if (!target.has("reference-types") && countOf(module, "table") > 1) {
    throw targetLacks("a second table", "reference-types");
  }
  const additions = new Additions(module);
  const results = new ResultLowering(module, additions, target.has("multi-value"));
  const data = new DataLowering(module, additions, kept);
  const tails = target.has("tail-call") ? null : new TailCalls(module, additions);
  if (tails?.hasIndirect === true && hasSeenTable(module)) {
    throw targetLacks("return_call_indirect in a module whose table others see", "tail-call");
  }
  const code = new CodeLowering({ module, target, additions, results, data, tails });
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < module.code.starts.length; i++) {
    const func = module.importedFunctionCount + i;
    const before = positions.get(func) ?? null;
    const body = code.body(i, before);
    const inner = tails?.innerOf(func) ?? -1;
    if (before !== null) {
      positions.delete(func);
      positions.set(inner >= 0 ? inner : func, code.positionsOfBody());
    }
    if (inner >= 0) additions.setBody(inner, body);
    bodies.push(inner >= 0 ? tails!.outerBody(func) : body);
  }
  const elements = module.elements.map((segment) => lowerElements(module, segment, additions, tails));
  tails?.finish();
  const hasBulk = target.has("bulk-memory");
  return {
    ...additions.applyTo(module, bodies),
    elements,
    data: hasBulk ? module.data : module.data.filter(({ mode }) => mode === "active").map(plainData),
    dataCount: hasBulk ? module.dataCount : -1,
  };
}

/** The binary of a module for a target. */
export function encodeLowered(
  target: Features,
  module: Module,
  kept?: KeptData,
  positions?: BodyPositions,
): Uint8Array {
  return encodeModule(lowerModule(module, target, kept, positions));
}

function hasSeenTable({ imports, exports }: Module): boolean {
  return imports.some(({ type }) => type.kind === "table") || exports.some(({ kind }) => kind === "table");
}

function plainData(segment: DataSegment): DataSegment {
  return segment.memory === 0 ? { ...segment, flags: 0 } : segment;
}

/** The same functions, or what stands for them, in the oldest encoding that will do. */
function lowerElements(
  module: Module,
  segment: ElementSegment,
  additions: Additions,
  tails: TailCalls | null,
): ElementSegment {
  const { mode, table, itemsAreExprs, flags } = segment;
  const isOld = mode === "active" && table === 0 && !itemsAreExprs;
  const out = new ByteWriter();
  for (const func of itemsOf(module, segment)) {
    const item = func < 0 || tails === null ? func : tails.tableItem(func);
    if (!itemsAreExprs) {
      out.u32(item);
      continue;
    }
    writeOpcode(out, item < 0 ? WasmOp.RefNull : WasmOp.RefFunc);
    if (item < 0) out.byte(FUNC_HEAP_CODE);
    else out.u32(item);
    writeOpcode(out, WasmOp.End);
  }
  return { ...segment, flags: isOld ? 0 : flags, items: additions.append(out.bytes()) };
}
