/** Damaged modules, and modules that ask for too much: the compiler gives a module, or one `InputError`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile, compileCode } from "../../src/driver/compile.ts";
import { CORPUS } from "../wasm/corpus.ts";
import { hostAccepts, hostRefusal } from "../wasm/host-engine.ts";
import { mutated, Random } from "../wasm/mutate.ts";
import { wat } from "../wasm/wat.ts";

const MUTATIONS = Number(process.env["SPILLWAY_MUTATIONS"] ?? 2_000);
const SEED = Number(process.env["SPILLWAY_SEED"] ?? 1);

/** The output, or null for what is refused; throws anything that is not the input's fault. */
function compiled(bytes: Uint8Array): Uint8Array | null {
  try {
    compileCode(bytes, { prove: true });
    return compile(bytes);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

test(`${MUTATIONS} damaged modules are compiled to valid ones, or refused`, async () => {
  const random = new Random(SEED);
  const corpus = await Promise.all(CORPUS.map(wat));
  let accepted = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = mutated(corpus[random.below(corpus.length)]!, random);
    const hex = Buffer.from(bytes).toString("hex");
    let output: Uint8Array | null = null;
    assert.doesNotThrow(() => {
      output = compiled(bytes);
    }, hex);
    if (output === null || !hostAccepts(bytes)) continue;
    accepted++;
    assert.equal(hostRefusal(output), "", hex);
  }
  assert.ok(accepted > MUTATIONS / 50, `${accepted} accepted`);
});

test("every prefix of a module is refused", async () => {
  const bytes = await wat(CORPUS[0]!);
  for (let length = 0; length < bytes.length; length++) compiled(bytes.slice(0, length));
  assert.notEqual(compiled(bytes), null);
});

function nested(depth: number, open: string): string {
  return `${open.repeat(depth)}${"end ".repeat(depth)}`;
}

const STRUCT_FIELDS = 2000;
const ARRAY_ITEMS = 5000;

const LARGE: Readonly<Record<string, string>> = {
  "blocks, a thousand deep": `(module (func ${nested(1000, "block ")}))`,
  "loops, a thousand deep": `(module (func ${nested(1000, "loop ")}))`,
  "conditions, a thousand deep": `(module (func (param i32) ${nested(1000, "local.get 0 if ")}))`,
  "references in 1,000 locals": `(module (type $t (struct))
    (func ${"(local (ref null $t))".repeat(1000)} (local.set 999 (struct.new $t))))`,
  "a struct of many fields": `(module (type $t (struct ${"(field i8)".repeat(STRUCT_FIELDS)}))
    (func (export "f") (result i32) (struct.get_u $t ${STRUCT_FIELDS - 1} (struct.new_default $t))))`,
  "an array of many items": `(module (type $a (array i8))
    (func (export "f") (result i32)
      (array.len (array.new_fixed $a ${ARRAY_ITEMS} ${"(i32.const 1)".repeat(ARRAY_ITEMS)}))))`,
  "a chain of subtypes": `(module (type $t0 (sub (struct)))
    ${Array.from({ length: 60 }, (_, i) => `(type $t${i + 1} (sub $t${i} (struct)))`).join("")}
    (func (param anyref) (result i32) (ref.test (ref $t60) (local.get 0))))`,
  "a table of the largest size": `(module (table 0xffffffff anyref) (func (drop (table.get (i32.const 0)))))`,
  "a branch to every one of 1,000 blocks": `(module (func (param i32) ${"block ".repeat(1000)}
    local.get 0 br_table ${Array.from({ length: 1000 }, (_, i) => i).join(" ")} ${"end ".repeat(1000)}))`,
};

for (const [name, text] of Object.entries(LARGE)) {
  test(`${name}: compiled or refused`, async () => {
    const output = compiled(await wat(text));
    if (output !== null) assert.equal(hostRefusal(output), "");
  });
}

test("two memories are refused in a module that stands alone for a target with one", async () => {
  const bytes = await wat(`(module (memory 1) (memory 1)
    (func (export "f") (result i32) (i32.load 1 (i32.const 0))))`);
  assert.throws(() => compile(bytes), /a second memory needs multi-memory/);
  compileCode(bytes);
});
