/**
 * The instructions of the functions that a module's text defines, in the order in which the binary has them, and where each one's word stands.
 *
 * Nothing is parsed but what the order depends on: a folded instruction stands behind its operands, an `if` behind its condition, and a
 * parenthesis that closes a block is an `end`. All other words are immediates. The text is one that the module's parser took; what the
 * words come to is for others to compare with the binary, so a word that is unknown here only means less to be known.
 *
 * Source: WebAssembly 3.0, 6.5 "Instructions" ("Folded Instructions") and 6.6 "Modules"; the legacy exceptions' proposal for `try`.
 */
import { I32List } from "../base/column.ts";
import { OPCODE_COUNT, opcodeName } from "../wasm/opcodes.ts";
import { Lexer } from "./lexer.ts";

/** Opcodes are told apart as far as the text does: `select` with types is `select`. */
export interface TextFunction {
  /** Where its parenthesis stands. */
  readonly start: number;
  readonly ops: I32List;
  readonly offsets: I32List;
}

/** Opcodes that the text has other words for than the tables have. */
const TEXT_NAMES: Readonly<Record<string, string>> = {
  select_t: "select",
  "ref.test_null": "ref.test",
  "ref.cast_null": "ref.cast",
};

/** Of a word, the first opcode that is written so. */
const opcodeOfWord: ReadonlyMap<string, number> = wordTable();

function wordTable(): Map<string, number> {
  const table = new Map<string, number>();
  for (let op = 0; op < OPCODE_COUNT; op++) {
    const name = opcodeName(op);
    const word = TEXT_NAMES[name] ?? name;
    if (!table.has(word)) table.set(word, op);
  }
  return table;
}

const opcodeInText: Int32Array = Int32Array.from({ length: OPCODE_COUNT }, (_, op) => {
  const name = opcodeName(op);
  return opcodeOfWord.get(TEXT_NAMES[name] ?? name)!;
});

/** The opcode that stands for `op` in a `TextFunction`. */
export function textOpcode(op: number): number {
  return opcodeInText[op]!;
}

const opcode = (word: string): number => opcodeOfWord.get(word)!;
const IF = opcode("if");
const TRY = opcode("try");
const DELEGATE = opcode("delegate");
const END = opcode("end");
export const ELSE: number = opcode("else");
const BLOCKS: ReadonlySet<number> = new Set(["block", "loop", "try_table"].map(opcode));

/** What may stand between `func` and its instructions. */
const HEADER_WORDS: ReadonlySet<string> = new Set(["export", "import", "type", "param", "result", "local"]);
/** Of a folded `if` or `try`; elsewhere a list that begins with one of them is an immediate. */
const IF_CLAUSES: ReadonlySet<string> = new Set(["then", "else"]);
const TRY_CLAUSES: ReadonlySet<string> = new Set(["do", "catch", "catch_all", "delegate"]);
const CATCH_WORDS: ReadonlySet<string> = new Set(["catch", "catch_all"]);

/** The functions that a module's text defines, in order. Throws `InputError` where the text is not even made of tokens. */
export function textFunctions(text: string): TextFunction[] {
  const lexer = new Lexer(text);
  const functions: TextFunction[] = [];
  enterModule(lexer);
  while (lexer.kind === "(") {
    const { start } = lexer;
    lexer.advance();
    if (lexer.isWord("func")) {
      const found = new FunctionReader(lexer, start).read();
      if (found !== null) functions.push(found);
    } else {
      lexer.rewind(start);
      lexer.skipList();
    }
  }
  return functions;
}

/** Moves to the first field: those of a module may stand alone. */
export function enterModule(lexer: Lexer): void {
  const { start } = lexer;
  if (lexer.kind === "(") lexer.advance();
  if (!lexer.isWord("module")) {
    lexer.rewind(start);
    return;
  }
  lexer.advance();
  skipName(lexer);
}

export function skipName(lexer: Lexer): void {
  if (lexer.kind === "word" && lexer.text().startsWith("$")) lexer.advance();
}

