/**
 * Checks the compiler on one module: it runs natively, and compiled in stores under every collector and stressed, each function proven;
 * all must do the same. The module on its own must compile to one that the engine accepts, and either way to the same bytes
 * whichever function is compiled first. For a target, what is left of it without what cannot stand alone runs standing alone as well.
 */
import { InputError } from "../../base/diagnostics.ts";
import { compile, compileCode } from "../../driver/compile.ts";
import { DEFAULT_TARGET, parseTarget } from "../../driver/targets.ts";
import { hostWebAssembly } from "../../embed/host-webassembly.ts";
import type { PolicyName } from "../../frontend/index.ts";
import { linkForStore } from "../../link/link-store.ts";
import { COLLECTOR_NAMES } from "../../runtime/collectors.ts";
import { DEFAULT_FEATURES, type FeatureName, type Features, TypeStore } from "../../wasm/index.ts";
import { NativeEngine } from "../../wast/native-engine.ts";
import { SpillwayEngine, type SpillwayOptions } from "../../wast/spillway-engine.ts";
import { agree, Failed, type FailureKind } from "./agreement.ts";
import { type Event, observe } from "./observe.ts";
import { runAlone } from "./run-alone.ts";
import { type Subject, subjectOf } from "./subject.ts";

export type ModuleVerdict =
  /**
   * All did the same, to the end or to where memory or stack ran out; `alone` says why it does not stand alone, "" if it does, and
   * `inStore` why no store takes it.
   */
  | {
      readonly kind: "agreed";
      readonly events: number;
      readonly atLimit: boolean;
      readonly alone: string;
      readonly inStore: string;
    }
  /** The compiler refuses it, by name. */
  | { readonly kind: "refused"; readonly why: string }
  /** It says nothing: this host does not run it, or it imports what cannot be made up. */
  | { readonly kind: "skipped"; readonly why: string }
  | { readonly kind: "failed"; readonly failure: FailureKind; readonly message: string };

const HEAP_BYTES = 1 << 26;
const FEATURES: Features = DEFAULT_FEATURES;

interface Setting extends SpillwayOptions {
  readonly name: string;
}

const STRESSED: Setting = {
  name: "gc-stress",
  collector: "stress",
  gcStress: true,
  prove: true,
  maxHeapBytes: HEAP_BYTES,
};
/** The stressing collector too: without a collection at each entry, frames are as they are in earnest. */
const OTHERS: readonly Setting[] = COLLECTOR_NAMES.map((collector) => ({
  name: collector,
  collector,
  prove: true,
  maxHeapBytes: HEAP_BYTES,
}));

export interface CheckOptions {
  /** Chooses one of the collectors besides the stressing one; without it they all have their turn. */
  readonly turn?: number;
  /** All collectors in spite of the turn. */
  readonly everyCollector?: boolean;
  readonly policy?: PolicyName;
  /**
   * The engine that the output is for, if not the default: then the module, without what it cannot have alone, also runs standing alone
   * for it. A store gets what it needs besides.
   */
  readonly target?: string;
}

export async function checkModule(bytes: Uint8Array, options: CheckOptions = {}): Promise<ModuleVerdict> {
  const { turn, everyCollector = false, policy = "spillway", target } = options;
  try {
    const subject = await subjectOf(bytes, FEATURES);
    if (subject === null) return { kind: "skipped", why: "an import that cannot be made up" };
    const refusal = hostRefusal(bytes);
    if (refusal !== "") return { kind: "skipped", why: `this host refuses it: ${refusal}` };
    const native = observe(new NativeEngine(), subject);
    let atLimit = false;
    const others = turn === undefined || everyCollector ? OTHERS : [OTHERS[turn % OTHERS.length]!];
    const settings = [STRESSED, ...others].map((setting) => ({ ...setting, policy }));
    if (target !== undefined) return await checkForTarget(subject, native, settings, options);
    for (const setting of settings) {
      if (!agree(setting.name, native, observe(new SpillwayEngine(setting), subject))) atLimit = true;
    }
    checkOrder(subject);
    return { kind: "agreed", events: native.length, atLimit, alone: checkStandalone(bytes), inStore: "" };
  } catch (error) {
    if (error instanceof InputError) return { kind: "refused", why: error.message };
    if (error instanceof Failed) return { kind: "failed", failure: error.kind, message: error.message };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "failed", failure: "crash", message };
  }
}

/** In a store, and closed: what one of them refuses the other may take. */
async function checkForTarget(
  subject: Subject,
  native: readonly Event[],
  settings: readonly Setting[],
  { turn, target = DEFAULT_TARGET }: CheckOptions,
): Promise<ModuleVerdict> {
  let inStore = "";
  let atLimit = false;
  try {
    for (const setting of settings) {
      const engine = new SpillwayEngine({ ...setting, target: storeTarget(target) });
      if (!agree(setting.name, native, observe(engine, subject))) atLimit = true;
    }
    checkOrder(subject, storeTarget(target));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    inStore = error.message;
  }
  const alone = await runAlone(
    subject,
    settings.map((setting) => ({ ...setting, target })),
    turn,
  );
  if (inStore !== "" && alone.alone !== "") return { kind: "refused", why: alone.alone };
  const events = native.length + alone.events;
  return { kind: "agreed", events, atLimit: atLimit || alone.isAtLimit, alone: alone.alone, inStore };
}

/** A target with what the modules of a store share besides. */
function storeTarget(target: string): string {
  const has = parseTarget(target);
  const needed: FeatureName[] = ["mutable-global", "multi-value"];
  if (!has.has("exceptions")) needed.push("legacy-exceptions");
  return [target, ...needed.filter((name) => !has.has(name)).map((name) => `+${name}`)].join();
}

function hostRefusal(bytes: Uint8Array): string {
  try {
    new hostWebAssembly.Module(bytes);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const ORDER_SHOWS = "with the last function compiled first, the output has other bytes";

/** Linked into an empty store, the code is the same whichever function is compiled first. */
function checkOrder({ bytes, module }: Subject, target: string = DEFAULT_TARGET): void {
  const [forwards, backwards] = [false, true].map((backwards) => {
    const code = compileCode(bytes, { features: FEATURES, backwards, target });
    return linkForStore(code, {
      base: 1 << 20,
      stackTop: 1 << 20,
      firstFunction: 1,
      canonicalIds: new TypeStore().canonicalize(module.types),
      descriptors: new Map(),
      importedCell: (cell) => 16 + cell * 4,
      functionTypes: 8,
      importedFunction: () => 0,
      importedTag: () => 8,
      importedEnd: () => "global",
      importedBits: () => null,
    }).bytes;
  });
  if (Buffer.compare(forwards!, backwards!) !== 0)
    throw new Failed("indeterminate", `${ORDER_SHOWS}, in a store`);
}

/** Why the module does not stand alone, "" if it does. */
function checkStandalone(bytes: Uint8Array): string {
  let output: Uint8Array;
  try {
    output = compile(bytes, { features: FEATURES });
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  const refusal = hostRefusal(output);
  if (refusal !== "") throw new Failed("invalid", refusal);
  const again = compile(bytes, { features: FEATURES, backwards: true });
  if (Buffer.compare(output, again) !== 0) throw new Failed("indeterminate", ORDER_SHOWS);
  return "";
}
