/** What linking into a store says. */
import { type BarrierKind, type CollectorName, collectorsWith } from "../runtime/collectors.ts";
import type { ExternKind, Import } from "../wasm/module.ts";

/** An import that was given something of another type. */
export class ImportMismatch extends Error {
  constructor({ module, name, type }: Import, given: ExternKind) {
    const what = type.kind === given ? `a ${type.kind} of another type` : `a ${given}`;
    super(`incompatible import type: ${module}.${name} is a ${type.kind}, and ${what} was given`);
    this.name = "ImportMismatch";
  }
}

/** Of an import that the store itself provides. */
export function mistypedProvided({ module, name }: Import): string {
  return `import ${JSON.stringify(module)} ${JSON.stringify(name)}: not of the type of what the store provides by that name`;
}

/** Of code with such a barrier, in a store with that collector. */
export function collectorMismatch(barrier: BarrierKind, collector: CollectorName): string {
  const compiledFor = collectorsWith(barrier);
  return (
    `the module is compiled for the collector ${compiledFor.join(" or ")}, and the store has ${collector}, which needs ` +
    `another write barrier: compile it with { collector: "${collector}" }, or make the store with { collector: "${compiledFor[0]}" }`
  );
}
