/** The modules within a script: their binaries, and their text as it goes back into the script. */
import { InputError } from "../../../base/diagnostics.ts";
import { binaryToText, textToBinary } from "../../../wast/index.ts";
import type { ScriptModule } from "../../../wast/script.ts";
import type { ModuleSubject } from "./module-subject.ts";

/** The binary of a module of a script; `null` if it has none, or its text is only quoted. */
export async function moduleBinary({ source }: ScriptModule): Promise<Uint8Array | null> {
  if (source.form === "quote") return null;
  if (source.form === "binary") return source.bytes;
  try {
    return await textToBinary(source.text);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

const printed = new WeakMap<ModuleSubject, Promise<string>>();

/** The text of the module, each printed once. */
export function moduleText(subject: ModuleSubject): Promise<string> {
  let text = printed.get(subject);
  if (text === undefined) {
    text = binaryToText(subject.bytes).then((whole) => whole.trimEnd());
    printed.set(subject, text);
  }
  return text;
}

/** The text of the module with words (`definition`, a name) behind `(module`. */
export async function moduleTextWith(subject: ModuleSubject, words: string): Promise<string> {
  const text = await moduleText(subject);
  return text.replace(/^\(module(?: \$[^\s()]+)?/, () => `(module${words}`);
}
