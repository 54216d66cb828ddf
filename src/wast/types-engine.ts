/**
 * The engine `none`: runs nothing. Modules are decoded and validated by us, instances are the types of what
 * they export, and linking is judged by import matching.
 *
 * A memory or table may grow, and then satisfy imports that its declared size does not. No code is run here, so
 * after an action whatever that instance can reach may have grown; a link that fails on such a minimum alone
 * is uncertain.
 */
import {
  decodeModule,
  type ExternKind,
  type ExternType,
  externTypeOfExport,
  externTypeOfImport,
  type Features,
  type Limits,
  type Module,
  matchesExternType,
  TypeStore,
  validateModule,
} from "../wasm/index.ts";
import type { ActionOutcome, Engine, ImportName, LinkOutcome } from "./engine.ts";

/** Something that can be imported: its type, and the instance that its code can reach. */
export interface TypedExtern {
  readonly type: ExternType;
  readonly owner: TypedInstance | null;
  /** Of a memory or table: code that was not run may have grown it. */
  mayHaveGrown: boolean;
}

export interface TypedInstance {
  readonly exports: Map<string, TypedExtern>;
  /** Imported and exported things, through which an action reaches others. */
  readonly reachable: Set<TypedExtern>;
}

export class TypesEngine implements Engine<Module, TypedInstance, TypedExtern> {
  readonly name = "none";
  readonly executes = false;
  readonly exceptionsTrap = false;
  readonly threads = "inline";
  private readonly store: TypeStore;

  constructor() {
    this.store = new TypeStore();
  }

  compile(bytes: Uint8Array, features: Features): Module {
    const module = decodeModule(bytes, features);
    validateModule(module, features, this.store);
    return module;
  }

  imports(module: Module): readonly ImportName[] {
    return module.imports;
  }

  instantiate(module: Module, imports: readonly TypedExtern[]): LinkOutcome<TypedInstance> {
    let uncertain = false;
    for (let i = 0; i < imports.length; i++) {
      const wanted = externTypeOfImport(this.store, module, i);
      const given = imports[i]!;
      if (matchesExternType(this.store, given.type, wanted)) continue;
      const grown = given.mayHaveGrown ? grownTo(given.type, wanted) : null;
      if (grown === null || !matchesExternType(this.store, grown, wanted)) {
        const { module: from, name } = module.imports[i]!;
        return { kind: "unlinkable", message: `incompatible import type: ${from}.${name} (${wanted.kind})` };
      }
      uncertain = true;
    }
    const instance: TypedInstance = { exports: new Map(), reachable: new Set(imports) };
    // One thing may be exported under several names, and what is imported and exported again stays what it
    // is: its own type may be more than was asked for.
    const things = importsByIndex(module, imports);
    for (const exported of module.exports) {
      const key = `${exported.kind} ${exported.index}`;
      let thing = things.get(key);
      if (thing === undefined) {
        const type = externTypeOfExport(this.store, module, exported);
        thing = { type, owner: instance, mayHaveGrown: false };
        things.set(key, thing);
      }
      instance.exports.set(exported.name, thing);
      instance.reachable.add(thing);
    }
    if (module.start >= 0) markGrown(instance);
    return { kind: "instance", instance, uncertain };
  }

  exports(instance: TypedInstance): ReadonlyMap<string, TypedExtern> {
    return instance.exports;
  }

  share(): Record<string, unknown> {
    throw new Error("threads run inline");
  }

  adopt(): TypedInstance {
    throw new Error("threads run inline");
  }

  perform(instance: TypedInstance): ActionOutcome {
    markGrown(instance);
    return { kind: "skipped", why: "the engine none runs no code" };
  }

  collectGarbage(): TypedExtern {
    // The type of a function without parameters and results is that of any module's.
    const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0]);
    const ids = this.store.canonicalize(decodeModule(bytes).types);
    return { type: { kind: "func", type: ids[0]! }, owner: null, mayHaveGrown: false };
  }

  saysTrap(): boolean {
    return false;
  }
}

/** What is imported, by kind and index within the index space of that kind. */
function importsByIndex(module: Module, imports: readonly TypedExtern[]): Map<string, TypedExtern> {
  const things = new Map<string, TypedExtern>();
  const counts: Record<ExternKind, number> = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
  module.imports.forEach(({ type }, i) => {
    things.set(`${type.kind} ${counts[type.kind]++}`, imports[i]!);
  });
  return things;
}

function markGrown(from: TypedInstance): void {
  const seen = new Set<TypedInstance>();
  const work = [from];
  for (let instance = work.pop(); instance !== undefined; instance = work.pop()) {
    if (seen.has(instance)) continue;
    seen.add(instance);
    for (const thing of instance.reachable) {
      thing.mayHaveGrown = true;
      if (thing.owner !== null) work.push(thing.owner);
    }
  }
}

/** `actual` grown to the minimum that `wanted` asks for; `null` where its maximum forbids that. */
function grownTo(actual: ExternType, wanted: ExternType): ExternType | null {
  if (actual.kind === "memory" && wanted.kind === "memory") {
    const limits = grownLimits(actual.memory.limits, wanted.memory.limits);
    return limits === null ? null : { kind: "memory", memory: { ...actual.memory, limits } };
  }
  if (actual.kind === "table" && wanted.kind === "table") {
    const limits = grownLimits(actual.table.limits, wanted.table.limits);
    return limits === null ? null : { kind: "table", table: { ...actual.table, limits } };
  }
  return null;
}

function grownLimits(actual: Limits, wanted: Limits): Limits | null {
  if (actual.max !== null && wanted.min > actual.max) return null;
  if (actual.min >= wanted.min) return actual;
  return { min: wanted.min, max: actual.max };
}
