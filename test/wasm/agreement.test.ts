/**
 * Our verdict is V8's, on damaged modules and on random ones from binaryen.
 *
 * A smoke amount by default; `SPILLWAY_MUTATIONS` and `SPILLWAY_FUZZ_MODULES` ask for more, `SPILLWAY_SEED`
 * for others.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";
import { compareWithHost } from "./agreement.ts";
import { CORPUS } from "./corpus.ts";
import { mutated, Random } from "./mutate.ts";
import { wat } from "./wat.ts";

const MUTATIONS = Number(process.env["SPILLWAY_MUTATIONS"] ?? 5_000);
const FUZZ_MODULES = Number(process.env["SPILLWAY_FUZZ_MODULES"] ?? 8);
const SEED = Number(process.env["SPILLWAY_SEED"] ?? 1);

test("the corpus is valid here and in V8", async () => {
  for (const text of CORPUS) {
    const verdict = compareWithHost(await wat(text));
    assert.deepEqual(verdict, { accepted: true, agreed: true, unexplained: "" }, text);
  }
});

test(`${MUTATIONS} damaged modules`, async () => {
  const random = new Random(SEED);
  const corpus = await Promise.all(CORPUS.map(wat));
  let accepted = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = mutated(corpus[random.below(corpus.length)]!, random);
    const verdict = compareWithHost(bytes);
    assert.equal(verdict.unexplained, "", Buffer.from(bytes).toString("hex"));
    if (verdict.accepted) accepted++;
  }
  // Were all refused, the validator would hardly have been reached.
  assert.ok(accepted > MUTATIONS / 50 && accepted < MUTATIONS, `${accepted} accepted`);
});

const BINARYEN_FEATURES = [
  "gc",
  "reference-types",
  "tail-call",
  "multivalue",
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "sign-ext",
  "nontrapping-float-to-int",
  "mutable-globals",
  "extended-const",
  "exception-handling",
];

/** A valid module that `wasm-opt -ttf` makes of random bytes. */
function fuzzModule(folder: string, random: Random): Uint8Array {
  const input = join(folder, "random");
  const output = join(folder, "module.wasm");
  writeFileSync(
    input,
    Uint8Array.from({ length: 500 + random.below(4000) }, () => random.below(256)),
  );
  const flags = BINARYEN_FEATURES.map((name) => `--enable-${name}`);
  // One dialect of exceptions or the other.
  if (random.below(2) === 0) flags.push("--translate-to-exnref");
  const tool = join(projectRoot, "node_modules", "binaryen", "bin", "wasm-opt");
  execFileSync(process.execPath, [tool, "-ttf", input, "-o", output, ...flags], { stdio: "ignore" });
  return new Uint8Array(readFileSync(output));
}

test(`${FUZZ_MODULES} random modules from binaryen are valid here, and in V8 but for its own rules`, () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-ttf-"));
  try {
    const random = new Random(SEED);
    for (let i = 0; i < FUZZ_MODULES; i++) {
      const verdict = compareWithHost(fuzzModule(folder, random));
      assert.equal(verdict.unexplained, "");
      assert.ok(verdict.accepted);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
