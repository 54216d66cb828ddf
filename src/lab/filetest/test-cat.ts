/** `test cat`: the function as the printer writes it. */
import { functionText } from "../../text/index.ts";
import type { FiletestCommand } from "./command.ts";
import { OptionReader } from "./options.ts";

const USAGE = "[precise-output] [directives]";

export const testCat: FiletestCommand = {
  name: "cat",
  summary: "the function as it is printed",
  usage: USAGE,
  prepare(options) {
    const reader = new OptionReader("cat", USAGE, options);
    const precise = reader.flag("precise-output");
    const directives = reader.flag("directives");
    reader.end();
    return {
      needsVerifier: false,
      judgement: precise ? "expectation" : "filecheck",
      open: () => (parsed) => functionText(parsed.func, { directives }),
    };
  },
};
