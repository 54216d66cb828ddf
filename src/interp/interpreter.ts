/**
 * Runs functions of one file that call each other: what `; run:` directives ask for.
 *
 * Callees are found by name, through `func_addr` by address. The runtime routines that CLIF names (`%CeilF32` …) are here, and
 * `%__cranelift_throw`, by which upstream's tests throw: its fourth argument is the tag, the payload follows. Memory starts as
 * zero bytes. A program decodes when it is first called and stays decoded.
 */
import type { Function } from "../ir/function.ts";
import { type TrapCode, trapName } from "../ir/trap-codes.ts";
import { F32, F64, INVALID, type Type } from "../ir/types.ts";
import { type DataValue, intValue, readTransfer, unsignedOf, writeTransfer } from "./data-value.ts";
import { type DecodeOptions, Decoder } from "./decode.ts";
import { fusedMultiplyAdd, nearest } from "./float-bits.ts";
import { type Linker, Machine, Stop } from "./machine.ts";
import { missingFunction, refusedOpcode } from "./messages.ts";
import { functionAddress, functionKey, nameKey } from "./names.ts";
import { resumeReturn, resumeThrow } from "./ops-control.ts";
import { CallField, Program } from "./program.ts";
import { Field } from "./record.ts";
import { run } from "./run.ts";

/** How a call ended. */
export type Outcome =
  | { readonly kind: "returned"; readonly values: readonly DataValue[] }
  | { readonly kind: "trapped"; readonly code: TrapCode }
  | { readonly kind: "out of fuel" }
  | { readonly kind: "unwound"; readonly tag: number };

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "trapped":
      return `trap ${trapName(outcome.code)}`;
    case "unwound":
      return `exception tag${outcome.tag} that nothing handles`;
    default:
      return outcome.kind;
  }
}

/** Blocks that a call may enter, unless told otherwise. */
const DEFAULT_FUEL = 100_000_000;

export class Interpreter implements Linker {
  private readonly options: DecodeOptions;
  private readonly decoder: Decoder;
  private readonly machine: Machine;
  private readonly functions: Map<string, Function>;
  private readonly programs: Map<string, Program>;
  private readonly addresses: Map<number, string>;
  /** Callees by caller and function reference. */
  private readonly links: Map<Program, (Program | null | undefined)[]>;

  constructor(functions: readonly Function[], options: DecodeOptions = {}) {
    this.options = options;
    this.decoder = new Decoder();
    this.machine = new Machine(new Program());
    this.machine.linker = this;
    this.functions = new Map();
    this.programs = new Map();
    this.addresses = new Map();
    this.links = new Map();
    for (const func of functions) {
      this.functions.set(nameKey(func.name), func);
      this.addresses.set(functionAddress(nameKey(func.name)), nameKey(func.name));
      func.dfg.extFuncs.forEach((_, ref) => {
        const key = functionKey(func, ref as never);
        this.addresses.set(functionAddress(key), key);
      });
    }
  }

  function(name: string): Function | null {
    return this.functions.get(name) ?? null;
  }

  /** Calls the function of that name (`%f`, `u0:1`) with arguments of its parameters' types. */
  call(name: string, args: readonly DataValue[], fuel: number = DEFAULT_FUEL): Outcome {
    const program = this.program(name);
    if (program === null) throw missingFunction(name);
    const m = this.machine;
    m.memory.reset(null);
    writeTransfer(m, args);
    m.start(program, fuel);
    for (;;) {
      run(m);
      if (m.stop !== Stop.External) break;
      this.callOutside();
    }
    return this.outcome(program.func as Function);
  }

  /** What the last call left in memory, `count` bytes from an address below 2^32 on. */
  memoryBytes(address: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    this.machine.memory.read(0, address, count, bytes, 0);
    return bytes;
  }

  private outcome(func: Function): Outcome {
    const m = this.machine;
    switch (m.stop) {
      case Stop.Returned:
        return {
          kind: "returned",
          values: readTransfer(
            m,
            func.signature.returns.map((param) => param.type),
          ),
        };
      case Stop.Trapped:
        return { kind: "trapped", code: m.trapCode };
      case Stop.Unwound:
        return { kind: "unwound", tag: m.exceptionTag };
      default:
        return { kind: "out of fuel" };
    }
  }