/** What an open parenthesis is. */
const PLAIN = 0;
const BLOCK = 1;
const FOLDED_IF = 2;
const FOLDED_TRY = 3;
const CLAUSE = 4;

class FunctionReader {
  private readonly lexer: Lexer;
  private readonly start: number;
  private readonly ops: I32List;
  private readonly offsets: I32List;
  /** Of the parentheses that are open: what they are, the instruction at their head, and where it stands. */
  private readonly kinds: number[];
  private readonly heads: number[];
  private readonly places: number[];

  constructor(lexer: Lexer, start: number) {
    this.lexer = lexer;
    this.start = start;
    this.ops = new I32List();
    this.offsets = new I32List();
    this.kinds = [];
    this.heads = [];
    this.places = [];
  }

  /** With the lexer at the word `func`: moves behind the function. Null for an import. */
  read(): TextFunction | null {
    const { lexer, start, ops, offsets } = this;
    lexer.advance();
    skipName(lexer);
    const isImport = this.skipHeader();
    while (lexer.kind !== "end") {
      if (lexer.kind === "(") this.open();
      else if (lexer.kind === ")") {
        if (this.kinds.length === 0) break;
        this.close();
      } else {
        if (lexer.kind === "word") this.emit(opcodeOfWord.get(lexer.text()), lexer.start);
        lexer.advance();
      }
    }
    this.emit(END, lexer.start);
    lexer.advance();
    return isImport ? null : { start, ops, offsets };
  }

  private skipHeader(): boolean {
    const { lexer } = this;
    let isImport = false;
    while (lexer.kind === "(") {
      const { start } = lexer;
      lexer.advance();
      const isHeader = HEADER_WORDS.has(lexer.text());
      isImport ||= lexer.isWord("import");
      lexer.rewind(start);
      if (!isHeader) break;
      lexer.skipList();
    }
    return isImport;
  }

  private emit(op: number | undefined, place: number): void {
    if (op === undefined) return;
    this.ops.push(op);
    this.offsets.push(place);
  }

  private push(kind: number, op: number, place: number): void {
    this.kinds.push(kind);
    this.heads.push(op);
    this.places.push(place);
  }

  private open(): void {
    const { lexer } = this;
    const { start } = lexer;
    lexer.advance();
    const word = lexer.text();
    const outer = this.kinds.at(-1);
    if (outer === FOLDED_IF && IF_CLAUSES.has(word)) this.openIfClause(word);
    else if (outer === FOLDED_TRY && TRY_CLAUSES.has(word)) this.openTryClause(word);
    else {
      const op = CATCH_WORDS.has(word) ? undefined : opcodeOfWord.get(word);
      if (op === undefined) {
        lexer.rewind(start);
        lexer.skipList();
        return;
      }
      this.openInstruction(op);
    }
    lexer.advance();
  }

  private openInstruction(op: number): void {
    const place = this.lexer.start;
    if (op === IF) this.push(FOLDED_IF, op, place);
    else if (op === TRY || BLOCKS.has(op)) {
      this.emit(op, place);
      this.push(op === TRY ? FOLDED_TRY : BLOCK, op, place);
    } else this.push(PLAIN, op, place);
  }

  private openIfClause(word: string): void {
    if (word === "then") this.emit(IF, this.places.at(-1)!);
    else this.emit(ELSE, this.lexer.start);
    this.push(CLAUSE, 0, 0);
  }

  private openTryClause(word: string): void {
    const op = opcodeOfWord.get(word);
    this.emit(op, this.lexer.start);
    // It stands in the place of the `end`.
    if (op === DELEGATE) this.kinds[this.kinds.length - 1] = CLAUSE;
    this.push(CLAUSE, 0, 0);
  }

  private close(): void {
    const kind = this.kinds.pop()!;
    const op = this.heads.pop()!;
    const place = this.places.pop()!;
    if (kind === PLAIN) this.emit(op, place);
    else if (kind !== CLAUSE) this.emit(END, this.lexer.start);
    this.lexer.advance();
  }
}
