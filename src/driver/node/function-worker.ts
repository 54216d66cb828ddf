/** A thread that compiles functions: it gets the module, then ranges, and gives the code of each. See `threads.ts`. */
import { parentPort } from "node:worker_threads";
import { ByteWriter } from "../../base/byte-writer.ts";
import { writeObject } from "../../object/object-code.ts";
import { compileFunctions } from "../compile-functions.ts";
import { type PreparedModule, prepareAgain } from "../prepare.ts";
import { objectOf } from "../stored-code.ts";
import type { FunctionRange } from "./ranges.ts";
import { type FromWorker, failureOf, type ToWorker } from "./thread-messages.ts";

let prepared: PreparedModule | null = null;

parentPort!.on("message", (message: ToWorker) => {
  if (message.kind === "module") {
    const { bytes, options, mode, facts } = message;
    prepared = prepareAgain(bytes, options, mode, facts);
    return;
  }
  const answer = compiled(message);
  parentPort!.postMessage(answer, answer.kind === "compiled" ? [answer.object.buffer] : []);
});

function compiled({ first, end }: FunctionRange): FromWorker {
  try {
    const { plan, options } = prepared!;
    const out = new ByteWriter();
    writeObject(out, objectOf(compileFunctions(plan, { ...options, only: { first, end } })));
    return { kind: "compiled", first, object: out.bytes().slice() };
  } catch (error) {
    return { kind: "failed", first, failure: failureOf(error) };
  }
}
