/** What a module of a later proposal is refused with: the proposal's name, and the place. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { decodeModule } from "../../src/wasm/decode.ts";
import { encodeModule } from "../../src/wasm/encode.ts";
import { refusal, wat } from "./wat.ts";

const STACK_SWITCHING = "stack switching is not supported: ";
const DESCRIPTORS = "the custom descriptors proposal is not supported: ";
const SHARED = "the shared-everything threads proposal is not supported: ";

/** Modules as a toolchain writes them, and what is said of each. */
const TEXTS: readonly (readonly [text: string, message: string])[] = [
  ["(module (type $f (func)) (type (cont $f)))", `${STACK_SWITCHING}a continuation type`],
  ["(module (func (param contref)))", `${STACK_SWITCHING}contref`],
  ["(module (func (param (ref cont))))", `${STACK_SWITCHING}contref`],
  ["(module (table 1 nullcontref))", `${STACK_SWITCHING}nullcontref`],
  ["(module (func (block (result contref) unreachable) drop))", `${STACK_SWITCHING}contref in function 0`],
  ["(module (tag $e) (func (suspend $e)))", `${STACK_SWITCHING}suspend in function 0`],
  ["(module (tag (result i32)))", "non-empty tag result type: stack switching is not supported"],
  [
    "(module (rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct))))",
    `${DESCRIPTORS}a type with a descriptor`,
  ],
  ["(module (type $a (struct)) (func (param (ref (exact $a)))))", `${DESCRIPTORS}an exact reference type`],
  [
    "(module (type $a (struct)) (global (ref null (exact $a)) (ref.null none)))",
    `${DESCRIPTORS}an exact reference type`,
  ],
  [
    '(module (type $a (func)) (import "a" "b" (func (exact (type $a)))))',
    `${DESCRIPTORS}the import of an exact function`,
  ],
  [
    "(module (type $a (struct)) (func (param (ref $a)) (drop (ref.get_desc $a (local.get 0)))))",
    `${DESCRIPTORS}ref.get_desc in function 0`,
  ],
  ["(module (type (shared (struct))))", `${SHARED}a shared type`],
  ["(module (func (param (ref (shared any)))))", `${SHARED}a shared heap type`],
  ["(module (global (shared i32) (i32.const 0)))", `${SHARED}a shared global`],
  ["(module (global (shared mut i32) (i32.const 0)))", `${SHARED}a shared global`],
  ["(module (table shared 1 (ref null (shared func))))", `${SHARED}a shared heap type`],
  [
    "(module (type $a (struct (field i32))) (func (param (ref $a)) (drop (struct.atomic.get seq_cst $a 0 (local.get 0)))))",
    `${SHARED}a struct.atomic instruction in function 0`,
  ],
  ["(module (func (drop (ref.i31_shared (i32.const 1)))))", `${SHARED}ref.i31_shared in function 0`],
  [
    "(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 1))))",
    "memory control is not supported: memory.discard in function 0",
  ],
  [
    '(module (import "a" (item "b" (func)) (item "c" (func))))',
    "the compact import section is not supported: a group of imports",
  ],
  [
    '(module (import "a" (item "b") (item "c") (func)))',
    "the compact import section is not supported: a group of imports",
  ],
  ["(component)", "unknown binary version: this is a component, not a core module"],
];

const ACCESS_BITS =
  "these are bits of relaxed atomics or of multibyte array access, and neither is supported";

