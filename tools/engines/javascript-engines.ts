/** Node, Bun and SpiderMonkey's shell, all by `hosts/shell.js`. */
import { join } from "node:path";
import type { Engine, PresentEngine } from "./engine.ts";
import { executables, type Places } from "./places.ts";
import { firstLine, hostOutcome, start } from "./processes.ts";

const SHELL = join(import.meta.dirname, "hosts", "shell.js");

function shellEngine(file: string, version: string): PresentEngine {
  return {
    version,
    run: async (job) => hostOutcome(job, await start(file, [SHELL, job.form, job.wasm, ...job.words])),
  };
}

/** The Node that runs this: it has garbage collection of its own, and is what others are compared with. */
export const REFERENCE: PresentEngine = shellEngine(process.execPath, process.version);

function node(major: number, target: string): Engine {
  return {
    name: `node${major}`,
    target,
    forms: ["calls", "command"],
    get: `Node ${major} on the path, or npm package node@${major}`,
    install: (folder) => [
      npmInstall(folder, `node${major}@npm:node-${process.platform}-${process.arch}@${major}`),
    ],
    find: async (places) => {
      for (const file of [...executables(places, "node"), process.execPath]) {
        const version = await firstLine(file, "--version");
        if (version?.startsWith(`v${major}.`) === true) return shellEngine(file, version);
      }
      return null;
    },
  };
}

function npmInstall(folder: string, name: string): readonly string[] {
  return ["npm", "install", "--prefix", folder, name];
}

const BUN: Engine = {
  name: "bun",
  target: "wasm3.0-nogc,-memory64",
  forms: ["calls", "command"],
  get: "npm package bun@1.4.5",
  install: (folder) => [npmInstall(folder, `@oven/bun-${process.platform}-${process.arch}@1.4.5`)],
  find: (places) => findShell(places, "bun"),
};

const SPIDERMONKEY: Engine = {
  name: "js102",
  target: "wasm2,+legacy-exceptions,+threads",
  forms: ["calls"],
  get: "Debian package libmozjs-102-dev",
  find: (places) => findShell(places, "js102"),
};

async function findShell(places: Places, name: string): Promise<PresentEngine | null> {
  const [file] = executables(places, name);
  if (file === undefined) return null;
  const version = await firstLine(file, "--version");
  return version === null ? null : shellEngine(file, version.replace("JavaScript-C", ""));
}

export const JAVASCRIPT_ENGINES: readonly Engine[] = [
  node(20, "node20"),
  node(22, "wasm3.0-nogc"),
  node(26, "wasm3.0-nogc"),
  BUN,
  SPIDERMONKEY,
];
