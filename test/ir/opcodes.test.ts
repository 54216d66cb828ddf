/** The opcode table against the facts that real Cranelift's own table gives. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FORMAT_NAMES } from "../../src/ir/opcode-tables.gen.ts";
import {
  controlTypeSet,
  fixedArgCount,
  fixedResultCount,
  isSafepoint,
  OPCODE_COUNT,
  OpFlag,
  opcodeFlags,
  opcodeFormat,
  opcodeName,
  opcodeOfName,
  typeSetHas,
} from "../../src/ir/opcodes.ts";
import { INVALID, typeOfName } from "../../src/ir/types.ts";
import { noSharedData, sharedData } from "../support/project.ts";

const FLAGS: Readonly<Record<string, number>> = {
  term: OpFlag.Terminator,
  branch: OpFlag.Branch,
  call: OpFlag.Call,
  ret: OpFlag.Return,
  trap: OpFlag.Trap,
  load: OpFlag.Load,
  store: OpFlag.Store,
  side: OpFlag.SideEffect,
};

test("names and numbers are each other's inverse", () => {
  for (let op = 1; op <= OPCODE_COUNT; op++) assert.equal(opcodeOfName(opcodeName(op)), op);
  assert.equal(opcodeOfName("iadd_imm"), 0);
});

test("the table agrees with upstream's in format, operands, effects and types", (t) => {
  const reference = sharedData("reference/clif-opcodes.txt");
  if (reference === null) return t.skip(noSharedData("reference"));
  const rows = readFileSync(join(reference), "utf8")
    .split("\n")
    .map((line) => line.split("|"))
    .filter((fields) => fields.length >= 8);
  assert.equal(rows.length, OPCODE_COUNT);
  for (const [name, format, poly, useOperand, requiresOperand, results, args, flags, types] of rows) {
    const op = opcodeOfName(name!);
    assert.notEqual(op, 0, name);
    assert.equal(FORMAT_NAMES[opcodeFormat(op)], format, name);
    assert.equal((opcodeFlags(op) & OpFlag.Polymorphic) !== 0, poly === "poly", name);
    assert.equal((opcodeFlags(op) & OpFlag.Inferred) !== 0, useOperand === "use_op=true", name);
    assert.equal((opcodeFlags(op) & OpFlag.ControlIsOperand) !== 0, requiresOperand === "req_op=true", name);
    assert.equal(`nres=${fixedResultCount(op)}`, results, name);
    assert.equal(`nargs=${fixedArgCount(op)}`, args, name);
    const words = flags!.split(",");
    for (const [word, bit] of Object.entries(FLAGS)) {
      assert.equal((opcodeFlags(op) & bit) !== 0, words.includes(word), `${name} ${word}`);
    }
    assert.equal(isSafepoint(op), words.includes("SAFEPOINT"), name);
    if (poly === "poly") checkTypeSet(op, types!);
  }
});

/** `types { lanes [0], ints: [3,4], floats: [], dynamic_lanes: [] }`, all log2. */
function checkTypeSet(op: number, text: string): void {
  const lists = Array.from(text.matchAll(/\[([\d,]*)\]/g), (match) =>
    match[1]!.split(",").filter(Boolean).map(Number),
  );
  const [lanes, ints, floats, dynamicLanes] = lists as [number[], number[], number[], number[]];
  for (const [kind, widths] of [
    ["i", ints],
    ["f", floats],
  ] as const) {
    for (let width = kind === "i" ? 3 : 4; width <= 7; width++) {
      for (let lane = 0; lane <= 8; lane++) {
        const name = `${kind}${1 << width}${lane === 0 ? "" : `x${1 << lane}`}`;
        const expected = widths.includes(width);
        assert.equal(
          typeSetHas(controlTypeSet(op), typeOfName(name)),
          expected && lanes.includes(lane),
          `${opcodeName(op)} ${name}`,
        );
        if (lane === 0) continue;
        assert.equal(
          typeSetHas(controlTypeSet(op), typeOfName(`${name}xN`)),
          expected && dynamicLanes.includes(lane),
          `${opcodeName(op)} ${name}xN`,
        );
      }
    }
  }
  assert.equal(typeSetHas(controlTypeSet(op), INVALID), false);
}