  private program(name: string): Program | null {
    const found = this.programs.get(name);
    if (found !== undefined) return found;
    const func = this.functions.get(name);
    if (func === undefined) return null;
    const program = new Program();
    this.decoder.decode(func, program, this.options);
    this.programs.set(name, program);
    return program;
  }

  direct(caller: Program, callee: number): Program | null {
    let row = this.links.get(caller);
    if (row === undefined) {
      row = [];
      this.links.set(caller, row);
    }
    let program = row[callee];
    if (program === undefined) {
      program = this.program(functionKey(caller.func as Function, callee as never));
      row[callee] = program;
    }
    return program;
  }

  indirect(low: number): Program | null {
    const name = this.addresses.get(low);
    return name === undefined ? null : this.program(name);
  }

  /** A routine that is not in the file. */
  private callOutside(): void {
    const m = this.machine;
    const { code, extra } = m.program;
    const func = m.program.func as Function;
    if (extra[code[m.callAt + Field.Imm]! + CallField.Signature]! < 0) {
      const inst = m.program.instAt(m.callAt);
      throw refusedOpcode(func.dfg.opcode(inst), INVALID);
    }
    const callee = extra[code[m.callAt + Field.Imm]! + CallField.Callee]!;
    const low = m.i32[(m.base + code[m.callAt + Field.A]!) << 1]!;
    const name = callee >= 0 ? functionKey(func, callee as never) : this.addresses.get(low);
    const signature = func.dfg.signatures[extra[code[m.callAt + Field.Imm]! + CallField.Signature]!];
    const types = signature?.params.map((param) => param.type) ?? [];
    if (name === "%__cranelift_throw" && types.length >= 4) {
      const args = readTransfer(m, types);
      m.exceptionTag = Number(BigInt.asIntN(32, unsignedOf(args[3]!)));
      writeTransfer(m, args.slice(4));
      resumeThrow(m);
      return;
    }
    const routine = name === undefined ? undefined : ROUTINES[name];
    if (routine === undefined) throw missingFunction(name ?? `at address ${low}`);
    writeTransfer(m, [routine(readTransfer(m, types))]);
    resumeReturn(m);
  }
}

type Routine = (args: readonly DataValue[]) => DataValue;

function floatOf(value: DataValue): number {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset);
  return value.type === F32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

function floatRoutine(type: Type, f: (a: number, b: number, c: number) => number): Routine {
  return (args) => {
    const [a = 0, b = 0, c = 0] = args.map(floatOf);
    const value = { type, bytes: new Uint8Array(type === F32 ? 4 : 8) };
    const view = new DataView(value.bytes.buffer);
    if (type === F32) view.setFloat32(0, f(a, b, c), true);
    else view.setFloat64(0, f(a, b, c), true);
    return value;
  };
}

const ROUTINES: Readonly<Record<string, Routine>> = {
  "%CeilF32": floatRoutine(F32, Math.ceil),
  "%CeilF64": floatRoutine(F64, Math.ceil),
  "%FloorF32": floatRoutine(F32, Math.floor),
  "%FloorF64": floatRoutine(F64, Math.floor),
  "%TruncF32": floatRoutine(F32, Math.trunc),
  "%TruncF64": floatRoutine(F64, Math.trunc),
  "%NearestF32": floatRoutine(F32, nearest),
  "%NearestF64": floatRoutine(F64, nearest),
  "%FmaF32": floatRoutine(F32, (a, b, c) => fusedMultiplyAdd(a, b, c, true)),
  "%FmaF64": floatRoutine(F64, (a, b, c) => fusedMultiplyAdd(a, b, c, false)),
  "%X86Pshufb": ([a, b]) => {
    const value = intValue(a!.type, 0n);
    for (let i = 0; i < 16; i++) {
      const index = b!.bytes[i]!;
      value.bytes[i] = (index & 0x80) !== 0 ? 0 : a!.bytes[index & 15]!;
    }
    return value;
  },
};
