/**
 * The engine `native`: the host's own WebAssembly, V8 in Node and JavaScriptCore in Bun.
 *
 * Modules are compiled, linked and run by the host alone; our decoder is only asked for the types of exports,
 * so that an adapter (see `native-adapter.ts`) can hand over values that JavaScript cannot hold. A host
 * reference is an object of its own; a number would turn into an i31.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InputError } from "../base/diagnostics.ts";
import { type HostInstance, type HostModule, hostWebAssembly } from "../embed/host-webassembly.ts";
import { DEFAULT_FEATURES, decodeAndValidate, decodeModule, type Features } from "../wasm/index.ts";
import type {
  ActionOutcome,
  Engine,
  Failure,
  ImportName,
  LinkOutcome,
  ReferenceKind,
  ResultValue,
} from "./engine.ts";
import { fromFlat, pushFlat } from "./flat-values.ts";
import { type Adapter, buildAdapter, type Route, type Shape } from "./native-adapter.ts";
import type { Action, ScriptValue } from "./script.ts";
import { plainMessage, saysTrap } from "./trap-wording.ts";

export interface NativeModule {
  readonly host: HostModule;
  readonly bytes: Uint8Array;
}

/** An instance; its adapter is made when the first action needs it. */
export interface NativeInstance {
  readonly exports: ReadonlyMap<string, unknown>;
  /** Absent for what another thread shares: that has no actions. */
  readonly module: NativeModule | null;
  adapter: { readonly routes: Adapter["routes"]; readonly functions: HostInstance["exports"] } | null;
}

type HostFunction = (...args: unknown[]) => unknown;

/** By the class that an adapter gives. */
const CLASSES: readonly ReferenceKind[] = ["null", "i31", "struct", "array", "other"];

export class NativeEngine implements Engine<NativeModule, NativeInstance, unknown> {
  readonly name: string = "native";
  readonly executes = true;
  readonly exceptionsTrap: boolean = false;
  readonly threads = "worker";
  private readonly hostReferences: Map<number, object>;
  private readonly hostNumbers: Map<unknown, number>;

  constructor() {
    this.hostReferences = new Map();
    this.hostNumbers = new Map();
  }

  adopt(shared: Readonly<Record<string, unknown>>): NativeInstance {
    return { exports: new Map(Object.entries(shared)), module: null, adapter: null };
  }

  share({ exports }: NativeInstance): Record<string, unknown> {
    const isShared = ([, thing]: [string, unknown]): boolean =>
      (thing as { buffer?: unknown }).buffer instanceof SharedArrayBuffer;
    return Object.fromEntries([...exports].filter(isShared));
  }

  /** The host cannot switch proposals off: where some are, our validator must accept the module first. */
  compile(bytes: Uint8Array, features: Features): NativeModule {
    if (features.size < DEFAULT_FEATURES.size) decodeAndValidate(bytes, features);
    try {
      return { host: new hostWebAssembly.Module(bytes), bytes };
    } catch (error) {
      const message = plainMessage(error instanceof Error ? error.message : String(error));
      throw new InputError({ code: "wasm-rejected", message });
    }
  }

  imports(module: NativeModule): readonly ImportName[] {
    return hostWebAssembly.Module.imports(module.host);
  }

  instantiate(module: NativeModule, imports: readonly unknown[]): LinkOutcome<NativeInstance> {
    const given: Record<string, Record<string, unknown>> = Object.create(null);
    this.imports(module).forEach(({ module: from, name }, i) => {
      given[from] ??= Object.create(null) as Record<string, unknown>;
      given[from][name] = imports[i];
    });
    try {
      const instance = new hostWebAssembly.Instance(module.host, given);
      return {
        kind: "instance",
        instance: { exports: new Map(Object.entries(instance.exports)), module, adapter: null },
      };
    } catch (error) {
      if (isNamed(error, "LinkError") || error instanceof TypeError) {
        return { kind: "unlinkable", message: plainMessage((error as Error).message) };
      }
      return readThrown(error);
    }
  }

  exports(instance: NativeInstance): ReadonlyMap<string, unknown> {
    return instance.exports;
  }

