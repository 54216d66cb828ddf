/** The subcommands, in the order that `--help` shows them. Each file under `cli/` exports one `create…Command`. */
import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "validate",
    summary: "check that modules are valid",
    load: async () => (await import("./validate.ts")).createValidateCommand(),
  },
  {
    name: "print",
    summary: "print a module as text",
    load: async () => (await import("./print.ts")).createPrintCommand(),
  },
  {
    name: "wast",
    summary: "run .wast scripts",
    load: async () => (await import("./wast.ts")).createWastCommand(),
  },
];
