/**
 * Runs a `.wast` script on an engine and judges every command.
 *
 * A command passes, fails, or is skipped with a reason; nothing stops the script but its end. Text goes through
 * the parser of module text, binaries to the engine as they are. A module is rejected as malformed by the
 * text parser or the decoder, as invalid by the validator; where the engine cannot tell the two apart either
 * counts. What is asked of a module that failed, or was skipped, is skipped: one defect, one failure.
 */
import { InputError } from "../base/diagnostics.ts";
import { decodeModule, type Features, validateCustomSections } from "../wasm/index.ts";
import type { ActionOutcome, Engine, LinkOutcome } from "./engine.ts";
import { describeExpected, describeOutcome, matchesAll } from "./judge.ts";
import { NOT_FOR_TARGET } from "./refusals.ts";
import { ScriptReport } from "./report.ts";
import type { Action, Command, CommandBody, ScriptModule } from "./script.ts";
import { textToBinary } from "./wat.ts";

/** What a script runs with; threads start with their own, and some shared instances. */
export interface ScriptSetting<M, I, X> {
  readonly file: string;
  readonly engine: Engine<M, I, X>;
  readonly features: Features;
  /** Whether a rejection as malformed or invalid must also begin with the expected message. */
  readonly checkMessages: boolean;
  /** The host modules, see `host-modules.ts`. */
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, X>>;
  /** Named instances that exist from the start. */
  readonly instances: ReadonlyMap<string, I>;
  /** Starts the thread `body`, with the instances that it shares; the report comes when it has ended. */
  readonly startThread: (body: ThreadBody, shared: ReadonlyMap<string, I>) => Promise<ScriptReport>;
}

export type ThreadBody = CommandBody & { kind: "thread" };

/** Runs `commands`; throws only for a defect of ours. */
export async function runScript<M, I, X>(
  commands: readonly Command[],
  setting: ScriptSetting<M, I, X>,
): Promise<ScriptReport> {
  const run = new ScriptRun(setting);
  for (const command of commands) await run.command(command);
  return run.finish();
}

/** A module that was rejected, and how. */
interface Rejection {
  readonly kind: "rejected";
  /**
   * `text`: by the parser of module text; `unknown`: by an engine that does not say; `refused`: it is valid, and not for the target;
   * `output`: it is valid, and what became of it is not.
   */
  readonly stage: "text" | "malformed" | "invalid" | "unsupported" | "refused" | "output" | "unknown";
  readonly message: string;
}

type Compiled<M> = { readonly kind: "compiled"; readonly module: M } | Rejection;

/** What is to be said of one command. */
type Verdict =
  | { readonly kind: "pass" }
  | { readonly kind: "skip"; readonly why: string }
  | { readonly kind: "fail"; readonly expected: string; readonly got: string };

const PASS: Verdict = { kind: "pass" };

function skip(why: string): Verdict {
  return { kind: "skip", why };
}

function fail(expected: string, got: string): Verdict {
  return { kind: "fail", expected, got };
}

/** Stands for an instance that there would be, had its module not failed or been skipped. */
class Missing {
  /** What is said of a command that asks for it. */
  readonly verdict: Verdict;
  /** What is said of a module that imports from it. */
  readonly whyNotLinked: string;

  /** `why` it was skipped; null where it failed. */
  constructor(why: string | null) {
    this.verdict = skip(why ?? "its module failed");
    this.whyNotLinked = why ?? "a module that it imports from failed";
  }
}

const FAILED = new Missing(null);

/** For a module of which the verdict says why there is none. */
function missing(verdict: Verdict): Missing {
  return verdict.kind === "skip" ? new Missing(verdict.why) : FAILED;
}

function noModule(name: string | undefined): Verdict {
  return fail("a module", name === undefined ? "no module before this" : `no module ${name}`);
}

function isVerdict(outcome: ActionOutcome | Verdict): outcome is Verdict {
  return outcome.kind === "pass" || outcome.kind === "skip" || outcome.kind === "fail";
}

const NOT_UTF8: Rejection = { kind: "rejected", stage: "text", message: "malformed UTF-8 encoding" };

