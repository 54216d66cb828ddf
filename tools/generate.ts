/**
 * Writes the files derived from the tables in `src/meta/` and from the collectors' sources:
 *
 *     src/ir/op.gen.ts              one constant per opcode, used as `Op.Iadd`
 *     src/ir/opcode-tables.gen.ts   names, formats, flags and type rules, by opcode
 *     src/ir/inst-builder.gen.ts    one builder method per opcode
 *     src/wasm/wasm-op.gen.ts       one constant per Wasm opcode, used as `WasmOp.I32Add`
 *     src/wasm/opcode-tables.gen.ts names, encodings, immediates, signatures and features, by Wasm opcode
 *     src/embed/host-callers.gen.ts one function per shape of a call of JavaScript's
 *     src/runtime/collectors.gen.ts the collectors, compiled from `src/runtime/assembly/`
 *     src/runtime/stress-collectors.gen.ts   their builds for stress
 *
 * `--check` writes nothing and fails when a file on disk differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostCallersFile } from "./generate-host-callers.ts";
import { instBuilderFile } from "./generate-inst-builder.ts";
import { opcodeConstantsFile, opcodeTablesFile } from "./generate-opcodes.ts";
import { collectorsFile, stressCollectorsFile } from "./generate-runtime.ts";
import { wasmOpConstantsFile, wasmOpcodeTablesFile } from "./generate-wasm.ts";

const root = join(import.meta.dirname, "..");

export const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  "src/ir/op.gen.ts": opcodeConstantsFile,
  "src/ir/opcode-tables.gen.ts": opcodeTablesFile,
  "src/ir/inst-builder.gen.ts": instBuilderFile,
  "src/wasm/wasm-op.gen.ts": wasmOpConstantsFile,
  "src/wasm/opcode-tables.gen.ts": wasmOpcodeTablesFile,
  "src/embed/host-callers.gen.ts": hostCallersFile,
  "src/runtime/collectors.gen.ts": collectorsFile,
  "src/runtime/stress-collectors.gen.ts": stressCollectorsFile,
};

/** The text of each generated file, by its path. */
async function generateAll(): Promise<readonly (readonly [path: string, text: string])[]> {
  return Promise.all(
    Object.entries(GENERATED).map(async ([path, generate]) => [path, await generate()] as const),
  );
}

/** The generated files whose text on disk is not what the sources give, with the text they should have. */
async function differences(): Promise<readonly (readonly [path: string, text: string])[]> {
  return (await generateAll()).filter(([path, text]) => readOrEmpty(join(root, path)) !== text);
}

/** The generated files whose text on disk is not what the sources give. */
export async function staleFiles(): Promise<string[]> {
  return (await differences()).map(([path]) => path);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === import.meta.filename) {
  const stale = await differences();
  if (process.argv.includes("--check")) {
    for (const [path] of stale) console.error(`${path} is out of date: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const [path, text] of stale) {
      writeFileSync(join(root, path), text);
      console.log(`wrote ${path}`);
    }
  }
}
