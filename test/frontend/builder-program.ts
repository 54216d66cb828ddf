/**
 * Interprets the builder programs of ../shared/parity/builder (its FORMAT.md is the reference): lists of builder calls
 * as JSON, one `FunctionBuilderContext` for all functions of a program.
 */
import { type FinalizeOptions, FunctionBuilder } from "../../src/frontend/builder.ts";
import type { FunctionBuilderContext } from "../../src/frontend/context.ts";
import type { Variable } from "../../src/frontend/variable.ts";
import {
  type BlockArg,
  type ExceptionTableItem,
  exnArg,
  retArg,
  valueArg,
} from "../../src/ir/block-calls.ts";
import {
  type Block,
  type BlockCall,
  type FuncRef,
  NONE,
  type SigRef,
  type StackSlot,
  type Value,
} from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { DEFAULT_MEMFLAGS } from "../../src/ir/memflags.ts";
import type { ExternalName } from "../../src/ir/names.ts";
import { type CallConv, type Signature, signatureOf } from "../../src/ir/signature.ts";
import { userTrap } from "../../src/ir/trap-codes.ts";
import { type Type, typeOfName } from "../../src/ir/types.ts";

export interface BuilderCase {
  readonly id: number;
  readonly family: string;
  readonly functions: number;
  readonly ops: readonly Op[];
  readonly expected: readonly string[];
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Op = readonly [string, ...Json[]];
type Ref = number | readonly [number, number];
type JsonBlockCall = readonly [number, readonly (Ref | string)[]];
interface JsonSignature {
  readonly params: readonly string[];
  readonly returns: readonly string[];
  readonly callConv: CallConv;
}

const UNARY: ReadonlyMap<string, "ineg" | "fneg"> = new Map([
  ["ineg", "ineg"],
  ["fneg", "fneg"],
]);

/** Runs the program; returns its functions, finalized, in order. */
export function runBuilderProgram(
  ops: readonly Op[],
  context: FunctionBuilderContext,
  options: FinalizeOptions,
): Function[] {
  const program = new BuilderProgram(context, options);
  for (const op of ops) program.run(op);
  return program.functions;
}

class BuilderProgram {
  readonly functions: Function[];
  private readonly context: FunctionBuilderContext;
  private readonly options: FinalizeOptions;
  /** Values that each operation gave, by its index. */
  private readonly results: Value[][];
  private func: Function;
  private builder: FunctionBuilder | null;

  constructor(context: FunctionBuilderContext, options: FinalizeOptions) {
    this.functions = [];
    this.context = context;
    this.options = options;
    this.results = [];
    this.func = new Function();
    this.builder = null;
  }

  run(op: Op): void {
    const given = op[0] === "function" ? this.beginFunction(op) : this.runOnBuilder(this.builder!, op);
    this.results.push(given);
  }

  private beginFunction(op: Op): Value[] {
    const [, name, signature, pointer] = op;
    this.func = new Function(
      { kind: "testcase", name: name as string },
      signatureOfJson(signature as unknown as JsonSignature),
      typeOfName(pointer as string),
    );
    this.builder = new FunctionBuilder(this.func, this.context);
    this.functions.push(this.func);
    return [];
  }

  private runOnBuilder(builder: FunctionBuilder, op: Op): Value[] {
    const block = op[1] as Block;
    switch (op[0]) {
      case "create_block":
        builder.createBlock();
        return [];
      case "append_block_params_for_function_params":
        builder.appendBlockParamsForFunctionParams(block);
        return Array.from({ length: this.func.dfg.blockParamCount(block) }, (_, i) =>
          this.func.dfg.blockParam(block, i),
        );
      case "append_block_param":
        return [builder.appendBlockParam(block, typeOfName(op[2] as string))];
      case "switch_to_block":
        builder.switchToBlock(block);
        return [];
      case "set_cold_block":
        builder.setColdBlock(block);
        return [];
      case "ensure_inserted_block":
        builder.ensureInsertedBlock();
        return [];
      case "seal_block":
        builder.sealBlock(block);
        return [];
      case "seal_all_blocks":
        builder.sealAllBlocks();
        return [];
      case "finalize":
        builder.finalize(this.options);
        return [];
      case "ins":
        return this.instruction(builder, op);
      default:
        return this.declaration(builder, op);
    }
  }

  private declaration(builder: FunctionBuilder, op: Op): Value[] {
    switch (op[0]) {
      case "declare_var":
        builder.declareVar(typeOfName(op[1] as string));
        return [];
      case "declare_var_needs_stack_map":
        builder.declareVarNeedsStackMap(op[1] as Variable);
        return [];
      case "declare_value_needs_stack_map":
        builder.declareValueNeedsStackMap(this.value(op[1] as Ref));
        return [];
      case "def_var":
        builder.defVar(op[1] as Variable, this.value(op[2] as Ref));
        return [];
      case "use_var":
        return [builder.useVar(op[1] as Variable)];
      case "set_srcloc":
        builder.setSourceLoc(op[1] === null ? NONE : (op[1] as number));
        return [];
      case "import_signature":
        builder.importSignature(signatureOfJson(op[1] as unknown as JsonSignature));
        return [];
      case "import_function":
        builder.importFunction({
          name: this.externalName(builder, op[1] as Json[]),
          signature: op[2] as SigRef,
          colocated: op[3] as boolean,
          patchable: false,
          noCollect: false,
        });
        return [];
      case "create_sized_stack_slot":
        builder.createSizedStackSlot({ sizeBytes: op[1] as number, alignLog2: op[2] as number });
        return [];
      default:
        throw new Error(`unknown operation ${op[0]}`);
    }
  }

