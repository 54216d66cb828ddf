/** `spillway/wat`: module text to binary and back. The parser is loaded when the first text comes in. */
export { binaryToText, textToBinary } from "./wast/wat.ts";
