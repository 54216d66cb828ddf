/**
 * `test print-cfg`: the control-flow graph in Graphviz' language, in the form that upstream's filetests check: a record a
 * block with its last instruction, then an edge for each predecessor.
 */
import { ControlFlowGraph } from "../../analysis/control-flow-graph.ts";
import { type Block, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { type BlockText, blockTexts, functionNameText } from "../function-text.ts";
import type { FiletestCommand } from "./command.ts";
import { OptionReader } from "./options.ts";

const USAGE = "[precise-output]";

export const testPrintCfg: FiletestCommand = {
  name: "print-cfg",
  summary: "the control-flow graph, as Graphviz text",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("print-cfg", USAGE, options);
    const precise = reader.flag("precise-output");
    reader.end();
    const cfg = new ControlFlowGraph();
    return {
      needsVerifier: false,
      judgement: precise ? "expectation" : "filecheck",
      open: () => (parsed) => graphText(parsed.func, cfg),
    };
  },
};

function graphText(func: Function, cfg: ControlFlowGraph): string {
  cfg.compute(func);
  const { layout } = func;
  const texts = blockTexts(func);
  const lines = [`digraph "${functionNameText(func.name)}" {`];
  if (layout.entryBlock !== NONE) lines.push(`    {rank=min; block${layout.entryBlock}}`);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    lines.push(...nodeLines(func, block, texts.get(block)!));
  }
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    lines.push(...edgeLines(cfg, block));
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function nodeLines(func: Function, block: Block, text: BlockText): string[] {
  const lines = [`    block${block} [shape=record, label="{${text.header}`];
  const last = func.layout.lastInst(block);
  // Last instructions have no results, so no alias line follows them.
  if (last !== NONE) lines.push(` | <inst${last}>${text.lines.at(-1)}`);
  lines.push(`}"]`);
  return lines;
}

function edgeLines(cfg: ControlFlowGraph, block: Block): string[] {
  const lines: string[] = [];
  for (let i = 0; i < cfg.predecessorCount(block); i++) {
    lines.push(`    block${cfg.predecessor(block, i)}:inst${cfg.predecessorInst(block, i)} -> block${block}`);
  }
  return lines;
}