class ScriptRun<M, I, X> {
  private readonly setting: ScriptSetting<M, I, X>;
  private readonly report: ScriptReport;
  private readonly instances: Map<string, I | Missing>;
  private readonly definitions: Map<string, M | Missing>;
  private readonly registered: Map<string, ReadonlyMap<string, X> | Missing>;
  private readonly threads: Map<string, Promise<ScriptReport> | Missing>;
  /** Of the last `module` and `module definition`; absent before the first. */
  private latest: I | Missing | undefined;
  private latestDefinition: M | Missing | undefined;

  constructor(setting: ScriptSetting<M, I, X>) {
    this.setting = setting;
    this.report = new ScriptReport();
    this.instances = new Map(setting.instances);
    this.definitions = new Map();
    this.registered = new Map(setting.hosts);
    this.threads = new Map();
    this.latest = undefined;
    this.latestDefinition = undefined;
  }

  /** Threads that the script did not wait for still count. */
  async finish(): Promise<ScriptReport> {
    for (const thread of this.threads.values()) {
      if (!(thread instanceof Missing)) this.report.merge(await thread);
    }
    return this.report;
  }

  async command(command: Command): Promise<void> {
    const { directive, line, body } = command;
    const verdict = await this.judgeCommand(body);
    if (verdict.kind === "pass") this.report.pass(directive);
    else if (verdict.kind === "skip") this.report.skip(directive, verdict.why);
    else {
      const { expected, got } = verdict;
      this.report.fail({ file: this.setting.file, line, directive, expected, got });
    }
  }

  private judgeCommand(body: CommandBody): Verdict | Promise<Verdict> {
    switch (body.kind) {
      case "module":
        return this.module(body.module);
      case "definition":
        return this.definition(body.module);
      case "instance":
        return this.moduleInstance(body.name, body.definition);
      case "register":
        return this.register(body.as, body.module);
      case "action":
        return this.plainAction(body.action);
      case "assert-return":
      case "assert-trap":
      case "assert-exhaustion":
      case "assert-exception":
        return this.assertAction(body);
      case "assert-malformed":
        return this.assertRejected(body.kind, body.module, body.message, false);
      case "assert-invalid":
        return this.assertRejected(body.kind, body.module, body.message, body.custom === true);
      case "assert-unlinkable":
      case "assert-uninstantiable":
        return this.assertLink(body.kind, body.module, body.message);
      case "thread":
        return this.thread(body);
      case "wait":
        return this.wait(body.thread);
      case "refused":
        return skip(body.why);
    }
  }

  private async module(module: ScriptModule): Promise<Verdict> {
    this.nameInstance(module.name, FAILED);
    const compiled = await this.compile(module);
    if (compiled.kind === "rejected") {
      const verdict = this.unexpectedRejection(compiled);
      this.nameInstance(module.name, missing(verdict));
      return verdict;
    }
    return this.instantiate(compiled.module, module.name);
  }

  private async definition(module: ScriptModule): Promise<Verdict> {
    const compiled = await this.compile(module);
    const verdict = compiled.kind === "compiled" ? PASS : this.unexpectedRejection(compiled);
    this.latestDefinition = compiled.kind === "compiled" ? compiled.module : missing(verdict);
    if (module.name !== undefined) this.definitions.set(module.name, this.latestDefinition);
    return verdict;
  }

  private moduleInstance(name: string | undefined, definition: string | undefined): Verdict {
    const module = definition === undefined ? this.latestDefinition : this.definitions.get(definition);
    this.nameInstance(name, FAILED);
    if (module === undefined) {
      return fail("a module definition", `no definition ${definition ?? "before this"}`);
    }
    if (!(module instanceof Missing)) return this.instantiate(module, name);
    this.nameInstance(name, module);
    return module.verdict;
  }

  private instantiate(module: M, name: string | undefined): Verdict {
    const outcome = this.link(module);
    if (outcome.kind === "skipped") {
      this.nameInstance(name, new Missing(outcome.why));
      return skip(outcome.why);
    }
    if (outcome.kind !== "instance") return fail("an instance", `${outcome.kind}: ${outcome.message}`);
    this.nameInstance(name, outcome.instance);
    return PASS;
  }

  private nameInstance(name: string | undefined, instance: I | Missing): void {
    this.latest = instance;
    if (name !== undefined) this.instances.set(name, instance);
  }

  private unexpectedRejection(rejection: Rejection): Verdict {
    if (rejection.stage === "unsupported" || rejection.stage === "refused") return skip(rejection.message);
    return fail("a valid module", describeRejection(rejection));
  }

