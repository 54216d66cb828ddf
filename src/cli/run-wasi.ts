/**
 * WASI preview 1 for a program that runs in a store: the host's own (`node:wasi`). The program's memory is one of the host's, so the
 * host reads and writes it as any.
 */
import { existsSync, statSync } from "node:fs";
import { InputError } from "../base/diagnostics.ts";
import { hostWebAssembly, type Imports } from "../embed/index.ts";
import { noSuchFolder } from "./messages.ts";

export interface WasiSettings {
  /** The program's name, and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this machine by the path that the program sees. */
  readonly folders: Readonly<Record<string, string>>;
}

type HostFunction = (...args: unknown[]) => unknown;

export type ProgramExports = Readonly<Record<string, unknown>>;

export interface Wasi {
  readonly imports: Imports;
  /** Calls `main`, which may use the program's exports; gives the exit code. Throws what the program does. */
  run(exports: ProgramExports, main: () => void): number;
}

export const WASI_MODULE = "wasi_snapshot_preview1";

/** Throws `InputError` for a folder that is not there. */
export async function loadWasi({ args, env, folders }: WasiSettings): Promise<Wasi> {
  for (const folder of Object.values(folders))
    if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new InputError(noSuchFolder(folder));
  const { WASI } = await withoutWarnings(() => import("node:wasi"));
  const wasi = new WASI({
    version: "preview1",
    args,
    env,
    preopens: folders,
    returnOnExit: true,
  });
  return {
    imports: { [WASI_MODULE]: behindClosures(wasi.wasiImport as Record<string, HostFunction>) },
    run: (exports, main) => {
      // What the host asks of an instance: an entry point, and a memory; a program that has none uses none.
      const memory = exports["memory"] ?? new hostWebAssembly.Memory({ initial: 0 });
      return wasi.start({ exports: { memory, _start: main } });
    },
  };
}

/**
 * Node 20 lets Wasm call these without a detour, and then takes memory 0 of the caller for the program's memory: in a store that is the
 * heap. A closure in between makes the call an ordinary one, which goes by the memory of `run`.
 */
function behindClosures(functions: Readonly<Record<string, HostFunction>>): Record<string, HostFunction> {
  const closures: Record<string, HostFunction> = {};
  for (const [name, call] of Object.entries(functions)) closures[name] = (...args) => call(...args);
  return closures;
}

/** The host warns that its WASI is no sandbox for hostile programs, which the help says as well. */
async function withoutWarnings<T>(load: () => Promise<T>): Promise<T> {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
