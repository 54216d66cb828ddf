/**
 * The engine `spillway`: modules are compiled and linked into a store, and run on the host's WebAssembly, which needs no garbage
 * collection for that.
 *
 * Functions of the output take references as numbers, so only vectors and the bits of floats need an adapter (`native-adapter.ts`,
 * on the output). A host reference is an object of its own.
 */
import { InputError } from "../base/diagnostics.ts";
import { type CodeOptions, compileCode } from "../driver/compile.ts";
import {
  CoreStore,
  type Extern,
  type FunctionExtern,
  guarded,
  hostWebAssembly,
  ImportMismatch,
  outputName,
  StoreException,
  type StoreInstance,
  type StoreOptions,
} from "../embed/index.ts";
import { decodeModule, type Features, types } from "../wasm/index.ts";
import type { ActionOutcome, Engine, Failure, ImportName, LinkOutcome, ResultValue } from "./engine.ts";
import { fromFlat, pushFlat } from "./flat-values.ts";
import { type Adapter, buildAdapter, type Shape } from "./native-adapter.ts";
import { isRefusal, notForTarget, refusalReason } from "./refusals.ts";
import type { Action, ScriptValue } from "./script.ts";
import { plainMessage, saysTrap } from "./trap-wording.ts";

type Code = ReturnType<typeof compileCode>;

/** How the engine compiles, and what store it runs in. */
export type SpillwayOptions = StoreOptions & Omit<CodeOptions, "features">;

export interface SpillwayInstance {
  readonly store: StoreInstance;
  /** Null for what another thread shares: that has no actions. */
  readonly code: Code | null;
  adapter: {
    readonly routes: Adapter["routes"];
    readonly functions: Readonly<Record<string, unknown>>;
  } | null;
}

/** A parameter or result by its type in the input: a reference, or a number as the output has it. */
type Position = { readonly reference: types.ValType } | { readonly reference: null };

type HostFunction = (...args: unknown[]) => unknown;

export class SpillwayEngine implements Engine<Code, SpillwayInstance, Extern> {
  readonly name = "spillway";
  readonly executes = true;
  readonly exceptionsTrap = false;
  readonly threads = "worker";
  private readonly options: SpillwayOptions;
  private readonly store: CoreStore;
  private readonly hosts: Map<number, object>;
  private readonly numbers: WeakMap<object, number>;

  constructor(options: SpillwayOptions) {
    this.options = options;
    this.store = new CoreStore(options);
    this.hosts = new Map();
    this.numbers = new WeakMap();
  }

  compile(bytes: Uint8Array, features: Features): Code {
    try {
      return compileCode(bytes, { ...this.options, features });
    } catch (error) {
      throw this.isForTarget && isRefusal(error) ? notForTarget(error) : error;
    }
  }

  imports(code: Code): readonly ImportName[] {
    return code.plan.module.imports;
  }

  instantiate(code: Code, imports: readonly Extern[]): LinkOutcome<SpillwayInstance> {
    try {
      const store = this.store.instantiate(code, imports);
      return { kind: "instance", instance: { store, code, adapter: null } };
    } catch (error) {
      if (error instanceof ImportMismatch || isNamed(error, "LinkError")) {
        return { kind: "unlinkable", message: plainMessage(error.message) };
      }
      if (this.isForTarget && isRefusal(error)) {
        return { kind: "skipped", why: refusalReason(error.diagnostic) };
      }
      if (error instanceof InputError) return { kind: "error", message: error.diagnostic.message };
      return readThrown(error);
    }
  }

  /** What another thread shares: memories to import, without actions. */
  adopt(shared: Readonly<Record<string, unknown>>): SpillwayInstance {
    const exports = new Map<string, Extern>();
    for (const [name, memory] of Object.entries(shared)) exports.set(name, memory as Extern);
    return { store: { exports, bytes: new Uint8Array(), hostExports: {} }, code: null, adapter: null };
  }