  /** With `custom`, custom sections are judged too: by us, engines ignore what is wrong with them. */
  private async compile(module: ScriptModule, custom = false): Promise<Compiled<M>> {
    const { source } = module;
    const { engine, features } = this.setting;
    try {
      let bytes: Uint8Array;
      if (source.form === "binary") bytes = source.bytes;
      else if (source.text === undefined) return NOT_UTF8;
      else bytes = await textToBinary(source.text);
      const compiled = engine.compile(bytes, features);
      if (custom) validateCustomSections(decodeModule(bytes, features));
      return { kind: "compiled", module: compiled };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { kind: "rejected", stage: stageOf(error), message: describeError(error, module) };
    }
  }

  private link(module: M): LinkOutcome<I> {
    const { engine } = this.setting;
    const given: X[] = [];
    for (const { module: from, name } of engine.imports(module)) {
      const exports = this.importable(from);
      if (exports instanceof Missing) return { kind: "skipped", why: exports.whyNotLinked };
      const thing = exports?.get(name);
      if (thing === undefined) return { kind: "unlinkable", message: `unknown import: ${from}.${name}` };
      given.push(thing);
    }
    return engine.instantiate(module, given);
  }

  /** What is registered; and as Wasmtime's scripts expect, any instance under the name that it has there. */
  private importable(from: string): ReadonlyMap<string, X> | Missing | undefined {
    const exports = this.registered.get(from);
    if (exports !== undefined) return exports;
    const instance = this.instances.get(`$${from}`);
    if (instance === undefined) return undefined;
    return instance instanceof Missing ? instance : this.setting.engine.exports(instance);
  }

  private register(as: string, name: string | undefined): Verdict {
    const instance = this.instanceOf(name);
    if (instance === undefined) return noModule(name);
    const isMissing = instance instanceof Missing;
    this.registered.set(as, isMissing ? instance : this.setting.engine.exports(instance));
    return isMissing ? instance.verdict : PASS;
  }

  private instanceOf(name: string | undefined): I | Missing | undefined {
    return name === undefined ? this.latest : this.instances.get(name);
  }

  /** The outcome, or what is to be said where there is no instance to ask. */
  private perform(action: Action): ActionOutcome | Verdict {
    const instance = this.instanceOf(action.module);
    if (instance === undefined) return noModule(action.module);
    if (instance instanceof Missing) return instance.verdict;
    const outcome = this.setting.engine.perform(instance, action);
    return outcome.kind === "skipped" ? skip(outcome.why) : outcome;
  }

  private plainAction(action: Action): Verdict {
    const outcome = this.perform(action);
    if (isVerdict(outcome)) return outcome;
    if (outcome.kind === "values") return PASS;
    return fail("a normal end", describeOutcome(outcome));
  }

  private assertAction(
    body: CommandBody & { kind: "assert-return" | "assert-trap" | "assert-exhaustion" | "assert-exception" },
  ): Verdict {
    const outcome = this.perform(body.action);
    if (isVerdict(outcome)) return outcome;
    const { holds, expected } = this.judge(body, outcome);
    if (holds) return PASS;
    const { exceptionsTrap } = this.setting.engine;
    if (body.kind === "assert-exception" && exceptionsTrap && outcome.kind === "trap") {
      return skip("an exception that leaves a module is a trap for this target");
    }
    return fail(expected, describeOutcome(outcome));
  }

  private judge(
    body: CommandBody & { kind: "assert-return" | "assert-trap" | "assert-exhaustion" | "assert-exception" },
    outcome: ActionOutcome,
  ): { holds: boolean; expected: string } {
    switch (body.kind) {
      case "assert-return":
        return {
          holds: outcome.kind === "values" && matchesAll(body.results, outcome.values),
          expected: describeExpected(body.results),
        };
      case "assert-trap":
        return { holds: this.isTrap(outcome, body.message), expected: `trap: ${body.message}` };
      case "assert-exhaustion":
        return { holds: outcome.kind === "exhaustion", expected: `exhaustion: ${body.message}` };
      case "assert-exception":
        return { holds: outcome.kind === "exception", expected: "exception" };
    }
  }

  /** Some suites call exhaustion a trap. */
  private isTrap(outcome: ActionOutcome | LinkOutcome<I>, message: string): boolean {
    if (outcome.kind === "exhaustion") return message === outcome.message;
    return outcome.kind === "trap" && this.setting.engine.saysTrap(message, outcome.message);
  }

