/** A module that is to be run on several engines, with all that they need for it. */
import { decodeModule, type Features, type Module } from "../../wasm/index.ts";
import { textToBinary } from "../../wast/index.ts";
import { type StateReader, stateReadersOf } from "./state-readers.ts";
import { surroundingsOf } from "./surroundings.ts";

export interface Subject {
  readonly bytes: Uint8Array;
  readonly module: Module;
  readonly features: Features;
  /** A module that exports what the other imports, by position. */
  readonly surroundings: Uint8Array;
  readonly readers: readonly (StateReader & { readonly bytes: Uint8Array })[];
}

/** Null for a module that imports what cannot be made up. Throws `InputError` for one that is malformed. */
export async function subjectOf(bytes: Uint8Array, features: Features): Promise<Subject | null> {
  const module = decodeModule(bytes, features);
  const text = surroundingsOf(module);
  if (text === null) return null;
  const readers = await Promise.all(
    stateReadersOf(module).map(async (reader) => ({ ...reader, bytes: await textToBinary(reader.text) })),
  );
  return { bytes, module, features, surroundings: await textToBinary(text), readers };
}
