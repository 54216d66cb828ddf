/** The subcommands, in the order that `--help` shows them. Each file under `cli/` exports one `create…Command`. */
import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "compile",
    summary: "compile a module with garbage collection to one without",
    load: async () => (await import("./compile.ts")).createCompileCommand(),
  },
  {
    name: "run",
    summary: "compile a module in memory and run it",
    load: async () => (await import("./run.ts")).createRunCommand(),
  },
  {
    name: "spill",
    summary: "give references that live across calls their slots and stack maps",
    load: async () => (await import("./spill.ts")).createSpillCommand(),
  },
  {
    name: "verify",
    summary: "check CLIF functions and their stack maps",
    load: async () => (await import("./verify.ts")).createVerifyCommand(),
  },
  {
    name: "check",
    summary: "prove that spilled functions keep their references right",
    load: async () => (await import("./check.ts")).createCheckCommand(),
  },
  {
    name: "cat",
    summary: "print CLIF functions as Cranelift does",
    load: async () => (await import("./cat.ts")).createCatCommand(),
  },
  {
    name: "cfg",
    summary: "print control-flow graphs for Graphviz",
    load: async () => (await import("./cfg.ts")).createCfgCommand(),
  },
  {
    name: "fuzz",
    summary: "check random functions under all policies",
    load: async () => (await import("./fuzz.ts")).createFuzzCommand(),
  },
  {
    name: "test",
    summary: "run filetests",
    load: async () => (await import("./test.ts")).createTestCommand(),
  },
  {
    name: "reduce",
    summary: "make CLIF, a module or a script small while it still fails",
    load: async () => (await import("./reduce.ts")).createReduceCommand(),
  },
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
