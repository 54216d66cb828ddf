/** The one way to what only Node has. */

type NodeOnly = typeof import("./node/index.ts");

interface NodeGlobals {
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Null on what is not Node, and in a bundle for browsers wherever it runs: there the folder is an empty module. */
export async function loadNodeOnly(): Promise<NodeOnly | null> {
  const isNode = typeof (globalThis as NodeGlobals).process?.versions?.node === "string";
  if (!isNode) return null;
  const node = await import("./node/index.ts");
  return "diskCache" in node ? node : null;
}