  private async assertRejected(
    kind: "assert-malformed" | "assert-invalid",
    module: ScriptModule,
    message: string,
    custom: boolean,
  ): Promise<Verdict> {
    const compiled = await this.compile(module, custom);
    const word = kind === "assert-malformed" ? "malformed" : "invalid";
    if (compiled.kind === "compiled" || VALID.has(compiled.stage)) {
      return fail(`${word}: ${message}`, "a valid module");
    }
    if (compiled.stage === "unsupported") return skip(compiled.message);
    const right =
      compiled.stage === "unknown" ||
      compiled.stage === word ||
      (compiled.stage === "text" && kind === "assert-malformed");
    const says =
      !this.setting.checkMessages || !BY_US.has(compiled.stage) || compiled.message.startsWith(message);
    if (right && says) return PASS;
    return fail(`${word}: ${message}`, describeRejection(compiled));
  }

  private async assertLink(
    kind: "assert-unlinkable" | "assert-uninstantiable",
    module: ScriptModule,
    message: string,
  ): Promise<Verdict> {
    const compiled = await this.compile(module);
    if (compiled.kind === "rejected") return this.unexpectedRejection(compiled);
    const outcome = this.link(compiled.module);
    if (outcome.kind === "skipped") return skip(outcome.why);
    const expected = `${kind === "assert-unlinkable" ? "unlinkable" : "trap"}: ${message}`;
    if (kind === "assert-unlinkable") {
      if (outcome.kind === "unlinkable") return PASS;
      if (outcome.kind === "instance" && outcome.uncertain === true) {
        return skip("whether it links depends on code that was not run");
      }
    } else if (outcome.kind !== "unlinkable") {
      if (!this.setting.engine.executes) {
        return skip("the engine none runs no code");
      }
      if (this.isTrap(outcome, message)) return PASS;
    }
    return fail(
      expected,
      outcome.kind === "instance" ? "an instance" : `${outcome.kind}: ${outcome.message}`,
    );
  }

  private thread(body: ThreadBody): Verdict {
    const shared = new Map<string, I>();
    for (const name of body.shared) {
      const instance = this.instances.get(name);
      if (instance === undefined) return noModule(name);
      if (instance instanceof Missing) {
        this.threads.set(body.name, instance);
        return instance.verdict;
      }
      shared.set(name, instance);
    }
    this.threads.set(body.name, this.setting.startThread(body, shared));
    return PASS;
  }

  private async wait(name: string): Promise<Verdict> {
    const thread = this.threads.get(name);
    if (thread === undefined) return fail("a thread", `no thread ${name}`);
    this.threads.delete(name);
    if (thread instanceof Missing) return thread.verdict;
    this.report.merge(await thread);
    return PASS;
  }
}

/** The stages whose messages are ours. */
const BY_US: ReadonlySet<Rejection["stage"]> = new Set(["malformed", "invalid"]);

/** The stages that only what is valid comes to. */
const VALID: ReadonlySet<Rejection["stage"]> = new Set(["refused", "output"]);

/** By the codes of `wasm/messages.ts` and `wast/messages.ts`. */
const STAGES: Readonly<Record<string, Rejection["stage"]>> = {
  "wat-syntax": "text",
  "wat-legacy-exceptions": "unsupported",
  "wasm-malformed": "malformed",
  "wasm-invalid": "invalid",
  "wasm-feature": "invalid",
  "wasm-rejected": "unknown",
  [NOT_FOR_TARGET]: "refused",
  "wast-bad-output": "output",
};

function stageOf(error: InputError): Rejection["stage"] {
  return STAGES[error.diagnostic.code] ?? "unknown";
}

/** The message, with the place in the script where it is in a module's text. */
function describeError(error: InputError, module: ScriptModule): string {
  const { message, place } = error.diagnostic;
  if (place === undefined) return message;
  if (place.kind === "binary") return `${message} (at 0x${place.offset.toString(16)})`;
  if (module.source.form !== "text")
    return `${message} (at ${place.line}:${place.column} of the quoted text)`;
  const column = place.line === 1 ? place.column + module.column - 1 : place.column;
  return `${message} (at ${place.line + module.line - 1}:${column})`;
}

function describeRejection({ stage, message }: Rejection): string {
  return stage === "unknown"
    ? `rejected: ${message}`
    : `${stage === "text" ? "malformed text" : stage}: ${message}`;
}
