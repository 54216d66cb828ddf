/** Reading the modules that commands are given: binary or text, from a file or from standard input. */
import { InvalidArgumentError, Option } from "commander";
import { InputError, type Place, renderDiagnostic } from "../base/diagnostics.ts";
import { readModuleMap } from "../driver/source-map.ts";
import { type Features, parseFeatures } from "../wasm/index.ts";
import { fieldPlace, sourceMapOfText, textToBinary } from "../wast/index.ts";
import { readInput } from "./input.ts";
import { refuseClif } from "./input-kind.ts";
import { ofBinaryForm } from "./messages.ts";

/** A module as it was given: its binary, and its text where it came as text. */
export interface ModuleInput {
  readonly bytes: Uint8Array;
  readonly text?: string;
}

/**
 * The module in `path`, or on standard input for `-`. What does not begin with a zero byte, as binaries do, is text unless it is named
 * `.wasm`. No text is a module without fields, but only a file that is named `.wat` can mean that. Throws an `InputError`.
 */
export async function readModule(path: string): Promise<ModuleInput> {
  const { bytes } = await readInput(path);
  refuseClif(path, bytes);
  if (!isText(path, bytes)) return { bytes };
  const text = decodeText(bytes);
  try {
    return { bytes: await textToBinary(text), text };
  } catch (error) {
    // Whoever shows the error wants the line that it is about.
    if (error instanceof InputError) sources.set(error, text);
    throw error;
  }
}

/** Runs what works on the binary of a module: where that was made of text, an `InputError` of it gets its place there. */
export async function placingErrors<T>(input: ModuleInput, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError && input.text !== undefined)
      throw await placedInText(error, input.text, input.bytes);
    throw error;
  }
}

/** The error at its line of the text; if that is not known, it says what the offset that it has is of. */
async function placedInText(error: InputError, text: string, bytes: Uint8Array): Promise<InputError> {
  const { diagnostic } = error;
  if (diagnostic.place?.kind !== "binary") return error;
  const place = await placeInText(diagnostic.place.offset, text, bytes);
  if (place === null) return new InputError(ofBinaryForm(diagnostic));
  const placed = new InputError({ ...diagnostic, place });
  sources.set(placed, text);
  return placed;
}

async function placeInText(offset: number, text: string, bytes: Uint8Array): Promise<Place | null> {
  try {
    const map = await readModuleMap(await sourceMapOfText(text, bytes), null);
    const found = map.placeOf(offset);
    if (found !== null) return { kind: "text", line: found.line, column: found.column + 1 };
    const field = fieldPlace(text, bytes, offset);
    return field === null ? null : { kind: "text", ...field };
  } catch (error) {
    // What cannot even be decoded has no map.
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The text that an error is about, where there is one. */
const sources = new WeakMap<InputError, string>();

/** The error as people read it, with the line of the text that it is about. */
export function renderInputError(error: InputError, path: string): string {
  return renderDiagnostic(error.diagnostic, path === "-" ? "<stdin>" : path, sources.get(error));
}

function isText(path: string, bytes: Uint8Array): boolean {
  if (bytes.length === 0) return path.endsWith(".wat");
  return bytes[0] !== 0 && !path.endsWith(".wasm");
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError({ code: "wat-syntax", message: "malformed UTF-8 encoding" });
  }
}

/** The option `-W`, which may be repeated; its value is the list of what followed each. */
export function featuresOption(): Option {
  return new Option(
    "-W, --wasm <features>",
    "proposals to switch: name, -name, name=n, all; a comma between, or -W again",
  )
    .default([], "everything on")
    .argParser((list: string, previous: readonly string[]) => {
      try {
        parseFeatures(list);
      } catch (error) {
        if (error instanceof InputError) throw new InvalidArgumentError(withNotes(error));
        throw error;
      }
      return [...previous, list];
    });
}

function withNotes({ diagnostic }: InputError): string {
  return [diagnostic.message, ...(diagnostic.notes ?? [])].join("; ");
}

/** The features after all of `lists`, in order. */
export function featuresOf(lists: readonly string[]): Features {
  let features = parseFeatures("");
  for (const list of lists) features = parseFeatures(list, features);
  return features;
}
