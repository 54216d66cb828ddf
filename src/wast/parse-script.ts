/**
 * Reads a `.wast` script: which commands it has, and where the modules are. Module text is not looked into;
 * its extent is found by counting parentheses, and a parser of module text judges it later.
 *
 * A file that begins with a module field is one module without `(module`. Only threads nest, to a fixed depth.
 * Components and the reference interpreter's meta commands are refused by name.
 *
 * Source: the grammar in `interpreter/README.md` of the WebAssembly specification, and of its threads proposal.
 */
import { Lexer, stringBytes } from "./lexer.ts";
import * as messages from "./messages.ts";
import { expectToken, expectWord, failExpected, parseArgument, parseExpectation } from "./parse-values.ts";
import type { Action, Command, CommandBody, Expectation, ScriptModule, ScriptValue } from "./script.ts";

const MODULE_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "rec",
  "import",
  "func",
  "table",
  "memory",
  "global",
  "tag",
  "export",
  "start",
  "elem",
  "data",
]);

const THREAD_DEPTH = 32;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The commands of `source` between the offsets `start` and `end`, in order. Throws an `InputError` with line
 * and column (of the whole `source`) where it is no script.
 */
export function parseScript(source: string, start = 0, end: number = source.length): Command[] {
  return new ScriptParser(new Lexer(source, start, end)).parse();
}

