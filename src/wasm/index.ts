/**
 * `spillway/wasm`: decode, validate and encode Wasm modules; types, subtyping and import matching; names.
 */
export { decodeModule } from "./decode.ts";
export { encodeModule } from "./encode.ts";
export { writeBlockType, writeMemoryAccess, writeOpcode, writeOperator } from "./encode-operators.ts";
export {
  type ExternType,
  externTypeOfExport,
  externTypeOfImport,
  matchesExternType,
} from "./extern-types.ts";
export {
  DEFAULT_FEATURES,
  FEATURE_NAMES,
  type FeatureName,
  type Features,
  featureMask,
  isFeatureName,
  MVP_FEATURES,
  parseFeatures,
  withFeature,
} from "./features.ts";
export {
  type ByteRange,
  bodyBytes,
  type CodeSection,
  type CustomSection,
  type DataSegment,
  type ElementSegment,
  type Export,
  type ExternKind,
  type Global,
  type GlobalType,
  type Import,
  type ImportType,
  type Limits,
  type Memory,
  type MemoryType,
  type Module,
  type SegmentMode,
  type Table,
  type TableType,
  type Tag,
} from "./module.ts";
export {
  type BranchHint,
  findCustom,
  functionLabel,
  type Names,
  type Producer,
  readBranchHints,
  readNames,
  readProducers,
  readSourceMappingUrl,
} from "./names.ts";
export { opcodeBytes, opcodeId, opcodeName } from "./opcodes.ts";
export { blockResult, EMPTY_BLOCK, OperatorReader } from "./operators.ts";
export { canonicalType, TypeStore } from "./subtyping.ts";
export * as types from "./types.ts";
export { type HeapType, type TypeKind, TypeTable, type ValType, valTypeName } from "./types.ts";
export { decodeAndValidate, validateModule } from "./validate.ts";
export { validateCustomSections } from "./validate-custom.ts";
export * as WasmOp from "./wasm-op.gen.ts";
