/** CLIF text: reading and printing it. */
export {
  functionText,
  instText,
  type PrintOptions,
  signatureText,
  type TextSink,
  writeFunction,
} from "./print-function.ts";
export { clifTypeName } from "./type-names.ts";
