/**
 * The builtins for strings, where the engine has them, for references of a store: each looks for the values in boxes, and
 * makes a box of what the engine's gives.
 *
 *     imports   "" "memory"                the store's
 *               "" "values"                the table of values by the number of their box
 *               "" "box"                   (externref) → a new box or 0 (`value-table-module.ts`)
 *               "" "boxSlowly"             the same when that is 0
 *               "wasm:js-string" "cast" …  the engine's
 *     exports   "cast" …                   the same, with references for strings
 *
 * What is no box is no string. The engine's traps for null do for it, except where null is allowed.
 *
 * WebAssembly JavaScript Interface, "JS String Builtins".
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import { EXTERNREF, HEAP_EXTERN, I32, refType, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { boxOr, importValueTable, NO_VALUE, pushBoxedValue } from "./value-table-module.ts";
import { WrittenModule } from "./written-module.ts";

const BOX = 0;
const BOX_SLOWLY = 1;

const [S, I] = [EXTERNREF, I32];
/** What the engine's give. */
const STRING = refType(HEAP_EXTERN, false);
/** Of those without arrays, what they take and give; `cast` comes first. */
const BUILTINS: readonly (readonly [name: string, params: readonly ValType[], result: ValType])[] = [
  ["cast", [S], S],
  ["test", [S], I],
  ["fromCharCode", [I], S],
  ["fromCodePoint", [I], S],
  ["charCodeAt", [S, I], I],
  ["codePointAt", [S, I], I],
  ["length", [S], I],
  ["concat", [S, S], S],
  ["substring", [S, I, I], S],
  ["equals", [S, S], I],
  ["compare", [S, S], I],
];

/** Boxes have the descriptor. */
export function jsStringModule(descriptor: number): Uint8Array {
  const module = new WrittenModule();
  module.importMemory("", "memory");
  importValueTable(module);
  module.importFunction("", "box", [EXTERNREF], [I32]);
  module.importFunction("", "boxSlowly", [EXTERNREF], [I32]);
  const engine = BUILTINS.map(([name, params, result]) =>
    module.importFunction("wasm:js-string", name, params, [result === S ? STRING : result]),
  );
  const cast = engine[0]!;
  const valueOrNull = module.addFunction(module.addType([I32], [EXTERNREF]), orNullBody(descriptor, cast));
  BUILTINS.forEach(([name, params, result], i) => {
    const type = module.addType(
      params.map(() => I32),
      [I32],
    );
    const pushOperand = (body: BodyWriter, local: number): void => {
      if (name !== "equals") {
        pushText(body, local, descriptor);
        return;
      }
      body.get(local);
      body.call(valueOrNull);
    };
    module.addFunction(type, builtinBody(params, result, pushOperand, { name, engine: engine[i]! }), name);
  });
  return module.encode();
}

/** Pushes the value in a box, and null for all else. */
function pushText(body: BodyWriter, local: number, descriptor: number): void {
  pushBoxedValue(body, local, descriptor, () => body.index(...NO_VALUE));
}

/** Of an operand that may be null: traps if it is neither that nor a string. */
function orNullBody(descriptor: number, cast: number): Uint8Array {
  const body = new BodyWriter();
  body.get(0);
  body.openIf(EXTERNREF);
  pushText(body, 0, descriptor);
  body.call(cast);
  body.op(WasmOp.Else);
  body.index(...NO_VALUE);
  body.end();
  return body.finish();
}

function builtinBody(
  params: readonly ValType[],
  result: ValType,
  pushOperand: (body: BodyWriter, local: number) => void,
  { name, engine }: { readonly name: string; readonly engine: number },
): Uint8Array {
  const body = new BodyWriter([EXTERNREF, I32]);
  params.forEach((type, i) => {
    if (type === EXTERNREF) pushOperand(body, i);
    else body.get(i);
  });
  body.call(engine);
  if (name === "cast") {
    // The box that there is.
    body.op(WasmOp.Drop);
    body.get(0);
  } else if (result === EXTERNREF) {
    boxOr(body, BOX, { value: params.length, boxed: params.length + 1 }, BOX_SLOWLY);
  }
  return body.finish();
}
