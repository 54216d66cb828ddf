/** The subcommands, in the order that `--help` shows them. Each file under `cli/` exports one `create…Command`. */
import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [];
