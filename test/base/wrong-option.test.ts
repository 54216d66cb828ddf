/** Names that no option has: whatever takes options refuses them, and says which name may be meant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { requireOptions } from "../../src/base/wrong-option.ts";
import { Verifier } from "../../src/clif.ts";
import * as embed from "../../src/embed.ts";
import { FunctionBuilder, FunctionBuilderContext } from "../../src/frontend/index.ts";
import * as clif from "../../src/index.ts";
import { parseFile } from "../../src/text/index.ts";

const NAMES = { collector: true, maxHeapBytes: true, stackBytes: true, gcStress: true, jobs: true } as const;

const ADVICE: readonly [string, string][] = [
  ["colector", "did you mean collector?"],
  ["collectro", "did you mean collector?"],
  ["Collector", "did you mean collector?"],
  ["maxHeap", "did you mean maxHeapBytes?"],
  ["heap", "did you mean maxHeapBytes?"],
  ["gcstress", "did you mean gcStress?"],
  ["stack", "did you mean stackBytes?"],
  ["Bytes", "did you mean maxHeapBytes or stackBytes?"],
  ["job", "did you mean jobs?"],
  ["toString", "it takes collector, maxHeapBytes, stackBytes, gcStress, jobs"],
  ["x".repeat(1 << 20), "it takes collector, maxHeapBytes, stackBytes, gcStress, jobs"],
];

test("an unknown name is said with the nearest names, or all", () => {
  for (const [name, advice] of ADVICE) {
    assert.throws(() => requireOptions({ [name]: 1 }, NAMES, "make"), {
      name: "TypeError",
      message: `make has no option ${name}: ${advice}`,
    });
  }
  requireOptions({ collector: undefined, jobs: 1 }, NAMES, "make");
});

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const TEXT = "function %f() system_v {\nblock0:\n    return\n}\n";

/** What takes options of ours, by what it is called in the message. */
const TAKERS: Readonly<Record<string, (options: object) => unknown>> = {
  Store: (options) => new embed.Store(options),
  compile: (options) => embed.compile(EMPTY_MODULE, options),
  compileAsync: (options) => embed.compileAsync(EMPTY_MODULE, options),
  instantiate: (options) => embed.instantiate(EMPTY_MODULE, {}, options),
  openCache: (options) => embed.openCache(options),
  createWebAssembly: (options) => embed.createWebAssembly(options),
  "createWebAssembly's compile": (options) => embed.createWebAssembly({ compile: options }),
  compileStandalone: (options) => embed.compileStandalone(EMPTY_MODULE, options),
  compileStandaloneWithSourceMap: (options) => embed.compileStandaloneWithSourceMap(EMPTY_MODULE, options),
  "compileStandaloneWithSourceMap's sourceMap": (options) =>
    embed.compileStandaloneWithSourceMap(EMPTY_MODULE, { sourceMap: options }),
  "SafepointSpiller.run": (options) => new clif.SafepointSpiller().run(new clif.Function(), options),
  "FunctionBuilder.finalize": (options) =>
    new FunctionBuilder(new clif.Function(), new FunctionBuilderContext()).finalize(options),
  "Oracle.compare": (options) =>
    new clif.Oracle().compare(clif.parseFunctions(TEXT)[0]!, clif.parseFunctions(TEXT)[0]!, options),
  checkSafepoints: (options) => clif.checkSafepoints(new clif.Function(), new clif.Function(), options),
  writeFunction: (options) => clif.functionText(clif.parseFunctions(TEXT)[0]!, options),
  verifyFunction: (options) => new Verifier().verify(clif.parseFunctions(TEXT)[0]!, options),
  parseEach: (options) => parseFile(TEXT, options),
};

for (const [taker, take] of Object.entries(TAKERS)) {
  test(`${taker} refuses what it has no option for`, async () => {
    await take({});
    const complaint = new RegExp(`^TypeError: ${taker} has no option zzzz: it takes `);
    await assert.rejects(async () => take({ zzzz: undefined }), complaint);
    await assert.rejects(
      async () => take(null as unknown as object),
      /^TypeError: options must be an object/,
    );
  });
}

