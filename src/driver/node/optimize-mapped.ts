/**
 * Binaryen's optimiser over a module whose code has positions, which it keeps: `wasm-opt`, since the library takes no source map.
 *
 * It is told an offset of the input for each instruction, as the column of a map, and gives them back for what it made of them. What is
 * merged of several instructions has the place of one of them, so the two passes that are for merging stay away. Still merged are two arms
 * of an `if` that are the same.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodedMappings, TraceMap } from "@jridgewell/trace-mapping";
import { CodePositions, NOWHERE } from "../../link/code-positions.ts";
import type { LinkedModule } from "../../link/output-module.ts";
import { makeSourceMap } from "../source-map.ts";
import { BinaryenTool } from "./binaryen-tool.ts";

/** They make one of what is the same but for its place: ends of ways through a function, and functions. */
const MERGING_PASSES: readonly string[] = ["code-folding", "duplicate-function-elimination"];

const tool = new BinaryenTool("wasm-opt");

/** `args` say which passes; features and what else must be known of the module. Throws for what the optimiser cannot read. */
export async function optimizeMapped(
  bytes: Uint8Array,
  positions: CodePositions,
  args: readonly string[],
): Promise<LinkedModule> {
  const folder = mkdtempSync(join(tmpdir(), "spillway-optimize-"));
  const file = (name: string): string => join(folder, name);
  try {
    writeFileSync(file("in.wasm"), bytes);
    writeFileSync(file("in.map"), await offsetsAsMap(positions));
    const files = ["-ism", file("in.map"), file("in.wasm"), "-osm", file("out.map"), "-o", file("out.wasm")];
    const without = MERGING_PASSES.map((pass) => `--skip-pass=${pass}`);
    await tool.run([...files, "--debuginfo", "--quiet", ...without, ...args]);
    return {
      bytes: new Uint8Array(readFileSync(file("out.wasm"))),
      positions: mapAsOffsets(readFileSync(file("out.map"), "utf8")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A map to the input's bytes. Binaryen takes no `null` for the contents of a source. */
async function offsetsAsMap(positions: CodePositions): Promise<string> {
  const json = await makeSourceMap(positions, null, { inputMap: null });
  const map = JSON.parse(json) as { sourcesContent?: unknown };
  delete map.sourcesContent;
  return JSON.stringify(map);
}

function mapAsOffsets(json: string): CodePositions {
  const positions = new CodePositions();
  for (const segment of decodedMappings(new TraceMap(json))[0] ?? [])
    positions.push(segment[0], segment.length === 1 ? NOWHERE : segment[3]);
  return positions;
}
