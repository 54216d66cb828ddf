/** `spillway/wat`: module text to binary and back, and the lines of the text as a source map. The parser is loaded when the first text comes in. */
export { sourceMapOfText } from "./wast/text-source-map.ts";
export { binaryToText, textToBinary } from "./wast/wat.ts";
