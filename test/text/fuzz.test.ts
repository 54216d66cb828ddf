/**
 * Any bytes are either read or refused with a place: random bytes, and texts cut short or mutated, from the corpus
 * where it is there and from seeds of our own. What is read prints; and if that reads again (a use above its
 * definition may need a type that is not printed), it prints the same.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { functionText, parseFile } from "../../src/text/index.ts";
import { sharedData } from "../support/project.ts";
import { SEEDS } from "./seeds.ts";

const CASES = 24_000;
const MAX_SEED_BYTES = 4000;

/** xorshift32: the same cases on every machine. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function corpus(): Uint8Array[] {
  const seeds = SEEDS.map((seed) => new TextEncoder().encode(seed));
  const folder = sharedData("parity");
  if (folder === null) return seeds;
  const lines = readFileSync(join(folder, "cat", "cat-dev.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean);
  for (let i = 0; i < lines.length; i += 4) {
    const { functions } = JSON.parse(lines[i]!) as { functions: string[] };
    const text = functions[i % Math.max(1, functions.length)];
    if (text !== undefined && text.length < MAX_SEED_BYTES) seeds.push(new TextEncoder().encode(text));
  }
  return seeds;
}

/** Words that bend the grammar where random bytes would not. */
const SPLICES = [
  "v4000000000",
  "block268435457",
  "v99999999999999999999",
  "i8x256",
  "types::I32x4xN",
  "-",
  "->",
  "0x",
  "NaN:0x",
  "1e400",
  "-9223372036854775809",
  ", stack_map=[i32 @ ss0+4294967296]",
  "ss100000 = explicit_slot 1\n",
  "; needs-stack-map: v0 v1\n",
  "; pointer-type: i8\n",
  "; no-collect: fn9\n",
  "v1 -> v1\n",
  "v1 -> v0\n",
  "{",
  "}",
  "(",
  '"',
  "\0",
  "\u{1f4a9}",
].map((word) => new TextEncoder().encode(word));

function mutate(seed: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = Array.from(seed);
  const changes = 1 + random(4);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    const at = random(bytes.length);
    switch (random(6)) {
      case 0:
        bytes = bytes.slice(0, at);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2:
        bytes.splice(at, 1 + random(8));
        break;
      case 3:
        bytes.splice(at, 0, ...SPLICES[random(SPLICES.length)]!);
        break;
      case 4: {
        const from = random(bytes.length);
        bytes.splice(at, 0, ...bytes.slice(from, from + random(60)));
        break;
      }
      default:
        if (bytes[at]! >= 48 && bytes[at]! <= 57) bytes[at] = 48 + random(10);
    }
  }
  return Uint8Array.from(bytes);
}

function randomBytes(random: (below: number) => number): Uint8Array {
  return Uint8Array.from({ length: random(200) }, () => random(256));
}

/** Whether the bytes were read; anything but a clean refusal fails. */
function readOrRefuse(bytes: Uint8Array): boolean {
  let parsed: ReturnType<typeof parseFile>;
  try {
    parsed = parseFile(bytes);
  } catch (error) {
    assert.ok(error instanceof InputError, `${String(error)}\n${new TextDecoder().decode(bytes)}`);
    assert.equal(error.diagnostic.place?.kind, "text");
    assert.match(error.diagnostic.code, /^clif-/);
    return false;
  }
  for (const { func, details } of parsed.functions) {
    assert.ok(details.comments.length === details.commentCount);
    const text = functionText(func, { directives: true, dynamicTypes: true });
    const again = readAgain(text);
    if (again !== null) assert.equal(again, text);
  }
  return true;
}

function readAgain(text: string): string | null {
  try {
    return functionText(parseFile(text).functions[0]!.func, { directives: true, dynamicTypes: true });
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return null;
  }
}

test(`${CASES} mutated texts are read or refused cleanly`, (t) => {
  const random = randomNumbers(0x5eed);
  const seeds = corpus();
  let read = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = i % 16 === 0 ? randomBytes(random) : mutate(seeds[random(seeds.length)]!, random);
    if (readOrRefuse(bytes)) read++;
  }
  t.diagnostic(`text fuzz: ${read} read, ${CASES - read} refused`);
  assert.ok(read > CASES / 100, "hardly any mutant is read: the mutations are too coarse to test the parser");
  assert.ok(read < CASES, "every mutant is read: nothing is refused");
});
