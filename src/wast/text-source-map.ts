/**
 * The source map of a binary that was made of a module's text: the lines of the text, for offsets in the binary.
 *
 * The parsers that make the binary do not say where its instructions come from. So the words of each function's text (`text-instructions.ts`)
 * are laid beside the instructions of its body, one by one. Where all are the same, each instruction has its word's place; where one is
 * not, the function's instructions all have the place of the function. If not even the number of functions is the same, nothing has one.
 * Constant expressions have none.
 */
import { InputError } from "../base/diagnostics.ts";
import { decodeModule } from "../wasm/decode.ts";
import { OperatorReader } from "../wasm/operators.ts";
import { ELSE, type TextFunction, textFunctions, textOpcode } from "./text-instructions.ts";

const ALL_FEATURES = -1;
const NO_OFFSET = -1;

/** The map of `bytes`, which were made of `text`, as JSON; `source` is what it calls the text, and the text is in it. */
export async function sourceMapOfText(
  text: string,
  bytes: Uint8Array,
  source = "module.wat",
): Promise<string> {
  const { GenMapping, maybeAddSegment, setSourceContent, toEncodedMap } = await import(
    "@jridgewell/gen-mapping"
  );
  const map = new GenMapping();
  const lineStarts = startsOfLines(text);
  const add = (offset: number, place: number): void => {
    const line = lineOf(lineStarts, place);
    maybeAddSegment(map, 0, offset, source, line, place - lineStarts[line]!);
  };
  const { types, code } = decodeModule(bytes);
  const functions = quietly(() => textFunctions(text)) ?? [];
  if (functions.length > 0 && functions.length === code.starts.length) {
    const reader = new OperatorReader(bytes, 0, 0, ALL_FEATURES);
    reader.typeLimit = types.length;
    functions.forEach((func, i) => {
      const start = code.starts.get(i);
      const end = code.ends.get(i);
      add(start, func.start);
      const offsets = quietly(() => instructionOffsets(reader, start, end, func));
      offsets?.forEach((offset, row) => {
        if (offset !== NO_OFFSET) add(offset, func.offsets.get(row));
      });
      maybeAddSegment(map, 0, end);
    });
    setSourceContent(map, source, text);
  }
  return JSON.stringify(toEncodedMap(map));
}

/** Null where the text or a body cannot be read: whoever compiles it will say why. */
function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/**
 * Where the instructions of a function's text stand in its body; null unless they are the same. A parser may leave out an `else` with nothing
 * behind it, which then stands nowhere.
 */
function instructionOffsets(
  reader: OperatorReader,
  start: number,
  end: number,
  { ops }: TextFunction,
): number[] | null {
  const offsets: number[] = [];
  reader.seekInstructions(start, end);
  while (reader.pos < end) {
    const op = textOpcode(reader.next());
    while (offsets.length < ops.length && ops.get(offsets.length) === ELSE && op !== ELSE)
      offsets.push(NO_OFFSET);
    if (offsets.length === ops.length || ops.get(offsets.length) !== op) return null;
    offsets.push(reader.opStart);
  }
  return offsets.length === ops.length ? offsets : null;
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The line that an offset is in, from 0. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low;
}
