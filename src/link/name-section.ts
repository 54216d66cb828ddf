/**
 * The name section of a compiled module: the input's names of what is still there, under its new index, and names of what the
 * linker added. Locals, labels, types and fields are others now.
 *
 * A function without a name that is exported has the export's, so that stack traces say more than a number: but not in a file that is made
 * of an input without names, which somebody took out for their size.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import type { Module } from "../wasm/module.ts";
import { exportedFunctionNames, readNames } from "../wasm/names.ts";
import type { OutputPlan } from "./plan.ts";

const MODULE = 0;
const FUNCTIONS = 1;
const GLOBALS = 7;
const DATA = 9;
const TEXT = new TextEncoder();

/** The section's payload; `added` are names of functions by their index in the output. */
export function encodeNames(
  module: Module,
  plan: OutputPlan,
  added: ReadonlyMap<number, string>,
): Uint8Array {
  const names = readNames(module);
  const out = new ByteWriter();
  if (names.module !== null) {
    const name = new ByteWriter();
    writeName(name, names.module);
    subsection(out, MODULE, name);
  }
  const isNamed = plan.mode === "store" || names.functions.size > 0;
  const known = isNamed ? new Map([...exportedFunctionNames(module), ...names.functions]) : names.functions;
  const functions = mapped(known, (func) =>
    func < module.functionTypes.length ? plan.functionIndex(func) : -1,
  );
  writeMap(out, FUNCTIONS, [...functions, ...added]);
  const globals = mapped(names.globals, (global) =>
    global < module.globals.length ? plan.globalIndex(global) : -1,
  );
  writeMap(out, GLOBALS, globals);
  writeMap(out, DATA, [...names.data]);
  return out.bytes();
}

function mapped(
  names: ReadonlyMap<number, string>,
  indexOf: (index: number) => number,
): (readonly [number, string])[] {
  return [...names].map(([index, name]) => [indexOf(index), name] as const).filter(([index]) => index >= 0);
}

function writeMap(out: ByteWriter, id: number, names: (readonly [number, string])[]): void {
  if (names.length === 0) return;
  const body = new ByteWriter();
  body.u32(names.length);
  for (const [index, name] of names.sort(([a], [b]) => a - b)) {
    body.u32(index);
    writeName(body, name);
  }
  subsection(out, id, body);
}

function writeName(out: ByteWriter, name: string): void {
  const bytes = TEXT.encode(name);
  out.u32(bytes.length);
  out.append(bytes);
}

function subsection(out: ByteWriter, id: number, body: ByteWriter): void {
  out.byte(id);
  out.u32(body.length);
  out.append(body.bytes());
}
