/** wazero and wasmi by their command lines, Wasmtime and wasm3 by their Python packages. */
import { join } from "node:path";
import type { Engine, Job, Outcome, PresentEngine } from "./engine.ts";
import { executables, type Places } from "./places.ts";
import { commandOutcome, firstLine, hostOutcome, reasonOf, start } from "./processes.ts";

/** It runs commands only: a program with `run` is made one (`command-form.ts`). */
const WAZERO: Engine = {
  name: "wazero",
  target: "wazero",
  forms: ["command"],
  get: "Go module github.com/tetratelabs/wazero, its cmd/wazero v1.12.0",
  install: (folder) => [
    [
      "env",
      `GOBIN=${join(folder, "bin")}`,
      "go",
      "install",
      "github.com/tetratelabs/wazero/cmd/wazero@v1.12.0",
    ],
  ],
  find: async (places) => {
    const [file] = executables(places, "wazero");
    const version = file === undefined ? null : await firstLine(file, "version");
    if (file === undefined || version === null) return null;
    return {
      version,
      run: async ({ wasm, words }) => commandOutcome(await start(file, ["run", wasm, ...words])),
    };
  },
};

const WASMI: Engine = {
  name: "wasmi",
  target: "wasmi",
  forms: ["calls", "command"],
  get: "crate wasmi_cli 2.0.0",
  install: (folder) => [["cargo", "install", "--root", folder, "wasmi_cli@2.0.0"]],
  find: async (places) => {
    const [file] = executables(places, "wasmi");
    const version = file === undefined ? null : await firstLine(file, "--version");
    if (file === undefined || version === null) return null;
    const run = (job: Job): Promise<Outcome> =>
      job.form === "calls" ? callsOfWasmi(file, job) : commandOfWasmi(file, job);
    return { version: version.replace("wasmi ", ""), run };
  },
};

async function commandOfWasmi(file: string, { wasm, words }: Job): Promise<Outcome> {
  return commandOutcome(await start(file, ["run", wasm, ...words]));
}

/** A process a call: the tool calls an export once. */
async function callsOfWasmi(file: string, { wasm, words }: Job): Promise<Outcome> {
  const said: string[] = [];
  for (const word of words) {
    const { code, output, errors } = await start(file, ["run", "--invoke", "run", wasm, word]);
    if (code === 0) said.push(output.trim());
    else if (errors.includes("failed during execution")) said.push("trap");
    else return { kind: "failed", reason: reasonOf(errors) };
  }
  return { kind: "ran", said: said.join(" ") };
}

/** An engine that is a package of Python, run by a script in `hosts/`. */
function pythonEngine(
  from: Pick<Engine, "name" | "target" | "forms">,
  distribution: string,
  release: string,
): Engine {
  return {
    ...from,
    get: `Python package ${distribution}==${release}`,
    install: (folder) => [
      ["python3", "-m", "venv", folder],
      [join(folder, "bin", "python3"), "-m", "pip", "install", `${distribution}==${release}`],
    ],
    find: (places) =>
      findPython(places, distribution, join(import.meta.dirname, "hosts", `${from.name}_host.py`)),
  };
}

async function findPython(places: Places, distribution: string, host: string): Promise<PresentEngine | null> {
  const question = `import importlib.metadata as m; print(m.version(${JSON.stringify(distribution)}))`;
  for (const python of executables(places, "python3")) {
    const version = await firstLine(python, "-c", question);
    if (version === null) continue;
    return {
      version,
      run: async (job) => hostOutcome(job, await start(python, [host, job.form, job.wasm, ...job.words])),
    };
  }
  return null;
}

export const OTHER_ENGINES: readonly Engine[] = [
  WAZERO,
  WASMI,
  pythonEngine({ name: "wasm3", target: "wasm3", forms: ["calls"] }, "pywasm3", "0.5.0"),
  pythonEngine(
    { name: "wasmtime", target: "wasm3.0-nogc", forms: ["calls", "command"] },
    "wasmtime",
    "50.0.1",
  ),
];
