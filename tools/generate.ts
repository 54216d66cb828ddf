/**
 * Writes the files derived from the tables in `src/meta/`:
 *
 *     src/ir/op.gen.ts              one constant per opcode, used as `Op.Iadd`
 *     src/ir/opcode-tables.gen.ts   names, formats, flags and type rules, by opcode
 *     src/ir/inst-builder.gen.ts    one builder method per opcode
 *     src/wasm/wasm-op.gen.ts       one constant per Wasm opcode, used as `WasmOp.I32Add`
 *     src/wasm/opcode-tables.gen.ts names, encodings, immediates, signatures and features, by Wasm opcode
 *
 * `--check` writes nothing and fails when a file on disk differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instBuilderFile } from "./generate-inst-builder.ts";
import { opcodeConstantsFile, opcodeTablesFile } from "./generate-opcodes.ts";
import { wasmOpConstantsFile, wasmOpcodeTablesFile } from "./generate-wasm.ts";

const root = join(import.meta.dirname, "..");

export const GENERATED: Readonly<Record<string, () => string>> = {
  "src/ir/op.gen.ts": opcodeConstantsFile,
  "src/ir/opcode-tables.gen.ts": opcodeTablesFile,
  "src/ir/inst-builder.gen.ts": instBuilderFile,
  "src/wasm/wasm-op.gen.ts": wasmOpConstantsFile,
  "src/wasm/opcode-tables.gen.ts": wasmOpcodeTablesFile,
};

/** The generated files whose text on disk is not what the tables give. */
export function staleFiles(): string[] {
  return Object.entries(GENERATED)
    .filter(([path, generate]) => readOrEmpty(join(root, path)) !== generate())
    .map(([path]) => path);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === import.meta.filename) {
  const stale = staleFiles();
  if (process.argv.includes("--check")) {
    for (const path of stale) console.error(`${path} is out of date: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const path of stale) {
      writeFileSync(join(root, path), GENERATED[path]!());
      console.log(`wrote ${path}`);
    }
  }
}
