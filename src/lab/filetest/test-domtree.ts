/**
 * `test domtree`: the dominator tree.
 *
 * A comment `; dominates: block3 block4` on an instruction says that the instruction's block is the immediate dominator
 * of these; every reachable block but the entry must be named once. The text, for `; check:`, lists the post-order and
 * then the tree in preorder, the children of a block in reverse post-order.
 */
import { ControlFlowGraph } from "../../analysis/control-flow-graph.ts";
import { DominatorTree } from "../../analysis/dominator-tree.ts";
import { postOrder } from "../../analysis/traversal.ts";
import { I32List } from "../../base/column.ts";
import { type Block, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import type { ParsedFunction } from "../../text/index.ts";
import { type FiletestCommand, FiletestFailure } from "./command.ts";
import { commentsOnInsts } from "./comments.ts";
import { OptionReader } from "./options.ts";

const USAGE = "[precise-output]";

export const testDomtree: FiletestCommand = {
  name: "domtree",
  summary: "the dominator tree; `; dominates:` comments",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("domtree", USAGE, options);
    const precise = reader.flag("precise-output");
    reader.end();
    const cfg = new ControlFlowGraph();
    const tree = new DominatorTree();
    return {
      needsVerifier: true,
      judgement: precise ? "expectation" : "filecheck",
      open: () => (parsed) => {
        cfg.compute(parsed.func);
        tree.compute(parsed.func, cfg);
        if (!precise) checkAnnotations(parsed, tree);
        return treeText(parsed.func, tree);
      },
    };
  },
};

function checkAnnotations(parsed: ParsedFunction, tree: DominatorTree): void {
  const { func } = parsed;
  const named = new Set<Block>();
  for (const { inst, line, text } of commentsOnInsts(parsed)) {
    const list = /^dominates:(.*)$/.exec(text)?.[1];
    if (list === undefined) continue;
    const dominator = func.layout.blockOf(inst);
    for (const word of list.trim().split(/[\s,]+/)) {
      const block = Number(/^block(\d+)$/.exec(word)?.[1] ?? NONE) as Block;
      if (block < 0 || block >= func.dfg.numBlocks)
        throw new FiletestFailure(`\`${word}\` is no block`, "", line);
      if (tree.idom(block) !== dominator) {
        throw new FiletestFailure(
          `the immediate dominator of block${block} is ${blockName(tree.idom(block))}`,
          "",
          line,
        );
      }
      named.add(block);
    }
  }
  const { layout } = func;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    if (tree.idom(block) === NONE || named.has(block)) continue;
    throw new FiletestFailure(
      `no \`; dominates:\` names block${block}; it belongs in ${blockName(tree.idom(block))}`,
    );
  }
}

function blockName(block: number): string {
  return block === NONE ? "none: the entry or an unreachable block" : `block${block}`;
}

function treeText(func: Function, tree: DominatorTree): string {
  const order = new I32List();
  postOrder(func, order);
  const children = new Map<number, number[]>();
  let text = "cfg_postorder:";
  for (let i = 0; i < order.length; i++) text += ` block${order.get(i)}`;
  for (let i = order.length - 1; i >= 0; i--) {
    const idom = tree.idom(order.get(i) as Block);
    const list = children.get(idom);
    if (list === undefined) children.set(idom, [order.get(i)]);
    else list.push(order.get(i));
  }
  text += "\ndomtree_preorder {\n";
  const stack: number[] = func.layout.entryBlock === NONE ? [] : [func.layout.entryBlock];
  while (stack.length > 0) {
    const block = stack.pop()!;
    const below = children.get(block) ?? [];
    text += `    block${block}:${below.map((child) => ` block${child}`).join("")}\n`;
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i]!);
  }
  return `${text}}\n`;
}