  perform(instance: NativeInstance, action: Action): ActionOutcome {
    try {
      this.prepare(instance);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: "error", message: `no adapter: ${message}` };
    }
    const route = instance.adapter!.routes.get(action.field);
    if (route === undefined) return { kind: "error", message: `no export ${JSON.stringify(action.field)}` };
    const call = (
      route.adapter === null ? instance.exports.get(action.field) : instance.adapter!.functions[route.adapter]
    ) as HostFunction;
    const args = this.toHost(route, action.args);
    if (args === null) return { kind: "error", message: "the arguments do not fit the parameters" };
    let returned: unknown;
    try {
      returned = call(...args);
    } catch (error) {
      return readThrown(error);
    }
    const flat = returned === undefined ? [] : Array.isArray(returned) ? returned : [returned];
    return { kind: "values", values: this.fromHost(route.results, flat) };
  }

  collectGarbage(): unknown {
    return hostCollector();
  }

  saysTrap(expected: string, message: string): boolean {
    return saysTrap(expected, message);
  }

  private prepare(instance: NativeInstance): void {
    if (instance.adapter !== null) return;
    if (instance.module === null) throw new Error("an instance of another thread");
    const { bytes, routes } = buildAdapter(decodeModule(instance.module.bytes));
    let functions: HostInstance["exports"] = {};
    if (bytes !== null) {
      const imports: Record<string, unknown> = Object.create(null);
      for (const [name, thing] of instance.exports) imports[name] = thing;
      functions = new hostWebAssembly.Instance(new hostWebAssembly.Module(bytes), { "": imports }).exports;
    }
    instance.adapter = { routes, functions };
  }

  /** The arguments, flat; `null` when they are not what the parameters ask for. */
  private toHost(route: Route, args: readonly ScriptValue[]): unknown[] | null {
    if (args.length !== route.params.length) return null;
    const flat: unknown[] = [];
    for (let i = 0; i < args.length; i++) {
      if (!this.pushArgument(flat, args[i]!, route.params[i]!)) return null;
    }
    return flat;
  }

  private pushArgument(flat: unknown[], arg: ScriptValue, shape: Shape): boolean {
    switch (arg.type) {
      case "i32":
      case "f32":
      case "i64":
      case "f64":
      case "v128":
        return pushFlat(flat, arg, shape);
      case "ref.null":
        if (shape === "any" || shape === "extern") flat.push(null);
        return shape === "any" || shape === "extern" || shape === "func" || shape === "exn";
      default:
        flat.push(this.hostReference(arg.host));
        return shape === (arg.type === "ref.extern" ? "extern" : "any");
    }
  }

  private hostReference(host: number): object {
    let object = this.hostReferences.get(host);
    if (object === undefined) {
      object = { host };
      this.hostReferences.set(host, object);
      this.hostNumbers.set(object, host);
    }
    return object;
  }

  private fromHost(shapes: readonly Shape[], flat: readonly unknown[]): ResultValue[] {
    const values: ResultValue[] = [];
    let at = 0;
    for (const shape of shapes) {
      switch (shape) {
        case "i32":
        case "f32":
        case "i64":
        case "f64":
          values.push(fromFlat(shape, flat, at++));
          break;
        case "v128":
          values.push(fromFlat(shape, flat, at));
          at += 2;
          break;
        case "extern":
          values.push(this.reference("extern", flat[at] === null ? "null" : "other", flat[at++]));
          break;
        case "any": {
          const kind = CLASSES[flat[at++] as number]!;
          values.push(this.reference("any", kind, flat[at++]));
          break;
        }
        default:
          values.push({ type: "ref", hierarchy: shape, kind: flat[at++] === 0 ? "null" : shape });
      }
    }
    return values;
  }

  private reference(hierarchy: "any" | "extern", kind: ReferenceKind, value: unknown): ResultValue {
    const host = this.hostNumbers.get(value);
    if (kind === "other" && host !== undefined) return { type: "ref", hierarchy, kind: "host", host };
    return { type: "ref", hierarchy, kind };
  }
}

function isNamed(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}

/** What the host threw while code ran. */
function readThrown(error: unknown): Failure {
  if (error instanceof hostWebAssembly.Exception) return { kind: "exception", message: "an exception" };
  if (isNamed(error, "RuntimeError")) return { kind: "trap", message: plainMessage(error.message) };
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return { kind: "exhaustion", message: "call stack exhausted" };
  }
  return { kind: "error", message: error instanceof Error ? error.message : String(error) };
}

/** A function that collects garbage now: Bun's, or V8's, which a flag brings. */
function hostCollector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(synchronously: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return () => collect();
}
