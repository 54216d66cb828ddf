/** Names and signatures in CLIF text. */
import type { UserExternalNameRef } from "../ir/entities.ts";
import type { ExternalName, FunctionName } from "../ir/names.ts";
import { KNOWN_SYMBOLS, LIB_CALLS } from "../ir/names.ts";
import type { AbiParam, CallConv, Extension, Purpose, Signature } from "../ir/signature.ts";
import { CALL_CONVS } from "../ir/signature.ts";
import { Tok } from "./lexer.ts";
import { unknownCallConv } from "./messages.ts";
import type { ParseContext } from "./parse-context.ts";
import { keyword, WORD_CALL_CONV } from "./words.ts";

const WORD_UEXT = keyword("uext");
const WORD_SEXT = keyword("sext");
const WORD_VMCTX = keyword("vmctx");
const WORD_SRET = keyword("sret");
const WORD_SARG = keyword("sarg");
const WORD_NORMAL = keyword("normal");
const WORD_STACK_LIMIT = keyword("stack_limit");

/** `%name` or `u0:7`. */
export function parseFunctionName(context: ParseContext): FunctionName {
  const { lexer } = context;
  if (lexer.kind === Tok.Name) return { kind: "testcase", name: takeName(context) };
  if (lexer.kind !== Tok.UserRef) lexer.failExpected("a function name such as %name or u0:0");
  return { kind: "user", ...parseUserName(context) };
}

function parseUserName(context: ParseContext): { namespace: number; index: number } {
  const { lexer } = context;
  const namespace = lexer.number;
  if (namespace > 0xffff_ffff) lexer.failExpected("a namespace that fits into 32 bits");
  lexer.next();
  lexer.expect(Tok.Colon, "':' as in u0:0");
  return { namespace, index: context.uint32("an index as in u0:0") };
}

function takeName(context: ParseContext): string {
  const name = context.lexer.tokenText();
  context.lexer.next();
  return name;
}

/** The name of something outside: as a function's, or `userextname0`, or a runtime routine by its `%Name`. */
export function parseExternalName(context: ParseContext): ExternalName {
  const { lexer } = context;
  switch (lexer.kind) {
    case Tok.Name: {
      const name = takeName(context);
      if (KNOWN_SYMBOLS.includes(name)) return { kind: "symbol", name };
      return { kind: LIB_CALLS.includes(name) ? "libcall" : "testcase", name };
    }
    case Tok.UserNameRef:
      return { kind: "user", ref: context.entity(Tok.UserNameRef, "a name") as UserExternalNameRef };
    case Tok.UserRef: {
      const { namespace, index } = parseUserName(context);
      return { kind: "user", ref: context.func.dfg.userNames.declare(namespace, index) };
    }
    default:
      return lexer.failExpected("a name such as %name or u0:0");
  }
}

/** `(i32, i64 sext) -> f32 tail`; without a calling convention it is `defaultCallConv`. */
export function parseSignature(context: ParseContext, defaultCallConv: CallConv): Signature {
  const { lexer } = context;
  lexer.expect(Tok.LeftParen, "a signature: '('");
  const params = lexer.kind === Tok.RightParen ? [] : parseParams(context);
  lexer.expect(Tok.RightParen, "')' after the parameters");
  const returns = lexer.accept(Tok.Arrow) ? parseParams(context) : [];
  return { params, returns, callConv: parseCallConv(context, defaultCallConv) };
}

function parseCallConv(context: ParseContext, defaultCallConv: CallConv): CallConv {
  const { lexer } = context;
  if (lexer.kind !== Tok.Word || lexer.word === WORD_STACK_LIMIT) return defaultCallConv;
  const index = WORD_CALL_CONV[lexer.word]!;
  if (index === 0)
    lexer.fail(lexer.start, unknownCallConv(lexer.text(lexer.start, Math.min(lexer.stop, lexer.start + 40))));
  lexer.next();
  return CALL_CONVS[index - 1]!;
}

function parseParams(context: ParseContext): AbiParam[] {
  const params = [parseParam(context)];
  while (context.lexer.accept(Tok.Comma)) params.push(parseParam(context));
  return params;
}

function parseParam(context: ParseContext): AbiParam {
  const { lexer } = context;
  const type = context.type("a type");
  let extension: Extension = "none";
  let purpose: Purpose = "normal";
  let structSizeBytes = 0;
  for (;;) {
    if (lexer.acceptWord(WORD_UEXT)) extension = "uext";
    else if (lexer.acceptWord(WORD_SEXT)) extension = "sext";
    else if (lexer.acceptWord(WORD_VMCTX)) purpose = "vmctx";
    else if (lexer.acceptWord(WORD_SRET)) purpose = "sret";
    else if (lexer.acceptWord(WORD_NORMAL)) purpose = "normal";
    else if (lexer.acceptWord(WORD_SARG)) {
      lexer.expect(Tok.LeftParen, "'(' and the size of the struct");
      structSizeBytes = context.uint32("a size in bytes");
      lexer.expect(Tok.RightParen, "')' after the size");
      purpose = "sarg";
    } else {
      return purpose === "sarg"
        ? { type, extension, purpose, structSizeBytes }
        : { type, extension, purpose };
    }
  }
}
