/** Where the function of a case comes from: several equal copies of it, since the spiller rewrites in place. */
import { FunctionBuilderContext } from "../../frontend/context.ts";
import { Function } from "../../ir/function.ts";
import { parseFunctions } from "../../text/index.ts";
import { generateFunction } from "./generate.ts";

export interface CaseSource {
  /** One of the copies, as it was at first. Asking for a number again gives up what was got for it before. */
  copy(number: number): Function;
}

/** The function of a seed, built anew for each copy, in functions and a context that go from seed to seed. */
export class SeededSource implements CaseSource {
  private readonly functions: Function[];
  private readonly context: FunctionBuilderContext;
  private seed: number;

  constructor() {
    this.functions = [];
    this.context = new FunctionBuilderContext();
    this.seed = 0;
  }

  /** The function of that seed from here on. */
  at(seed: number): this {
    this.seed = seed;
    return this;
  }

  copy(number: number): Function {
    while (this.functions.length <= number) this.functions.push(new Function());
    const func = this.functions[number]!;
    // Left by a generator that failed; otherwise it is empty already.
    if (!this.context.isEmpty) this.context.clear();
    generateFunction(this.seed, func, this.context);
    return func;
  }
}

/** The first function of a text. */
export class TextSource implements CaseSource {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  copy(): Function {
    const [func] = parseFunctions(this.text);
    if (func === undefined) throw new Error("the text has no function");
    return func;
  }
}
