/** The input of a command: files, or standard input as `-`. */
import { readFile } from "node:fs/promises";
import { InputError } from "../base/diagnostics.ts";
import { cannotRead } from "./messages.ts";

export interface Input {
  /** As messages name it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Reads a file, or standard input to its end; throws `InputError` when it cannot. */
export async function readInput(path: string): Promise<Input> {
  try {
    if (path !== "-") return { name: path, bytes: await readFile(path) };
    return { name: "<stdin>", bytes: await readStandardInput() };
  } catch (error) {
    throw new InputError(cannotRead(error));
  }
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
