/** Everything the filetest runner says about a test file that it cannot run as written. */
import type { Diagnostic } from "../../base/diagnostics.ts";

export function badDirective(kind: string, line: number, problem: string): Diagnostic {
  return {
    code: "filetest-directive",
    message: `this ${kind}: ${problem}`,
    place: { kind: "text", line, column: 1 },
  };
}

export function noTestCommand(): Diagnostic {
  return {
    code: "filetest-no-command",
    message: "the file has no `test` line before its first function",
    place: { kind: "text", line: 1, column: 1 },
    notes: ["a filetest starts with lines such as `test cat` or `test safepoints`"],
  };
}

export function unknownCommand(name: string, line: number, known: readonly string[]): Diagnostic {
  return {
    code: "filetest-unknown-command",
    message: `there is no \`test ${name}\``,
    place: { kind: "text", line, column: 1 },
    notes: [`known here: ${known.join(", ")}`],
  };
}

export function unknownOption(command: string, option: string, usage: string): Diagnostic {
  return {
    code: "filetest-unknown-option",
    message: `\`test ${command}\` has no option \`${option}\``,
    notes: [usage === "" ? "it takes no options" : `it takes ${usage}`],
  };
}

export function unknownPolicy(name: string, known: readonly string[]): Diagnostic {
  return {
    code: "filetest-unknown-policy",
    message: `there is no policy \`${name}\``,
    notes: [`policies: ${known.join(", ")}`],
  };
}

/** A function of `test ssa` uses what the test cannot build again. */
export function notForSsa(what: string, line: number): Diagnostic {
  return {
    code: "filetest-ssa",
    message: `\`test ssa\` cannot build ${what} again`,
    place: { kind: "text", line, column: 1 },
    notes: ["it reads straight-line code, jump, brif, br_table, trap, return and direct calls"],
  };
}
