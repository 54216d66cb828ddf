/** What the documents show as the output of a command is what the command prints. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "../support/project.ts";
import { runCli } from "./run-cli.ts";

interface Shown {
  readonly document: string;
  readonly command: string;
  readonly output: string;
}

/** The commands of a document: lines `$ spillway …` in a fenced block, each with what follows up to the next. */
function shownCommands(document: string): Shown[] {
  const shown: Shown[] = [];
  const text = readFileSync(join(projectRoot, document), "utf8");
  for (const [, block] of text.matchAll(/^```\n([\s\S]*?)^```$/gm)) {
    for (const [, command, output] of block!.matchAll(
      /^\$ spillway (.*)\n([\s\S]*?)(?=^\$ |$(?![\s\S]))/gm,
    )) {
      shown.push({ document, command: command!, output: output!.trimEnd() });
    }
  }
  return shown;
}

const commands = globSync("{README,docs/*}.md", { cwd: projectRoot }).flatMap(shownCommands);

describe("commands in documents", { concurrency: 2 }, () => {
  test("there are some", () => assert.ok(commands.length > 5));
  for (const { document, command, output } of commands) {
    test(`${document}: spillway ${command}`, async () => {
      const { stdout, stderr } = await runCli(command.split(" "));
      assert.equal((stderr + stdout).trimEnd(), output);
    });
  }
});