/** Instructions that the parser of text does not know, as binaryen writes them; each in a function with a shared memory. */
const BODIES: readonly (readonly [bytes: readonly number[], message: string])[] = [
  [[0xe0, 0], `${STACK_SWITCHING}cont.new`],
  [[0xe6, 0, 0], `${STACK_SWITCHING}switch`],
  [[0xfb, 0x26, 0, 0, 0, 0], `${DESCRIPTORS}br_on_cast_desc_eq_fail`],
  [[0xfb, 0x82, 0x01, 0], "the reference-typed strings proposal is not supported: a string instruction"],
  [[0xfe, 0x04], `${SHARED}pause`],
  [[0xfe, 0x4f, 0, 0], `${SHARED}a global.atomic instruction`],
  [[0x41, 0, 0xfc, 0x30, 1, 0], "half precision is not supported: f32.load_f16"],
  [[0xfd, 0xa0, 0x02], "half precision is not supported: an f16x8 instruction"],
  [[0x41, 0, 0xfe, 0x10, 0x22, 1, 0, 0x1a], `atomic alignment must be natural: ${ACCESS_BITS}`],
  [[0x41, 0, 0x28, 0x10, 0, 0, 0x1a], `alignment must not be larger than natural: ${ACCESS_BITS}`],
  // What is next to them is nobody's.
  [[0xe7], "illegal opcode e7"],
  [[0xfb, 0x27], "illegal opcode fb 27"],
  [[0xfe, 0x73], "illegal opcode fe 73"],
  [[0x41, 0, 0x28, 3, 0, 0x1a], "alignment must not be larger than natural"],
];

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function moduleOf(instructions: readonly number[]): Uint8Array {
  const body = [0, ...instructions, 0x0b];
  const types = [1, 4, 1, 0x60, 0, 0];
  const memory = [5, 4, 1, 3, 1, 1];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return Uint8Array.from([...PREAMBLE, ...types, 3, 2, 1, 0, ...memory, ...code]);
}

describe("by name", () => {
  for (const [text, message] of TEXTS) {
    test(text, async () => {
      const error = refusal(await wat(text));
      assert.equal(error.message, message);
    });
  }
  for (const [bytes, message] of BODIES) {
    test(Buffer.from(bytes).toString("hex"), () => {
      const { message: said, diagnostic } = refusal(moduleOf(bytes));
      assert.ok(said.startsWith(message), said);
      assert.equal(/supported/.test(said), /supported/.test(message), said);
      assert.ok(diagnostic.place?.kind === "binary" && diagnostic.place.offset > 20);
    });
  }

  test("at the byte", () => {
    const error = refusal(moduleOf([0x01, 0xe2, 0]));
    assert.deepEqual(error.diagnostic.place, { kind: "binary", offset: 30 });
    assert.equal(error.diagnostic.code, "wasm-feature");
  });

  test("components of every version", () => {
    for (const version of [0x0a, 0x0d, 0x0e]) {
      const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, version, 0, 1, 0]);
      assert.match(refusal(bytes).message, /this is a component/);
    }
    assert.equal(
      refusal(Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0])).message,
      "unknown binary version",
    );
  });
});

describe("custom sections that speak of the code", () => {
  const withCustom = async (name: string, contents: readonly number[]): Promise<Uint8Array> => {
    const bytes = await wat('(module (func (export "f") (param i32) (if (local.get 0) (then))))');
    const text = [name.length, ...Buffer.from(name)];
    return Uint8Array.from([...bytes, 0, text.length + contents.length, ...text, ...contents]);
  };
  const namesOf = (bytes: Uint8Array): string[] => decodeModule(bytes).customs.map(({ name }) => name);

  test("are left out of what is compiled, in order or not; others stay", async () => {
    for (const name of [
      "metadata.code.branch_hint",
      "metadata.code.trace_inst",
      ".debug_info",
      "reloc.CODE",
      "target_features",
    ]) {
      for (const contents of [[], [1, 0, 1, 2, 1, 1], [0xff, 0xff, 0xff]]) {
        const bytes = await withCustom(name, contents);
        assert.ok(namesOf(encodeModule(decodeModule(bytes))).includes(name));
        assert.ok(!namesOf(compile(bytes)).includes(name), name);
      }
    }
    for (const name of ["producers", "metadata", "names", "mine"])
      assert.ok(namesOf(compile(await withCustom(name, [0]))).includes(name), name);
  });
});
