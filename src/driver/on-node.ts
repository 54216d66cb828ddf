/** The one way to what only Node has. */

type NodeOnly = typeof import("./node/index.ts");

interface NodeGlobals {
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Null on what is not Node. */
export async function loadNodeOnly(): Promise<NodeOnly | null> {
  const isNode = typeof (globalThis as NodeGlobals).process?.versions?.node === "string";
  return isNode ? await import("./node/index.ts") : null;
}
