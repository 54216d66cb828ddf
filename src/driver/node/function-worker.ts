/** A thread that compiles functions: it gets the module, takes one range after the other, and gives the code of each. See `threads.ts`. */
import { parentPort } from "node:worker_threads";
import { ByteWriter } from "../../base/byte-writer.ts";
import { writeObject } from "../../object/object-code.ts";
import { type PreparedModule, prepareAgain } from "../prepare.ts";
import { compileRange } from "./compile-range.ts";
import { rangeFailed, takeRange } from "./range-queue.ts";
import type { FunctionRange } from "./ranges.ts";
import { type Assignment, type FromWorker, failureOf } from "./thread-messages.ts";

parentPort!.once("message", ({ bytes, options, mode, facts, queue }: Assignment) => {
  const prepared = prepareAgain(bytes, options, mode, facts);
  if (prepared === null) throw new Error("a thread got another module's facts");
  for (let range = takeRange(queue); range !== null; range = takeRange(queue)) {
    const answer = compiled(prepared, range);
    if (answer.kind === "failed") rangeFailed(queue, range.first);
    parentPort!.postMessage(answer, answer.kind === "compiled" ? [answer.object.buffer] : []);
  }
  parentPort!.postMessage({ kind: "done" } satisfies FromWorker);
});

type RangeAnswer = Exclude<FromWorker, { kind: "done" }>;

function compiled(prepared: PreparedModule, range: FunctionRange): RangeAnswer {
  const { first } = range;
  try {
    const out = new ByteWriter();
    writeObject(out, compileRange(prepared, range));
    return { kind: "compiled", first, object: out.bytes().slice() };
  } catch (error) {
    return { kind: "failed", first, failure: failureOf(error) };
  }
}
