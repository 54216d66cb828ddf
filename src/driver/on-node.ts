/** The one way to what only Node has. */

type NodeOnly = typeof import("./node/index.ts");

interface NodeGlobals {
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Null on what is not Node, and in a bundle for browsers, which has an empty module in its place. */
export async function loadNodeOnly(): Promise<NodeOnly | null> {
  const isNode = typeof (globalThis as NodeGlobals).process?.versions?.node === "string";
  if (!isNode) return null;
  const node: Partial<NodeOnly> = await import("./node/index.ts");
  return node.diskCache === undefined ? null : (node as NodeOnly);
}
