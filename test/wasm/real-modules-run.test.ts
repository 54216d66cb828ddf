/**
 * Real programs, decoded and encoded again, do what they did: format Dart and Kotlin, match a selector, disassemble a Java
 * class. The other modules (the OCaml tests, the Dart bridge) are canonical: encoding them gives the same bytes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { decodeModule, encodeModule } from "../../src/wasm/index.ts";
import { projectRoot } from "../support/project.ts";
import { compileOnHost } from "./host-engine.ts";
import { REAL_MODULES, readRealModule } from "./real-modules.ts";
import { sameBytes } from "./wat.ts";

/** What the packages' own JavaScript offers, as far as it is used here. */
interface DartFormatter {
  initSync(module: object): object;
  formatWrapper(app: object, source: string, filename: string): string;
}
interface TeaVmRuntime {
  load(bytes: ArrayBuffer, options: object): Promise<{ exports: object }>;
}
interface KotlinFormatter {
  createFormat(load: () => Promise<object>): { format(source: string): Promise<string> };
}
interface Disassembler {
  disassemble(classFile: Uint8Array, options: object): Promise<string>;
}
interface Matcher {
  default(bytes: Uint8Array): Promise<{ exports: { toMatches(pattern: string): (text: string) => boolean } }>;
}

type Program = (bytes: Uint8Array) => Promise<string>;

async function load<T>(file: string): Promise<T> {
  return await loadOwn<T>(join("node_modules", file));
}

/** A file of the project. */
async function loadOwn<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join(projectRoot, file)).href)) as T;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  dart_fmt: async (bytes) => {
    const dart = await load<DartFormatter>("@wasm-fmt/dart_fmt/dart_fmt.mjs");
    return dart.formatWrapper(
      dart.initSync(compileOnHost(bytes)),
      "void  main( ){print('a'+\n'b');}",
      "a.dart",
    );
  },
  "kotlin-fmt": async (bytes) => {
    const runtime = await load<TeaVmRuntime>("@scalar/kotlin-fmt/kotlin_fmt.runtime.mjs");
    const { createFormat } = await load<KotlinFormatter>("@scalar/kotlin-fmt/dist/format.js");
    const buffer = bytes.slice().buffer as ArrayBuffer;
    const { format } = createFormat(async () => (await runtime.load(buffer, {})).exports);
    return await format("fun   main( ){println( 1+2 )}");
  },
  jasm: async (bytes) => {
    const runtime = await load<TeaVmRuntime>("@run-slicer/jasm/jasm.wasm-runtime.js");
    const { exports } = await runtime.load(bytes.slice().buffer as ArrayBuffer, { noAutoImports: true });
    const { usualClass } = await loadOwn<{ usualClass(): Uint8Array }>("test/embed/programs/class-file.mjs");
    return await (exports as Disassembler).disassemble(usualClass(), {});
  },
  wasm_matches: async (bytes) => {
    const matcher = await load<Matcher>("@gkd-kit/wasm_matches/dist/instantiate.mjs");
    const matches = (await matcher.default(bytes)).exports.toMatches("[a-c]+\\d{2}");
    return ["abc12", "abc1", "", "d12", "a99"].map((text) => `${text}: ${matches(text)}`).join("\n");
  },
};

const EXPECTED: Readonly<Record<string, RegExp>> = {
  dart_fmt: /^void main\(\) \{\n {2}print\(/,
  "kotlin-fmt": /^fun main\(\) \{\n {2,4}println\(1 \+ 2\)/,
  jasm: /\.class public super Shapes \{.*\.method public join0 \(I\)Ljava\/lang\/String; \{.*if_icmpge C/s,
  wasm_matches: /^abc12: true\nabc1: false\n: false\nd12: false\na99: true$/,
};

for (const [name, run] of Object.entries(PROGRAMS)) {
  test(`${name} works as before`, async (t) => {
    const real = REAL_MODULES.find((module) => module.name === name)!;
    const bytes = readRealModule(real);
    if (bytes === null) {
      t.skip("its package is not installed");
      return;
    }
    const encoded = encodeModule(decodeModule(bytes));
    assert.ok(!sameBytes(encoded, bytes), "the module was canonical already, so nothing is tested");
    const before = await run(bytes);
    assert.match(before, EXPECTED[name]!);
    assert.equal(await run(encoded), before);
  });
}

for (const name of ["gg-bridge", "html5rw tests"]) {
  test(`${name} is encoded to the very bytes that it was`, (t) => {
    const bytes = readRealModule(REAL_MODULES.find((module) => module.name === name)!);
    if (bytes === null) return t.skip("its package is not installed");
    assert.ok(sameBytes(encodeModule(decodeModule(bytes)), bytes));
  });
}
