/**
 * Node's own modules, by a call and not by `import`: so the files of this folder are there as soon as those that import them, without
 * waiting, and load wherever those do, in a page too. Without Node, and before Node 20.16, which has no such call, the modules are empty
 * and nobody may ask for what is in this folder (`../on-node.ts`).
 */

type GetBuiltIn = NodeJS.Process["getBuiltinModule"];

const { process: host } = globalThis as { readonly process?: { readonly getBuiltinModule?: GetBuiltIn } };

export const builtIn: GetBuiltIn = host?.getBuiltinModule?.bind(host) ?? (() => ({}) as never);