class ScriptParser {
  private readonly lexer: Lexer;
  private threadDepth: number;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    this.threadDepth = 0;
  }

  parse(): Command[] {
    const { lexer } = this;
    const commands: Command[] = [];
    if (this.beginsWithField()) return [this.inlineModule()];
    while (lexer.kind !== "end") {
      if (lexer.kind === ")") lexer.fail(messages.STRAY_CLOSE);
      commands.push(this.command());
    }
    return commands;
  }

  private beginsWithField(): boolean {
    const { lexer } = this;
    if (lexer.kind !== "(") return false;
    const open = lexer.start;
    lexer.advance();
    const isField = MODULE_FIELDS.has(lexer.text());
    lexer.rewind(open);
    return isField;
  }

  private inlineModule(): Command {
    const { lexer } = this;
    const { line, column } = lexer.place(lexer.start);
    const start = lexer.start;
    let end = start;
    while (lexer.kind === "(") end = lexer.skipList();
    if (lexer.kind !== "end") failExpected(lexer, "a module field");
    const source = { form: "text", text: lexer.source.slice(start, end) } as const;
    return { directive: "module", line, column, body: { kind: "module", module: { line, column, source } } };
  }

  private command(): Command {
    const { lexer } = this;
    const open = lexer.start;
    const { line, column } = lexer.place(open);
    expectToken(lexer, "(", "a script command");
    const directive = expectWord(lexer, "a script command");
    let body: CommandBody;
    if (directive === "module") body = this.moduleCommand(open);
    else {
      body = this.otherCommand(directive, open);
      if (body.kind !== "refused") expectToken(lexer, ")", `) at the end of ${directive}`);
    }
    return { directive, line, column, body };
  }

  private otherCommand(directive: string, open: number): CommandBody {
    const { lexer } = this;
    switch (directive) {
      case "register": {
        const as = this.string("the name to register");
        return { kind: "register", as, ...this.optionalName("module") };
      }
      case "invoke":
      case "get":
        return { kind: "action", action: this.action(directive) };
      case "assert_return": {
        const action = this.parenthesisedAction();
        const results: Expectation[] = [];
        while (lexer.kind === "(") results.push(parseExpectation(lexer));
        return { kind: "assert-return", action, results };
      }
      case "assert_exception":
        return { kind: "assert-exception", action: this.parenthesisedAction() };
      case "assert_exhaustion":
        return {
          kind: "assert-exhaustion",
          action: this.parenthesisedAction(),
          message: this.string("a message"),
        };
      case "assert_trap":
        return this.assertTrap(open);
      case "assert_invalid":
        return this.assertModule("assert-invalid", open);
      case "assert_invalid_custom": {
        const body = this.assertModule("assert-invalid", open);
        return body.kind === "assert-invalid" ? { ...body, custom: true } : body;
      }
      case "assert_malformed":
      case "assert_malformed_custom":
        return this.assertModule("assert-malformed", open);
      case "assert_unlinkable":
        return this.assertModule("assert-unlinkable", open);
      case "assert_uninstantiable":
        return this.assertModule("assert-uninstantiable", open);
      case "thread":
        return this.thread();
      case "wait":
        return { kind: "wait", thread: this.identifier("the name of a thread") };
      case "component":
        return this.refuse(open, "components are not supported");
      case "assert_suspension":
        return this.refuse(open, "stack switching is not supported");
      case "script":
      case "input":
      case "output":
        return this.refuse(open, `the meta command ${directive} is not supported`);
      default:
        return lexer.fail(messages.unknownCommand(directive.slice(0, 40)), open);
    }
  }

  /** Skips the whole command that opened at `open`. */
  private refuse(open: number, why: string): CommandBody {
    this.lexer.rewind(open);
    this.lexer.skipList();
    return { kind: "refused", why };
  }

  private assertTrap(open: number): CommandBody {
    const { lexer } = this;
    const inner = lexer.start;
    expectToken(lexer, "(", "an action or a module");
    const isAction = lexer.isWord("invoke") || lexer.isWord("get");
    lexer.rewind(inner);
    if (!isAction) return this.assertModule("assert-uninstantiable", open);
    const action = this.parenthesisedAction();
    return { kind: "assert-trap", action, message: this.string("a message") };
  }

  private assertModule(
    kind: "assert-invalid" | "assert-malformed" | "assert-unlinkable" | "assert-uninstantiable",
    open: number,
  ): CommandBody {
    const { lexer } = this;
    const inner = lexer.start;
    expectToken(lexer, "(", "a module");
    const keyword = expectWord(lexer, "a module");
    if (keyword === "component") return this.refuse(open, "components are not supported");
    if (keyword !== "module") lexer.fail(messages.expected("a module", keyword.slice(0, 40)), inner);
    const body = this.moduleCommand(inner);
    if (body.kind !== "module") return lexer.fail(messages.expected("a module", body.kind), inner);
    return { kind, module: body.module, message: this.string("a message") };
  }

  /** What follows `(module`, which opened at `open`; reads the closing parenthesis too. */
  private moduleCommand(open: number): CommandBody {
    const { lexer } = this;
    let definition: { start: number; end: number } | null = null;
    if (lexer.isWord("instance")) return this.moduleInstance();
    if (lexer.isWord("definition")) {
      definition = { start: lexer.start, end: lexer.end };
      lexer.advance();
    }
    const { line, column } = lexer.place(open);
    const named = this.optionalName("name");
    const form = lexer.kind === "word" ? lexer.text() : "";
    let source: ScriptModule["source"];
    if (form === "binary" || form === "quote") {
      lexer.advance();
      source = this.quotedSource(form);
      expectToken(lexer, ")", ") at the end of the module");
    } else {
      lexer.rewind(open);
      const end = lexer.skipList();
      let text = lexer.source.slice(open, end);
      // Blank the word, so that places in the text stay what they are.
      if (definition !== null) {
        const blank = " ".repeat(definition.end - definition.start);
        text = text.slice(0, definition.start - open) + blank + text.slice(definition.end - open);
      }
      source = { form: "text", text };
    }
    return {
      kind: definition === null ? "module" : "definition",
      module: { ...named, line, column, source },
    };
  }

  private moduleInstance(): CommandBody {
    const { lexer } = this;
    lexer.advance();
    const named = this.optionalName("name");
    const definition = this.optionalName("definition");
    expectToken(lexer, ")", ") at the end of the instance");
    return { kind: "instance", ...named, ...definition };
  }

  private quotedSource(form: "binary" | "quote"): ScriptModule["source"] {
    const { lexer } = this;
    const parts: Uint8Array[] = [];
    let length = 0;
    while (lexer.kind === "string") {
      const part = stringBytes(lexer);
      parts.push(part);
      length += part.length + (form === "quote" ? 1 : 0);
      lexer.advance();
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
      // Quoted strings are separate tokens of one text.
      if (form === "quote") bytes[at++] = 0x20;
    }
    if (form === "binary") return { form, bytes };
    try {
      return { form, text: UTF8.decode(bytes) };
    } catch {
      return { form };
    }
  }

  private parenthesisedAction(): Action {
    const { lexer } = this;
    const open = lexer.start;
    expectToken(lexer, "(", "an action");
    const keyword = expectWord(lexer, "an action");
    if (keyword !== "invoke" && keyword !== "get") {
      return lexer.fail(messages.expected("invoke or get", keyword.slice(0, 40)), open);
    }
    const action = this.action(keyword);
    expectToken(lexer, ")", ") at the end of the action");
    return action;
  }

  private action(kind: "invoke" | "get"): Action {
    const named = this.optionalName("module");
    const field = this.string("the name of an export");
    const args: ScriptValue[] = [];
    while (kind === "invoke" && this.lexer.kind === "(") args.push(parseArgument(this.lexer));
    return { kind, ...named, field, args };
  }

  private thread(): CommandBody {
    const { lexer } = this;
    const name = this.identifier("the name of the thread");
    if (++this.threadDepth > THREAD_DEPTH) lexer.fail(messages.THREADS_TOO_DEEP);
    const shared: string[] = [];
    while (this.beginsWith("shared")) {
      expectToken(lexer, "(", "(shared");
      lexer.advance();
      expectToken(lexer, "(", "(module in shared");
      if (!lexer.isWord("module")) failExpected(lexer, "module");
      lexer.advance();
      shared.push(this.identifier("the name of a module"));
      expectToken(lexer, ")", ")");
      expectToken(lexer, ")", ")");
    }
    const { start } = lexer;
    const commands: Command[] = [];
    while (lexer.kind === "(") commands.push(this.command());
    this.threadDepth--;
    return { kind: "thread", name, shared, commands, start, end: lexer.start };
  }

  /** Whether the current token opens a list whose first word is `keyword`. */
  private beginsWith(keyword: string): boolean {
    const { lexer } = this;
    if (lexer.kind !== "(") return false;
    const open = lexer.start;
    lexer.advance();
    const answer = lexer.isWord(keyword);
    lexer.rewind(open);
    return answer;
  }

  private identifier(what: string): string {
    if (this.lexer.kind !== "word" || !this.lexer.text().startsWith("$")) failExpected(this.lexer, what);
    return expectWord(this.lexer, what);
  }

  /** `{ [key]: "$name" }` where an identifier stands, else nothing. */
  private optionalName<K extends string>(key: K): { [P in K]?: string } {
    const { lexer } = this;
    if (lexer.kind !== "word" || !lexer.text().startsWith("$")) return {};
    const name = lexer.text();
    lexer.advance();
    return { [key]: name } as { [P in K]?: string };
  }

  private string(what: string): string {
    const { lexer } = this;
    if (lexer.kind !== "string") failExpected(lexer, what);
    try {
      return UTF8.decode(stringBytes(lexer));
    } catch (error) {
      if (error instanceof TypeError) return lexer.fail(messages.MALFORMED_UTF8);
      throw error;
    } finally {
      lexer.advance();
    }
  }
}