test("options of stores and of compiling are each told of the other", () => {
  assert.throws(
    () => embed.compile(EMPTY_MODULE, { maxHeapBytes: 65536 } as object),
    /compile has no option maxHeapBytes: it takes collector, target, /,
  );
  assert.ok(embed.instantiate(EMPTY_MODULE, {}, { maxHeapBytes: 65536, gcStress: true, cache: null }));
});

const WRONG_KINDS: readonly [options: object, complaint: string][] = [
  [{ features: { gc: true } }, "features must be a set of features, as withFeature gives, not "],
  [{ cache: 5 }, "cache must be a cache, as openCache gives, or null, not 5"],
  [{ cache: {} }, "cache must be a cache, as openCache gives, or null, not "],
  [{ target: 20 }, "target must be a string, not 20"],
  [{ gcStress: "yes" }, 'gcStress must be true or false, not "yes"'],
  [{ prove: 1 }, "prove must be true or false, not 1"],
  [{ observers: () => {} }, "observers must be an array, not "],
  [{ builtins: "js-string" }, 'builtins must be an array, not "js-string"'],
  [{ importedStringConstants: 5 }, "importedStringConstants must be a string or null, not 5"],
  [{ reserveMemoryBytes: "64m" }, 'reserveMemoryBytes must be a number, not "64m"'],
];

test("what an option does not take is refused, with what it takes", async () => {
  for (const [options, message] of WRONG_KINDS) {
    const isTold = (error: Error): boolean => error.name === "TypeError" && error.message.startsWith(message);
    assert.throws(() => embed.compile(EMPTY_MODULE, options), isTold, message);
    await assert.rejects(embed.compileAsync(EMPTY_MODULE, options), isTold);
  }
  await assert.rejects(
    embed.compileAsync(EMPTY_MODULE, { progress: true } as object),
    /^TypeError: progress must be a function, not true$/,
  );
  assert.throws(
    () => embed.instantiate(EMPTY_MODULE, {}, { store: {} } as object),
    /^TypeError: store must be a Store, not /,
  );
  assert.throws(
    () => embed.openCache({ folder: 5 } as object),
    /^TypeError: folder must be a string, not 5$/,
  );
  embed.compile(EMPTY_MODULE, { cache: null, importedStringConstants: null, builtins: [] });
});

test("a policy that is none is refused by name", () => {
  const wrong = { policy: "spilway" } as unknown as object;
  const complaint = /^TypeError: policy must be one of spillway, .*, not "spilway"$/;
  assert.throws(() => embed.compile(EMPTY_MODULE, wrong), complaint);
  assert.throws(() => embed.compileStandalone(EMPTY_MODULE, wrong), complaint);
  assert.throws(() => new clif.SafepointSpiller().run(clif.parseFunctions(TEXT)[0]!, wrong), complaint);
});

test("the specification's options are not ours: unknown ones are passed over, and the others converted", async () => {
  const { Module, compile, validate } = embed.createWebAssembly({ force: true }) as Record<
    string,
    new (
      bytes: Uint8Array,
      options: object,
    ) => unknown
  >;
  const given = { builtins: [], somethingNewer: true };
  assert.ok(new Module!(EMPTY_MODULE, given));
  const call = (taker: unknown) =>
    (taker as (bytes: Uint8Array, options: object) => unknown)(EMPTY_MODULE, given);
  assert.ok(await call(compile));
  assert.equal(call(validate), true);
  const strings = { builtins: new Set(["js-string"]), importedStringConstants: 5 };
  assert.ok(new Module!(EMPTY_MODULE, strings));
  assert.ok(new Module!(EMPTY_MODULE, null as unknown as object));
  assert.throws(() => new Module!(EMPTY_MODULE, { builtins: 5 }), TypeError);
});
