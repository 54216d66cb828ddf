/**
 * `spillway/clif`: CLIF in memory, its text, its analyses and its verifier.
 *
 * Opcodes are `Op.Iadd` and so on; types are `types.I32`.
 */
export { ControlFlowGraph } from "./analysis/control-flow-graph.ts";
export { DominatorTree } from "./analysis/dominator-tree.ts";
export { type Loop, LoopAnalysis } from "./analysis/loop-analysis.ts";
export { postOrder, Traversal } from "./analysis/traversal.ts";
export { I32List } from "./base/column.ts";
export { type Diagnostic, InputError, type Place, renderDiagnostic } from "./base/diagnostics.ts";
export {
  argIndex,
  argValue,
  type BlockArg,
  BlockCalls,
  type ExceptionTableItem,
  exnArg,
  isRetArg,
  isValueArg,
  retArg,
  valueArg,
} from "./ir/block-calls.ts";
export {
  ATOMIC_OPS,
  type AtomicOp,
  FLOAT_CONDITIONS,
  type FloatCondition,
  INT_CONDITIONS,
  type IntCondition,
} from "./ir/conditions.ts";
export { ConstantPool } from "./ir/constants.ts";
export { FuncCursor } from "./ir/cursor.ts";
export { DataFlowGraph } from "./ir/dfg.ts";
export {
  type AliasRegion,
  type Block,
  type BlockCall,
  type Constant,
  type DynamicStackSlot,
  type DynamicType,
  type ExceptionTable,
  type FuncRef,
  type GlobalValue,
  type Immediate,
  type Inst,
  NONE,
  type SigRef,
  type StackMap,
  type StackSlot,
  type UserExternalNameRef,
  type Value,
} from "./ir/entities.ts";
export { Function } from "./ir/function.ts";
export { InstBuilder } from "./ir/inst-builder.gen.ts";
export { Layout } from "./ir/layout.ts";
export * as memflags from "./ir/memflags.ts";
export type { ExternalName, ExtFunc, FunctionName, UserExternalName } from "./ir/names.ts";
export * as Op from "./ir/op.gen.ts";
export {
  Format,
  isBranch,
  isCall,
  isSafepoint,
  isTerminator,
  type Opcode,
  opcodeFlags,
  opcodeFormat,
  opcodeName,
  opcodeOfName,
} from "./ir/opcodes.ts";
export { type AbiParam, abiParam, type CallConv, type Signature, signatureOf } from "./ir/signature.ts";
export { StackMapPool } from "./ir/stack-maps.ts";
export type {
  AliasRegionData,
  DebugTag,
  DynamicStackSlotData,
  DynamicTypeData,
  GlobalValueData,
  StackSlotData,
} from "./ir/tables.ts";
export * as trapCodes from "./ir/trap-codes.ts";
export type { Type } from "./ir/types.ts";
export * as types from "./ir/types.ts";
export { ValueKind } from "./ir/values.ts";
export {
  functionText,
  instText,
  type ParsedFile,
  type ParsedFunction,
  type PrintOptions,
  parseEach,
  parseFile,
  parseFunctions,
  type TextSink,
  writeFunction,
} from "./text/index.ts";
export {
  annotatedText,
  Verifier,
  type VerifierError,
  type VerifyOptions,
  verifierErrorText,
  verifyFunction,
} from "./verify/index.ts";
