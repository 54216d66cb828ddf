/**
 * Builds a function as a compiler would: a variable that is declared to hold references, a loop, and calls that may
 * collect. `finalize` turns the variable into values, spills the references, and writes the stack maps.
 *
 *     node examples/build-function.mjs
 */
import { Function, functionText, signatureOf, types } from "spillway/clif";
import { FunctionBuilder } from "spillway/frontend";

const { I32 } = types;
const func = new Function({ kind: "testcase", name: "make_list" }, signatureOf([I32], [I32]));
const builder = new FunctionBuilder(func);

/** A function outside, `u0:index`; its calls may collect. */
function callee(index, signature) {
  return builder.importFunction({
    name: { kind: "user", ref: builder.declareImportedUserFunction(0, index) },
    signature: builder.importSignature(signature),
    colocated: false,
    patchable: false,
    noCollect: false,
  });
}

const cons = callee(0, signatureOf([I32], [I32]));
const tick = callee(1, signatureOf([], []));

const [entry, loop, done] = [builder.createBlock(), builder.createBlock(), builder.createBlock()];
builder.appendBlockParamsForFunctionParams(entry);

const count = builder.declareVar(I32);
const list = builder.declareVar(I32);
builder.declareVarNeedsStackMap(list);

builder.switchToBlock(entry);
builder.defVar(count, func.dfg.blockParam(entry, 0));
builder.defVar(list, builder.ins.iconst(I32, 0));
builder.ins.jump(builder.blockCall(loop));

builder.switchToBlock(loop);
const [cell] = builder.instResults(builder.ins.call(cons, [builder.useVar(list)]));
builder.defVar(list, cell);
builder.ins.call(tick, []);
const left = builder.ins.iaddImmS(builder.useVar(count), -1);
builder.defVar(count, left);
builder.ins.brif(left, builder.blockCall(loop), builder.blockCall(done));

builder.switchToBlock(done);
builder.ins.return_([builder.useVar(list)]);

builder.sealAllBlocks();
builder.finalize();
process.stdout.write(functionText(func));
