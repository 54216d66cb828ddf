/** Modules that have their compiled code with them: the code is the one that compiling gives, and none is taken that is another module's. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { checksum } from "../../src/base/checksum.ts";
import { InputError } from "../../src/base/diagnostics.ts";
import { VERSION } from "../../src/base/version.ts";
import { type CodeOptions, compileCode } from "../../src/driver/compile.ts";
import { precompile } from "../../src/driver/precompile.ts";
import { precompiledCode, withCode } from "../../src/driver/precompiled.ts";
import { withCustomSection } from "../../src/wasm/custom-section.ts";
import { decodeAndValidate, encodeModule, FEATURE_NAMES } from "../../src/wasm/index.ts";
import { linked, manyFunctions } from "./many-functions.ts";

let bytes: Uint8Array;
let precompiled: Uint8Array;

before(async () => {
  bytes = await manyFunctions();
  precompiled = await precompile(bytes);
});

function refuses(module: Uint8Array, why: RegExp): void {
  assert.throws(
    () => precompiledCode(module),
    (error: unknown) => error instanceof InputError && why.test(error.message),
  );
}

const SETTINGS: readonly CodeOptions[] = [
  {},
  { gcStress: true },
  { collector: "generational" },
  { target: "node20,+tail-call", policy: "cranelift" },
  { features: new Set(FEATURE_NAMES.filter((name) => name !== "simd")) },
];

for (const options of SETTINGS) {
  test(`with ${JSON.stringify(Object.keys(options))} the code is what compiling gives`, async () => {
    const module = await precompile(bytes, { ...options, jobs: 2 });
    assert.deepEqual(linked(precompiledCode(module)), linked(compileCode(bytes, options)));
  });
}

test("the module before the section is as it was, and the whole is valid", () => {
  assert.deepEqual(precompiled.subarray(0, bytes.length), bytes);
  const names = (module: Uint8Array): string[] => decodeAndValidate(module).customs.map(({ name }) => name);
  assert.deepEqual(names(precompiled), [...names(bytes), "spillway.code"]);
  assert.ok(!names(linked(compileCode(precompiled))).includes("spillway.code"));
});

test("options as they are unless they are given make no difference, nor does a proof", async () => {
  const given = { collector: "copying", policy: "spillway", target: "node20", gcStress: false } as const;
  assert.deepEqual(await precompile(bytes, { ...given, prove: true }), precompiled);
  assert.deepEqual(linked(precompiledCode(precompiled)), linked(compileCode(bytes)));
});

test("code that a module had is replaced", async () => {
  const other = await precompile(bytes, { gcStress: true });
  assert.deepEqual(await precompile(other), precompiled);
});

describe("what is not taken", () => {
  test("a module without code", () => refuses(bytes, /no compiled code with it/));

  test("settings that are none", () => {
    const settings = [
      "",
      "[]",
      "null",
      '{"collector":"x"}',
      '{"target":"x"}',
      '{"policy":1}',
      '{"features":["x"]}',
      '{"__proto__":{}}',
    ];
    for (const text of settings) {
      const code = sectionCode();
      const sums = [bytes, new TextEncoder().encode(text), code].map(checksum).join("");
      refuses(withCustomSection(bytes, ["spillway.code", VERSION, text, sums], code), /damaged/);
    }
  });

  test("text, which says so itself", () => refuses(new TextEncoder().encode("(module)"), /text/));

  test("code of another version", () => {
    const changed = precompiled.slice();
    const name = new TextEncoder().encode("spillway.code");
    const at = changed.findIndex((_, i) => name.every((byte, k) => changed[i + k] === byte)) + name.length;
    // Behind the length.
    changed[at + 1]! = "9".charCodeAt(0);
    refuses(changed, /compiled by version 9/);
  });

  test("a module that another tool wrote anew", () => {
    const again = encodeModule({ ...decodeAndValidate(bytes), customs: [] });
    const code = precompiled.subarray(bytes.length);
    refuses(Uint8Array.from([...again, ...code]), /changed after it was compiled/);
  });

  test("code in which a bit has turned", () => {
    const changed = precompiled.slice();
    changed[changed.length - 100]! ^= 4;
    refuses(changed, /changed after it was compiled/);
  });

  test("settings in which a bit has turned, so that they are others", async () => {
    const changed = await precompile(bytes, { target: "node20,+tail-call" });
    const at = Buffer.from(changed).lastIndexOf("node20,+tail-call");
    changed[at + "node2".length]! ^= 2;
    refuses(changed, /changed after it was compiled/);
  });

  test("code behind which somebody put something", () =>
    refuses(withCustomSection(precompiled, ["sourceMappingURL", "a.map"]), /changed after it was compiled/));

  test("a section that is cut off, or has any other code", () => {
    refuses(withCode(bytes, {}, new Uint8Array(0)), /damaged/);
    refuses(withCode(bytes, {}, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)), /damaged/);
    for (let length = 0; length < precompiled.length; length += 7) {
      const cut = precompiled.subarray(0, length);
      assert.throws(() => precompiledCode(cut), InputError);
    }
  });

  test("bytes at random, rightly summed: an error of the input's, or code, never another error", () => {
    const code = sectionCode();
    assert.deepEqual(withCode(bytes, {}, code), precompiled);
    let state = 7;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % limit;
    };
    for (let i = 0; i < 400; i++) {
      const changed = code.slice();
      for (let k = 0; k < 3; k++) changed[random(changed.length)] = random(256);
      try {
        linked(precompiledCode(withCode(bytes, {}, changed)));
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    }
  });
});

/** What the section has behind its texts. */
function sectionCode(): Uint8Array {
  const empty = withCode(bytes, {}, new Uint8Array(0)).length;
  // A longer section has a longer length.
  return precompiled.subarray(empty + 1);
}
