/**
 * One row per CLIF opcode; everything else that depends on the opcode is derived from here by
 * `tools/generate.ts`: constants, builder methods, type rules of the verifier, parser and printer tables.
 *
 * A row's signature lists value operands and results: `T` is the control type, drawn from the named set; `lane(T)`,
 * `truthy(T)`, `half(T)`, `double(T)`, `split(T)`, `merge(T)`, `vector(T)`, `narrower(T)` and `wider(T)` derive from it;
 * a capitalised set name is a free type of that set; anything else is one concrete type.
 *
 * Where `T` stands in the format's type operand, text leaves it out and the parser infers it; otherwise it is written
 * as a suffix of the opcode.
 *
 * Source: `cranelift/codegen/meta/src/shared/instructions.rs`; order as there, since it numbers the opcodes.
 */

export type OpcodeFlag =
  | "terminator"
  | "branch"
  | "call"
  | "return"
  | "trap"
  | "load"
  | "store"
  | "side-effect"
  /** Has a side effect, but twice is as good as once. */
  | "idempotent"
  /** The builder also has `…ImmS` and `…ImmU`, which make the constant first. */
  | "immediate-form";

export interface OpcodeRow {
  readonly name: string;
  readonly format: string;
  readonly args: readonly string[];
  readonly results: readonly string[];
  /** The set that `T` comes from, for polymorphic opcodes. */
  readonly controlSet?: string;
  readonly flags: readonly OpcodeFlag[];
}

function row(
  name: string,
  format: string,
  signature: string,
  options: { readonly T?: string; readonly flags?: string } = {},
): OpcodeRow {
  const [args = "", results = ""] = signature.split("->");
  const words = (text: string): string[] => text.trim().split(/\s+/).filter(Boolean);
  return {
    name,
    format,
    args: words(args),
    results: words(results),
    ...(options.T === undefined ? {} : { controlSet: options.T }),
    flags: words(options.flags ?? "") as OpcodeFlag[],
  };
}

