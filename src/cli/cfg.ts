/** `spillway cfg`: the control-flow graph of each function in Graphviz' language. */
import { Command } from "commander";
import { attribute, Digraph, Edge, Node, toDot } from "ts-graphviz";
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { type Block, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { Format } from "../ir/opcodes.ts";
import { blockTexts, functionNameText } from "../lab/function-text.ts";
import { CLIF_ARGUMENT, CLIF_ARGUMENT_HELP, eachClifInput } from "./clif-input.ts";
import { checkOutput, openOutput } from "./output.ts";

export function createCfgCommand(): Command {
  return new Command("cfg")
    .description(
      "Print the control-flow graph of each function for Graphviz: a box a block with its instructions.",
    )
    .argument(CLIF_ARGUMENT, CLIF_ARGUMENT_HELP)
    .option("-o, --output <file>", "write there instead of standard output")
    .addHelpText(
      "after",
      `
Examples:
  spillway cfg app.clif | dot -Tsvg > app.svg
  spillway spill app.clif | spillway cfg - -o spilled.dot`,
    )
    .action(cfg);
}

async function cfg(paths: string[], options: { readonly output?: string }, command: Command): Promise<void> {
  checkOutput(options.output, paths, command);
  const output = openOutput(options.output);
  const graph = new ControlFlowGraph();
  await eachClifInput(paths, ({ file }) => {
    for (const { func } of file.functions) output.write(`${toDot(digraphOf(func, graph))}\n`);
  });
  await output.end();
}

/** Blocks are boxes with their text flush left; edges say which way of the branch they are. */
function digraphOf(func: Function, cfg: ControlFlowGraph): Digraph {
  cfg.compute(func);
  const { layout } = func;
  const graph = new Digraph(functionNameText(func.name), { [attribute.label]: functionNameText(func.name) });
  graph.attributes.node.apply({ shape: "box", fontname: "monospace" });
  const nodes = new Map<number, Node>();
  for (const [block, { header, lines }] of blockTexts(func)) {
    const label = [header, ...lines.map((line) => `    ${line}`)]
      .map((line) => `${escapeLabel(line)}\\l`)
      .join("");
    const node = new Node(`block${block}`, {
      label,
      ...(layout.isCold(block as Block) ? { style: "dashed" } : {}),
    });
    nodes.set(block, node);
    graph.addNode(node);
  }
  for (let edge = 0; edge < cfg.edgeCount; edge++) {
    const source = cfg.edgeSource(edge);
    const label = edgeLabel(func, layout.lastInst(source), edge - cfg.firstEdge(source));
    const ends: [Node, Node] = [nodes.get(source)!, nodes.get(cfg.edgeTarget(edge))!];
    graph.addEdge(new Edge(ends, label === "" ? {} : { label }));
  }
  return graph;
}

/** `\l` ends a line, so only backslashes of the text itself must be doubled. */
function escapeLabel(line: string): string {
  return line.replaceAll("\\", "\\\\");
}

/** What destination `index` of the branch is: then or else, a table entry, a handler, the normal return. */
function edgeLabel(func: Function, inst: Inst | typeof NONE, index: number): string {
  if (inst === NONE) return "";
  const { dfg } = func;
  switch (dfg.format(inst)) {
    case Format.Brif:
      return index === 0 ? "then" : "else";
    case Format.BranchTable:
      return index === 0 ? "default" : `${index - 1}`;
    case Format.TryCall:
    case Format.TryCallIndirect:
      return handlerLabel(func, inst, index);
    default:
      return "";
  }
}

function handlerLabel(func: Function, inst: Inst, index: number): string {
  const { blockCalls } = func.dfg;
  const table = func.dfg.exceptionTable(inst);
  if (index === blockCalls.tableCallCount(table) - 1) return "return";
  let handler = 0;
  for (let i = 0; i < blockCalls.itemCount(table); i++) {
    const item = blockCalls.item(table, i);
    if (item.kind === "context") continue;
    if (handler === index) return item.kind === "tag" ? `tag${item.tag}` : "any exception";
    handler++;
  }
  return "";
}
