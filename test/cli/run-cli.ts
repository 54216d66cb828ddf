/** Runs the `spillway` command as people do: as a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// Stripping the types of a hundred files takes longer than most commands: keep the result.
const ENVIRONMENT = {
  ...process.env,
  NO_COLOR: "1",
  NODE_COMPILE_CACHE: join(projectRoot, ".cache", "node-compile"),
};

const MAIN = join(projectRoot, "src", "cli", "main.ts");

/** Runs it with the arguments; `input` is its standard input, `cwd` the project unless given. */
export function runCli(args: readonly string[], input = "", cwd: string = projectRoot): Promise<CliResult> {
  return run(args, input, cwd, false);
}

/** Runs it and closes its standard output after the first piece, as `| head` does. */
export async function runCliAndClose(
  args: readonly string[],
  input: string,
): Promise<Pick<CliResult, "code" | "stderr">> {
  const { code, stderr } = await run(args, input, projectRoot, true);
  return { code, stderr };
}

function run(args: readonly string[], input: string, cwd: string, closeEarly: boolean): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: ENVIRONMENT });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (closeEarly) child.stdout.destroy();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    // A command that ends before it has read all closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
