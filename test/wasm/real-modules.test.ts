/** Real modules decode and validate; encoded again they are the same module to V8 and to us. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeAndValidate,
  decodeModule,
  encodeModule,
  type Module,
  readNames,
  readProducers,
  readSourceMappingUrl,
} from "../../src/wasm/index.ts";
import { hostAccepts } from "./host-engine.ts";
import { REAL_MODULES, readRealModule } from "./real-modules.ts";
import { sameBytes } from "./wat.ts";

for (const real of REAL_MODULES) {
  test(`${real.name}, by ${real.maker}`, (t) => {
    const bytes = readRealModule(real);
    if (bytes === null) {
      t.skip("its package is not installed");
      return;
    }
    const module = decodeAndValidate(bytes);
    const encoded = encodeModule(module);
    assert.ok(hostAccepts(encoded));
    assert.deepEqual(describe(decodeAndValidate(encoded)), describe(module));
    // What was encoded is canonical, so encoding it again changes nothing.
    assert.ok(sameBytes(encodeModule(decodeModule(encoded)), encoded));
  });
}

/** What a program or its host can tell of a module: everything but how its integers were padded. */
function describe(module: Module): unknown {
  const { bytes, code, functionTypes, types } = module;
  const range = ({ start, end }: { start: number; end: number }): string =>
    digest(bytes.subarray(start, end));
  return {
    imports: module.imports.map(({ offset, ...rest }) => (offset > 0 ? rest : null)),
    exports: module.exports.map(({ name, kind, index }) => [name, kind, index]),
    functionTypes: Array.from({ length: functionTypes.length }, (_, i) => functionTypes.get(i)),
    types: Array.from(
      { length: types.length },
      (_, i) => `${types.supertype(i)} ${types.isFinal(i)} ${types.describe(i)}`,
    ),
    groups: Array.from({ length: types.groupCount }, (_, i) => types.groupStart(i)),
    bodies: Array.from({ length: code.starts.length }, (_, i) =>
      range({ start: code.starts.get(i), end: code.ends.get(i) }),
    ),
    globals: module.globals.map(({ type, mutable, initStart, initEnd }) =>
      initEnd === 0 ? [type, mutable] : [type, mutable, range({ start: initStart, end: initEnd })],
    ),
    data: module.data.map((segment) => [segment.mode, segment.memory, range(segment.data)]),
    elements: module.elements.map(({ mode, element, table, items }) => [mode, element, table, range(items)]),
    customs: module.customs.map(({ name, payload }) => [name, range(payload)]),
    start: module.start,
    names: readNames(module).functions.size,
    producers: readProducers(module),
    sourceMap: readSourceMappingUrl(module),
  };
}

function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return `${bytes.length}:${hash >>> 0}`;
}
