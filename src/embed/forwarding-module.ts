/** A module that exports the one function that it imports: a table takes no function of JavaScript's own. */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { addFunctionType, lowered } from "../link/output-types.ts";
import { encodeModule } from "../wasm/encode.ts";
import { TypeTable } from "../wasm/types.ts";

/** Imports "" "f", of a function type with references as numbers, and exports it as "f". */
export function forwardingModule(types: TypeTable, type: number): Uint8Array {
  const table = new TypeTable();
  const params = Array.from({ length: types.paramCount(type) }, (_, i) => lowered(types.param(type, i)));
  const results = Array.from({ length: types.resultCount(type) }, (_, i) => lowered(types.result(type, i)));
  addFunctionType(table, params, results);
  const functionTypes = new I32List();
  functionTypes.push(0);
  const none = new I32List();
  return encodeModule({
    bytes: new ByteWriter().bytes(),
    types: table,
    imports: [{ module: "", name: "f", type: { kind: "func", type: 0 }, offset: 0 }],
    functionTypes,
    importedFunctionCount: 1,
    tables: [],
    importedTableCount: 0,
    memories: [],
    importedMemoryCount: 0,
    tags: [],
    importedTagCount: 0,
    globals: [],
    importedGlobalCount: 0,
    exports: [{ name: "f", kind: "func", index: 0, offset: 0 }],
    start: -1,
    startOffset: 0,
    elements: [],
    dataCount: -1,
    code: { starts: none, ends: none },
    data: [],
    customs: [],
    sections: [],
  });
}