  share(instance: SpillwayInstance): Record<string, unknown> {
    const isShared = ([, extern]: [string, Extern]): boolean =>
      extern.kind === "memory" && extern.host.buffer instanceof SharedArrayBuffer;
    return Object.fromEntries([...instance.store.exports].filter(isShared));
  }

  exports(instance: SpillwayInstance): ReadonlyMap<string, Extern> {
    return instance.store.exports;
  }

  perform(instance: SpillwayInstance, action: Action): ActionOutcome {
    const extern = instance.store.exports.get(action.field);
    if (extern === undefined) return { kind: "error", message: `no export ${JSON.stringify(action.field)}` };
    if (extern.kind === "global") return this.readGlobal(instance, action.field);
    if (extern.kind !== "func") return { kind: "error", message: `${action.field} is no function` };
    return this.call(instance, action, extern);
  }

  collectGarbage(): Extern {
    // The type of a function without parameters and results is that of any module's.
    const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0]);
    const ids = this.store.types.canonicalize(decodeModule(bytes).types);
    return {
      kind: "func",
      type: ids[0]!,
      raw: () => this.store.runtime.collect(),
      isHost: true,
      isPlain: false,
      reference: 0,
    };
  }

  /** What the default target does not take is a failure; what one that was asked for does not take is skipped. */
  private get isForTarget(): boolean {
    return this.options.target !== undefined;
  }

  saysTrap(expected: string, message: string): boolean {
    return saysTrap(expected, message);
  }

  private typeOf({ type }: FunctionExtern): { readonly params: Position[]; readonly results: Position[] } {
    const { types: table } = this.store.types;
    const position = (value: types.ValType): Position => ({ reference: types.isRef(value) ? value : null });
    return {
      params: Array.from({ length: table.paramCount(type) }, (_, i) => position(table.param(type, i))),
      results: Array.from({ length: table.resultCount(type) }, (_, i) => position(table.result(type, i))),
    };
  }

  private call(instance: SpillwayInstance, action: Action, extern: FunctionExtern): ActionOutcome {
    const index = this.exportIndex(instance, action.field);
    const route = this.adapterOf(instance).routes.get(outputName("func", index));
    if (route === undefined) return { kind: "error", message: "no way to the export" };
    const name = outputName("func", index);
    const functions = route.adapter === null ? instance.store.hostExports : instance.adapter!.functions;
    const { params, results } = this.typeOf(extern);
    const call = functions[name] as HostFunction;
    const kept: number[] = [];
    const args = this.toHost(params, route.params, action.args, kept);
    let returned: unknown;
    try {
      if (args === null) return { kind: "error", message: "the arguments do not fit the parameters" };
      const ready = args.map((arg) => (typeof arg === "function" ? arg() : arg));
      returned = guarded(this.store, () => call(...ready));
    } catch (error) {
      return readThrown(error);
    } finally {
      for (const word of kept) this.references.release(word);
    }
    const flat = returned === undefined ? [] : Array.isArray(returned) ? returned : [returned];
    return { kind: "values", values: this.fromHost(results, route.results, flat) };
  }

  private exportIndex({ code }: SpillwayInstance, field: string): number {
    return code!.plan.module.exports.find(({ name }) => name === field)!.index;
  }

  private adapterOf(instance: SpillwayInstance): NonNullable<SpillwayInstance["adapter"]> {
    if (instance.adapter !== null) return instance.adapter;
    const { bytes, routes } = buildAdapter(decodeModule(instance.store.bytes));
    let functions: Readonly<Record<string, unknown>> = {};
    if (bytes !== null) {
      const module = new hostWebAssembly.Module(bytes);
      functions = new hostWebAssembly.Instance(module, { "": { ...instance.store.hostExports } }).exports;
    }
    instance.adapter = { routes, functions };
    return instance.adapter;
  }

  private readGlobal(instance: SpillwayInstance, field: string): ActionOutcome {
    const extern = instance.store.exports.get(field)!;
    if (extern.kind !== "global") return { kind: "error", message: "no global" };
    if (extern.host === null) {
      const value = this.referenceResult(extern.type.type, this.store.memory.read(extern.cell));
      return { kind: "values", values: [value] };
    }
    const name = outputName("global", this.exportIndex(instance, field));
    const { routes, functions } = this.adapterOf(instance);
    const route = routes.get(name)!;
    const returned = (functions[name] as HostFunction)();
    const flat = Array.isArray(returned) ? returned : [returned];
    return { kind: "values", values: this.fromHost([{ reference: null }], route.results, flat) };
  }

  /** The arguments, flat; one that may move is a function that gives its address now. Null where they do not fit. */
  private toHost(
    positions: readonly Position[],
    shapes: readonly Shape[],
    args: readonly ScriptValue[],
    kept: number[],
  ): unknown[] | null {
    if (args.length !== positions.length) return null;
    const flat: unknown[] = [];
    for (const [i, arg] of args.entries()) {
      const { reference } = positions[i]!;
      if (reference === null) {
        if (!pushFlat(flat, arg, shapes[i]!)) return null;
      } else if (arg.type === "ref.null") {
        flat.push(0);
      } else if (arg.type === "ref.extern" || arg.type === "ref.host") {
        const word = this.references.keep(this.hostObject(arg.host));
        kept.push(word);
        flat.push(() => this.references.kept(word));
      } else return null;
    }
    return flat;
  }

  private hostObject(number: number): object {
    let object = this.hosts.get(number);
    if (object === undefined) {
      object = { host: number };
      this.hosts.set(number, object);
      this.numbers.set(object, number);
    }
    return object;
  }

  private fromHost(
    positions: readonly Position[],
    shapes: readonly Shape[],
    flat: readonly unknown[],
  ): ResultValue[] {
    const values: ResultValue[] = [];
    let at = 0;
    positions.forEach(({ reference }, i) => {
      if (reference !== null) {
        values.push(this.referenceResult(reference, flat[at++] as number));
        return;
      }
      const shape = shapes[i]!;
      values.push(fromFlat(shape, flat, at));
      at += shape === "v128" ? 2 : 1;
    });
    return values;
  }

  private referenceResult(type: types.ValType, reference: number): ResultValue {
    const { types: store } = this;
    const top = store.topOf(types.heapOf(type));
    if (top === types.HEAP_FUNC) {
      return { type: "ref", hierarchy: "func", kind: reference === 0 ? "null" : "func" };
    }
    if (top === types.HEAP_EXN) {
      return { type: "ref", hierarchy: "exn", kind: reference === 0 ? "null" : "exn" };
    }
    const hierarchy = top === types.HEAP_EXTERN ? "extern" : "any";
    const kind = this.references.kindOf(reference);
    if (kind === "host") {
      const value = this.references.toJavaScript(reference);
      const host = this.numbers.get(value as object);
      if (host !== undefined) return { type: "ref", hierarchy, kind: "host", host };
      return { type: "ref", hierarchy, kind: "other" };
    }
    if (kind !== "null" && hierarchy === "extern") return { type: "ref", hierarchy, kind: "other" };
    return { type: "ref", hierarchy, kind };
  }

  private get references(): CoreStore["references"] {
    return this.store.references;
  }

  private get types(): CoreStore["types"] {
    return this.store.types;
  }
}

function isNamed(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}

function readThrown(error: unknown): Failure {
  if (error instanceof StoreException) return { kind: "exception", message: "an exception" };
  if (isNamed(error, "RuntimeError")) return { kind: "trap", message: plainMessage(error.message) };
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return { kind: "exhaustion", message: "call stack exhausted" };
  }
  return { kind: "error", message: error instanceof Error ? error.message : String(error) };
}
