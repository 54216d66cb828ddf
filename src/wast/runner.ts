/**
 * Runs a `.wast` script on an engine and judges every command.
 *
 * A command passes, fails, or is skipped with a reason; nothing stops the script but its end. Text goes through
 * the parser of module text, binaries to the engine as they are. A module is rejected as malformed by the
 * text parser or the decoder, as invalid by the validator; where the engine cannot tell the two apart either
 * counts. After a module that failed, "the latest module" is none, so that nothing is asked of the one before.
 */
import { InputError } from "../base/diagnostics.ts";
import type { Features } from "../wasm/index.ts";
import type { ActionOutcome, Engine, LinkOutcome } from "./engine.ts";
import { describeExpected, describeOutcome, matchesAll } from "./judge.ts";
import { ScriptReport } from "./report.ts";
import type { Action, Command, CommandBody, ScriptModule } from "./script.ts";
import { textToBinary } from "./wat.ts";

/** What a script runs with; threads start with their own, and some shared instances. */
export interface ScriptSetting<M, I, X> {
  readonly file: string;
  readonly engine: Engine<M, I, X>;
  readonly features: Features;
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
  /** `text`: by the parser of module text; `unknown`: by an engine that does not say. */
  readonly stage: "text" | "malformed" | "invalid" | "unsupported" | "unknown";
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

const NOT_UTF8: Rejection = { kind: "rejected", stage: "text", message: "malformed UTF-8 encoding" };

class ScriptRun<M, I, X> {
  private readonly setting: ScriptSetting<M, I, X>;
  private readonly report: ScriptReport;
  private readonly instances: Map<string, I>;
  private readonly definitions: Map<string, M>;
  private readonly registered: Map<string, ReadonlyMap<string, X>>;
  private readonly threads: Map<string, Promise<ScriptReport>>;
  private latest: I | null;
  private latestDefinition: M | null;

  constructor(setting: ScriptSetting<M, I, X>) {
    this.setting = setting;
    this.report = new ScriptReport();
    this.instances = new Map(setting.instances);
    this.definitions = new Map();
    this.registered = new Map(setting.hosts);
    this.threads = new Map();
    this.latest = null;
    this.latestDefinition = null;
  }

  /** Threads that the script did not wait for still count. */
  async finish(): Promise<ScriptReport> {
    for (const thread of this.threads.values()) this.report.merge(await thread);
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
      case "assert-invalid":
        return this.assertRejected(body.kind, body.module, body.message);
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
    this.latest = null;
    const compiled = await this.compile(module);
    if (module.name !== undefined) this.instances.delete(module.name);
    if (compiled.kind === "rejected") return this.unexpectedRejection(compiled);
    return this.instantiate(compiled.module, module.name);
  }

  private async definition(module: ScriptModule): Promise<Verdict> {
    this.latestDefinition = null;
    const compiled = await this.compile(module);
    if (compiled.kind === "rejected") return this.unexpectedRejection(compiled);
    this.latestDefinition = compiled.module;
    if (module.name !== undefined) this.definitions.set(module.name, compiled.module);
    return PASS;
  }

  private moduleInstance(name: string | undefined, definition: string | undefined): Verdict {
    this.latest = null;
    const module = definition === undefined ? this.latestDefinition : this.definitions.get(definition);
    if (module === undefined || module === null) {
      return fail("a module definition", `no definition ${definition ?? "before this"}`);
    }
    return this.instantiate(module, name);
  }

  private instantiate(module: M, name: string | undefined): Verdict {
    const outcome = this.link(module);
    if (outcome.kind === "skipped") return skip(outcome.why);
    if (outcome.kind !== "instance") {
      return fail("an instance", `${outcome.kind}: ${outcome.message}`);
    }
    this.latest = outcome.instance;
    if (name !== undefined) this.instances.set(name, outcome.instance);
    return PASS;
  }

  private unexpectedRejection(rejection: Rejection): Verdict {
    if (rejection.stage === "unsupported") return skip(rejection.message);
    return fail("a valid module", describeRejection(rejection));
  }