export const CLIF_OPCODES: readonly OpcodeRow[] = [
  row("jump", "Jump", "", { flags: "terminator branch" }),
  row("brif", "Brif", "T", { T: "IntScalar", flags: "terminator branch" }),
  row("br_table", "BranchTable", "i32", { flags: "terminator branch" }),
  row("debugtrap", "NullAry", "", { flags: "load store side-effect" }),
  row("trap", "Trap", "", { flags: "terminator trap" }),
  row("trapz", "CondTrap", "T", { T: "IntScalar", flags: "trap idempotent" }),
  row("trapnz", "CondTrap", "T", { T: "IntScalar", flags: "trap idempotent" }),
  row("return", "MultiAry", "", { flags: "terminator return" }),
  row("call", "Call", "", { flags: "call" }),
  row("call_indirect", "CallIndirect", "T", { T: "Addr", flags: "call" }),
  row("return_call", "Call", "", { flags: "terminator call return" }),
  row("return_call_indirect", "CallIndirect", "T", { T: "Addr", flags: "terminator call return" }),
  row("func_addr", "FuncAddr", "-> T", { T: "Addr" }),
  row("try_call", "TryCall", "", { flags: "terminator branch call" }),
  row("try_call_indirect", "TryCallIndirect", "T", { T: "Addr", flags: "terminator branch call" }),
  row("splat", "Unary", "lane(T) -> T", { T: "VectorDyn" }),
  row("swizzle", "Binary", "i8x16 i8x16 -> i8x16"),
  row("x86_pshufb", "Binary", "i8x16 i8x16 -> i8x16"),
  row("insertlane", "TernaryImm8", "T lane(T) -> T", { T: "VectorDyn" }),
  row("extractlane", "BinaryImm8", "T -> lane(T)", { T: "VectorDyn" }),
  row("smin", "Binary", "T T -> T", { T: "Int" }),
  row("umin", "Binary", "T T -> T", { T: "Int" }),
  row("smax", "Binary", "T T -> T", { T: "Int" }),
  row("umax", "Binary", "T T -> T", { T: "Int" }),
  row("avg_round", "Binary", "T T -> T", { T: "IntVector" }),
  row("uadd_sat", "Binary", "T T -> T", { T: "IntVector" }),
  row("sadd_sat", "Binary", "T T -> T", { T: "IntVector" }),
  row("usub_sat", "Binary", "T T -> T", { T: "IntVector" }),
  row("ssub_sat", "Binary", "T T -> T", { T: "IntVector" }),
  row("load", "Load", "Addr -> T", { T: "AnyDyn", flags: "load" }),
  row("store", "Store", "T Addr", { T: "AnyDyn", flags: "store" }),
  row("uload8", "Load", "Addr -> T", { T: "Int16To64", flags: "load" }),
  row("sload8", "Load", "Addr -> T", { T: "Int16To64", flags: "load" }),
  row("istore8", "Store", "T Addr", { T: "Int16To64", flags: "store" }),
  row("uload16", "Load", "Addr -> T", { T: "Addr", flags: "load" }),
  row("sload16", "Load", "Addr -> T", { T: "Addr", flags: "load" }),
  row("istore16", "Store", "T Addr", { T: "Addr", flags: "store" }),
  row("uload32", "Load", "T -> i64", { T: "Addr", flags: "load" }),
  row("sload32", "Load", "T -> i64", { T: "Addr", flags: "load" }),
  row("istore32", "Store", "T Addr", { T: "Int64", flags: "store" }),
  row("stack_switch", "Ternary", "T T T -> T", { T: "Addr", flags: "call load store side-effect" }),
  row("uload8x8", "Load", "T -> i16x8", { T: "Addr", flags: "load" }),
  row("sload8x8", "Load", "T -> i16x8", { T: "Addr", flags: "load" }),
  row("uload16x4", "Load", "T -> i32x4", { T: "Addr", flags: "load" }),
  row("sload16x4", "Load", "T -> i32x4", { T: "Addr", flags: "load" }),
  row("uload32x2", "Load", "T -> i64x2", { T: "Addr", flags: "load" }),
  row("sload32x2", "Load", "T -> i64x2", { T: "Addr", flags: "load" }),
  row("stack_addr", "StackAddr", "-> T", { T: "Addr" }),
  row("dynamic_stack_addr", "DynamicStackAddr", "-> T", { T: "Addr" }),
  row("symbol_value", "UnaryGlobalValue", "-> T", { T: "AnyDyn" }),
  row("tls_value", "UnaryGlobalValue", "-> T", { T: "AnyDyn" }),
  row("get_pinned_reg", "NullAry", "-> T", { T: "Addr", flags: "side-effect" }),
  row("set_pinned_reg", "Unary", "T", { T: "Addr", flags: "side-effect" }),
  row("get_frame_pointer", "NullAry", "-> T", { T: "Addr" }),
  row("get_stack_pointer", "NullAry", "-> T", { T: "Addr" }),
  row("get_return_address", "NullAry", "-> T", { T: "Addr" }),
  row("get_exception_handler_address", "ExceptionHandlerAddress", "-> T", { T: "Addr" }),
  row("iconst", "UnaryImm", "-> T", { T: "NarrowInt" }),
  row("f16const", "UnaryIeee16", "-> f16"),
  row("f32const", "UnaryIeee32", "-> f32"),
  row("f64const", "UnaryIeee64", "-> f64"),
  row("f128const", "UnaryConst", "-> f128"),
  row("vconst", "UnaryConst", "-> T", { T: "Vector" }),
  row("shuffle", "Shuffle", "i8x16 i8x16 -> i8x16"),
  row("nop", "NullAry", ""),
  row("select", "Ternary", "IntScalar T T -> T", { T: "Any" }),
  row("select_spectre_guard", "Ternary", "IntScalar T T -> T", { T: "Any" }),
  row("bitselect", "Ternary", "T T T -> T", { T: "Any" }),
  row("blendv", "Ternary", "T T T -> T", { T: "Any" }),
  row("vany_true", "Unary", "T -> i8", { T: "Vector" }),
  row("vall_true", "Unary", "T -> i8", { T: "Vector" }),
  row("vhigh_bits", "Unary", "Vector -> T", { T: "NarrowInt" }),
  row("icmp", "IntCompare", "T T -> truthy(T)", { T: "IntDyn", flags: "immediate-form" }),
  row("iadd", "Binary", "T T -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("isub", "Binary", "T T -> T", { T: "IntDyn" }),
  row("ineg", "Unary", "T -> T", { T: "IntDyn" }),
  row("iabs", "Unary", "T -> T", { T: "IntDyn" }),
  row("imul", "Binary", "T T -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("umulhi", "Binary", "T T -> T", { T: "IntDyn" }),
  row("smulhi", "Binary", "T T -> T", { T: "IntDyn" }),
  row("sqmul_round_sat", "Binary", "T T -> T", { T: "Int16Or32Vector128" }),
  row("x86_pmulhrsw", "Binary", "T T -> T", { T: "Int16Or32Vector128" }),
  row("udiv", "Binary", "T T -> T", { T: "IntScalar", flags: "trap idempotent immediate-form" }),
  row("sdiv", "Binary", "T T -> T", { T: "IntScalar", flags: "trap idempotent immediate-form" }),
  row("urem", "Binary", "T T -> T", { T: "IntScalar", flags: "trap idempotent immediate-form" }),
  row("srem", "Binary", "T T -> T", { T: "IntScalar", flags: "trap idempotent immediate-form" }),
  row("sadd_overflow_cin", "Ternary", "T T i8 -> T i8", { T: "IntScalar" }),
  row("uadd_overflow_cin", "Ternary", "T T i8 -> T i8", { T: "IntScalar" }),
  row("uadd_overflow", "Binary", "T T -> T i8", { T: "IntScalar" }),
  row("sadd_overflow", "Binary", "T T -> T i8", { T: "IntScalar" }),
  row("usub_overflow", "Binary", "T T -> T i8", { T: "IntScalar" }),
  row("ssub_overflow", "Binary", "T T -> T i8", { T: "IntScalar" }),
  row("umul_overflow", "Binary", "T T -> T i8", { T: "NarrowInt" }),
  row("smul_overflow", "Binary", "T T -> T i8", { T: "NarrowInt" }),
  row("uadd_overflow_trap", "IntAddTrap", "T T -> T", { T: "Addr", flags: "trap idempotent" }),
  row("ssub_overflow_bin", "Ternary", "T T i8 -> T i8", { T: "IntScalar" }),
  row("usub_overflow_bin", "Ternary", "T T i8 -> T i8", { T: "IntScalar" }),
  row("band", "Binary", "T T -> T", { T: "Any", flags: "immediate-form" }),
  row("bor", "Binary", "T T -> T", { T: "Any", flags: "immediate-form" }),
  row("bxor", "Binary", "T T -> T", { T: "Any", flags: "immediate-form" }),
  row("bnot", "Unary", "T -> T", { T: "Any" }),
  row("rotl", "Binary", "T IntScalar -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("rotr", "Binary", "T IntScalar -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("ishl", "Binary", "T IntScalar -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("ushr", "Binary", "T IntScalar -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("sshr", "Binary", "T IntScalar -> T", { T: "IntDyn", flags: "immediate-form" }),
  row("bitrev", "Unary", "T -> T", { T: "IntScalar" }),
  row("clz", "Unary", "T -> T", { T: "IntScalar" }),
  row("cls", "Unary", "T -> T", { T: "IntScalar" }),
  row("ctz", "Unary", "T -> T", { T: "IntScalar" }),
  row("bswap", "Unary", "T -> T", { T: "WideInt" }),
  row("popcnt", "Unary", "T -> T", { T: "IntDyn" }),
  row("fcmp", "FloatCompare", "T T -> truthy(T)", { T: "FloatDyn" }),
  row("fadd", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("fsub", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("fmul", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("fdiv", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("sqrt", "Unary", "T -> T", { T: "FloatDyn" }),
  row("fma", "Ternary", "T T T -> T", { T: "FloatDyn" }),
  row("fneg", "Unary", "T -> T", { T: "FloatDyn" }),
  row("fabs", "Unary", "T -> T", { T: "FloatDyn" }),
  row("fcopysign", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("fmin", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("fmax", "Binary", "T T -> T", { T: "FloatDyn" }),
  row("ceil", "Unary", "T -> T", { T: "FloatDyn" }),
  row("floor", "Unary", "T -> T", { T: "FloatDyn" }),
  row("trunc", "Unary", "T -> T", { T: "FloatDyn" }),
  row("nearest", "Unary", "T -> T", { T: "FloatDyn" }),
  row("bitcast", "LoadNoOffset", "AnyDyn -> T", { T: "AnyDyn" }),
  row("scalar_to_vector", "Unary", "lane(T) -> T", { T: "Vector" }),
  row("bmask", "Unary", "IntScalar -> T", { T: "IntScalar" }),
  row("ireduce", "Unary", "wider(T) -> T", { T: "IntScalar" }),
  row("snarrow", "Binary", "T T -> split(T)", { T: "Narrowable" }),
  row("unarrow", "Binary", "T T -> split(T)", { T: "Narrowable" }),
  row("uunarrow", "Binary", "T T -> split(T)", { T: "Narrowable" }),
  row("swiden_low", "Unary", "T -> merge(T)", { T: "Widenable" }),
  row("swiden_high", "Unary", "T -> merge(T)", { T: "Widenable" }),
  row("uwiden_low", "Unary", "T -> merge(T)", { T: "Widenable" }),
  row("uwiden_high", "Unary", "T -> merge(T)", { T: "Widenable" }),
  row("iadd_pairwise", "Binary", "T T -> T", { T: "Widenable" }),
  row("x86_pmaddubsw", "Binary", "i8x16 i8x16 -> i16x8"),
  row("uextend", "Unary", "narrower(T) -> T", { T: "IntScalar" }),
  row("sextend", "Unary", "narrower(T) -> T", { T: "IntScalar" }),
  row("fpromote", "Unary", "narrower(T) -> T", { T: "FloatScalar" }),
  row("fdemote", "Unary", "wider(T) -> T", { T: "FloatScalar" }),
  row("fvdemote", "Unary", "f64x2 -> f32x4"),
  row("fvpromote_low", "Unary", "f32x4 -> f64x2"),
  row("fcvt_to_uint", "Unary", "FloatScalar -> T", { T: "IntScalar", flags: "trap idempotent" }),
  row("fcvt_to_sint", "Unary", "FloatScalar -> T", { T: "IntScalar", flags: "trap idempotent" }),
  row("fcvt_to_uint_sat", "Unary", "FloatDyn -> T", { T: "Int" }),
  row("fcvt_to_sint_sat", "Unary", "FloatDyn -> T", { T: "Int" }),
  row("x86_cvtt2dq", "Unary", "FloatDyn -> T", { T: "Int" }),
  row("fcvt_from_uint", "Unary", "Int -> T", { T: "Float" }),
  row("fcvt_from_sint", "Unary", "Int -> T", { T: "Float" }),
  row("isplit", "Unary", "T -> half(T) half(T)", { T: "WideInt" }),
  row("iconcat", "Binary", "T T -> double(T)", { T: "NarrowInt" }),
  row("atomic_rmw", "AtomicRmw", "Addr T -> T", { T: "IntScalar", flags: "load store side-effect" }),
  row("atomic_cas", "AtomicCas", "Addr T T -> T", { T: "IntScalar", flags: "load store side-effect" }),
  row("atomic_load", "LoadNoOffset", "Addr -> T", { T: "IntScalar", flags: "load side-effect" }),
  row("atomic_store", "StoreNoOffset", "T Addr", { T: "IntScalar", flags: "store side-effect" }),
  row("fence", "NullAry", "", { flags: "side-effect" }),
  row("extract_vector", "BinaryImm8", "T -> vector(T)", { T: "ScalarOrDyn" }),
  row("sequence_point", "NullAry", "", { flags: "side-effect" }),
];