  private externalName(builder: FunctionBuilder, name: readonly Json[]): ExternalName {
    if (name[0] === "testcase") return { kind: "testcase", name: name[1] as string };
    return { kind: "user", ref: builder.declareImportedUserFunction(name[1] as number, name[2] as number) };
  }

  // Instructions.

  private instruction(builder: FunctionBuilder, op: Op): Value[] {
    const { ins } = builder;
    const name = op[1] as string;
    const unary = UNARY.get(name);
    if (unary !== undefined) return [ins[unary](this.values(op[2])[0]!)];
    switch (name) {
      case "iconst":
        return [ins.iconst(typeOfName(op[2] as string), BigInt(op[3] as string))];
      case "f32const":
        return [ins.f32const(Number(op[2]))];
      case "f64const":
        return [ins.f64const(BigInt(op[2] as string))];
      case "uextend":
      case "sextend":
      case "ireduce":
      case "splat":
        return [ins[name](typeOfName(op[2] as string), this.values(op[3])[0]!)];
      case "iadd":
      case "isub":
      case "bxor":
      case "fadd":
      case "iconcat": {
        const [x, y] = this.values(op[2]);
        return [ins[name](x!, y!)];
      }
      case "icmp": {
        const [x, y] = this.values(op[3]);
        return [ins.icmp(op[2] as "eq" | "slt" | "ugt", x!, y!)];
      }
      case "select": {
        const [c, x, y] = this.values(op[2]);
        return [ins.select(c!, x!, y!)];
      }
      case "isplit":
        return [...ins.isplit(this.values(op[2])[0]!)];
      default:
        return this.effect(builder, op);
    }
  }

  private effect(builder: FunctionBuilder, op: Op): Value[] {
    const { ins } = builder;
    switch (op[1]) {
      case "load":
        return [
          ins.load(typeOfName(op[2] as string), DEFAULT_MEMFLAGS, this.values(op[3])[0]!, op[4] as number),
        ];
      case "store": {
        const [x, p] = this.values(op[2]);
        ins.store(DEFAULT_MEMFLAGS, x!, p!, op[3] as number);
        return [];
      }
      case "stack_addr":
        return [ins.stackAddr(typeOfName(op[2] as string), op[3] as StackSlot, op[4] as number)];
      case "nop":
        ins.nop();
        return [];
      case "call":
        return builder.instResults(ins.call(op[2] as FuncRef, this.values(op[3])));
      case "call_indirect":
        return builder.instResults(
          ins.callIndirect(op[2] as SigRef, this.value(op[3] as Ref), this.values(op[4])),
        );
      default:
        this.terminator(builder, op);
        return [];
    }
  }

  private terminator(builder: FunctionBuilder, op: Op): void {
    const { ins } = builder;
    switch (op[1]) {
      case "return_call":
        ins.returnCall(op[2] as FuncRef, this.values(op[3]));
        return;
      case "return":
        ins.return_(this.values(op[2]));
        return;
      case "trap":
        ins.trap(userTrap(1));
        return;
      case "jump":
        ins.jump(this.blockCall(builder, op[2]));
        return;
      case "brif": {
        const then = this.blockCall(builder, op[3]);
        ins.brif(this.value(op[2] as Ref), then, this.blockCall(builder, op[4]));
        return;
      }
      case "br_table": {
        const calls = [this.blockCall(builder, op[3])];
        for (const call of op[4] as Json[]) calls.push(this.blockCall(builder, call));
        ins.brTable(this.value(op[2] as Ref), calls);
        return;
      }
      case "try_call":
        this.tryCall(builder, op);
        return;
      default:
        throw new Error(`unknown instruction ${String(op[1])}`);
    }
  }

  private tryCall(builder: FunctionBuilder, op: Op): void {
    const { dfg } = this.func;
    const callee = op[2] as FuncRef;
    const items: ExceptionTableItem[] = (op[5] as Json[][]).map((item) => {
      switch (item[0]) {
        case "tag":
          return { kind: "tag", tag: item[1] as number, call: this.blockCall(builder, item[2]!) };
        case "default":
          return { kind: "default", call: this.blockCall(builder, item[1]!) };
        default:
          return { kind: "context", value: this.value(item[1] as Ref) };
      }
    });
    const normal = this.blockCall(builder, op[4]!);
    const table = dfg.blockCalls.createTable(dfg.extFuncs[callee]!.signature, normal, items);
    builder.ins.tryCall(callee, this.values(op[3]), table);
  }

  // Operands.

  private value(ref: Ref): Value {
    const [op, index] = typeof ref === "number" ? [ref, 0] : ref;
    return this.results[op]![index]!;
  }

  private values(refs: Json | undefined): Value[] {
    return (refs as readonly Ref[]).map((ref) => this.value(ref));
  }

  private blockCall(builder: FunctionBuilder, call: Json | undefined): BlockCall {
    const [block, args] = call as unknown as JsonBlockCall;
    return builder.blockCall(
      block as Block,
      args.map((arg) => this.blockArg(arg)),
    );
  }

  private blockArg(arg: Ref | string): BlockArg {
    if (typeof arg !== "string") return valueArg(this.value(arg));
    const index = Number(arg.slice(3));
    return arg.startsWith("ret") ? retArg(index) : exnArg(index);
  }
}

function signatureOfJson(signature: JsonSignature): Signature {
  const types = (names: readonly string[]): Type[] => names.map((name) => typeOfName(name));
  return signatureOf(types(signature.params), types(signature.returns), signature.callConv);
}