  private async compile(module: ScriptModule): Promise<Compiled<M>> {
    const { source } = module;
    try {
      let bytes: Uint8Array;
      if (source.form === "binary") bytes = source.bytes;
      else if (source.text === undefined) return NOT_UTF8;
      else bytes = await textToBinary(source.text);
      return { kind: "compiled", module: this.setting.engine.compile(bytes, this.setting.features) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { kind: "rejected", stage: stageOf(error), message: describeError(error, module) };
    }
  }

  private link(module: M): LinkOutcome<I> {
    const { engine } = this.setting;
    const given: X[] = [];
    for (const { module: from, name } of engine.imports(module)) {
      const thing = this.registered.get(from)?.get(name);
      if (thing === undefined) return { kind: "unlinkable", message: `unknown import: ${from}.${name}` };
      given.push(thing);
    }
    return engine.instantiate(module, given);
  }

  private register(as: string, name: string | undefined): Verdict {
    const instance = this.instanceOf(name);
    if (instance === null) return this.noModule(name);
    this.registered.set(as, this.setting.engine.exports(instance));
    return PASS;
  }

  private instanceOf(name: string | undefined): I | null {
    return name === undefined ? this.latest : (this.instances.get(name) ?? null);
  }

  private noModule(name: string | undefined): Verdict {
    return fail("a module", name === undefined ? "no module before this" : `no module ${name}`);
  }

  private perform(action: Action): ActionOutcome | null {
    const instance = this.instanceOf(action.module);
    return instance === null ? null : this.setting.engine.perform(instance, action);
  }

  private plainAction(action: Action): Verdict {
    const outcome = this.perform(action);
    if (outcome === null) return this.noModule(action.module);
    if (outcome.kind === "skipped") return skip(outcome.why);
    if (outcome.kind === "values") return PASS;
    return fail("a normal end", describeOutcome(outcome));
  }

  private assertAction(
    body: CommandBody & { kind: "assert-return" | "assert-trap" | "assert-exhaustion" | "assert-exception" },
  ): Verdict {
    const outcome = this.perform(body.action);
    if (outcome === null) return this.noModule(body.action.module);
    if (outcome.kind === "skipped") return skip(outcome.why);
    const { holds, expected } = this.judge(body, outcome);
    if (holds) return PASS;
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
  ): Promise<Verdict> {
    const compiled = await this.compile(module);
    const word = kind === "assert-malformed" ? "malformed" : "invalid";
    if (compiled.kind === "compiled") return fail(`${word}: ${message}`, "a valid module");
    if (compiled.stage === "unsupported") return skip(compiled.message);
    const right =
      compiled.stage === "unknown" ||
      compiled.stage === word ||
      (compiled.stage === "text" && kind === "assert-malformed");
    if (right) return PASS;
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
    const got = outcome.kind === "instance" ? "an instance" : describeFailure(outcome);
    return fail(expected, got);
  }

  private thread(body: ThreadBody): Verdict {
    const shared = new Map<string, I>();
    for (const name of body.shared) {
      const instance = this.instances.get(name);
      if (instance === undefined) return this.noModule(name);
      shared.set(name, instance);
    }
    this.threads.set(body.name, this.setting.startThread(body, shared));
    return PASS;
  }

  private async wait(name: string): Promise<Verdict> {
    const thread = this.threads.get(name);
    if (thread === undefined) return fail("a thread", `no thread ${name}`);
    this.threads.delete(name);
    this.report.merge(await thread);
    return PASS;
  }
}

/** By the codes of `wasm/messages.ts` and `wast/messages.ts`. */
const STAGES: Readonly<Record<string, Rejection["stage"]>> = {
  "wat-syntax": "text",
  "wat-legacy-exceptions": "unsupported",
  "wasm-malformed": "malformed",
  "wasm-invalid": "invalid",
  "wasm-feature": "invalid",
  "wasm-rejected": "unknown",
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

function describeFailure(outcome: Exclude<LinkOutcome<unknown>, { kind: "instance" }>): string {
  return outcome.kind === "skipped" ? `skipped: ${outcome.why}` : `${outcome.kind}: ${outcome.message}`;
}
