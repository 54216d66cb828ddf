/** Everything the commands themselves say about files and options; what they say of a file's contents comes from below. */
import { dirname } from "node:path";
import { type Diagnostic, InputError } from "../base/diagnostics.ts";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "it is a folder"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["ENOTDIR", "a part of the path is no folder"],
  ["ENOSPC", "no space left"],
  ["EROFS", "the file system is read-only"],
  ["ERR_FS_FILE_TOO_LARGE", "it is larger than 2 GiB"],
]);

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS.get(code ?? "") ?? message;
}

export function cannotRead(error: unknown): Diagnostic {
  return {
    code: "cli-cannot-read",
    message: `cannot read it: ${reason(error)}`,
    notes: ["name an existing file, or `-` for standard input"],
  };
}

export function cannotWrite(path: string, error: unknown): Diagnostic {
  const { code } = error as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? `the folder ${dirname(path)} does not exist` : reason(error);
  return {
    code: "cli-cannot-write",
    message: `cannot write ${path}: ${why}`,
    notes: ["name a file in a folder that exists and may be written"],
  };
}

export function packageMissing(option: string, name: string): Diagnostic {
  return {
    code: "cli-no-package",
    message: `${option} needs ${name}, which is not installed`,
    notes: [`install the npm package: npm install ${name}`],
  };
}

/** Of the source map that a module names. */
export function mapElsewhere(where: string, why: string): Diagnostic {
  return {
    code: "cli-no-input-map",
    message: `the input's source map, ${where}, cannot be read: ${why.replace(/^cannot read it: /, "")}`,
    notes: ["name it with --input-source-map FILE, or do without: --no-input-source-map"],
  };
}

/** Of a module in text, with an offset. */
export function ofBinaryForm(diagnostic: Diagnostic): Diagnostic {
  return {
    ...diagnostic,
    notes: [
      ...(diagnostic.notes ?? []),
      "the offset is in the module's binary form, which `wasm-tools parse` writes",
    ],
  };
}

export function looksLikeClif(): Diagnostic {
  return {
    code: "cli-other-kind",
    message: "this looks like CLIF, and a WebAssembly module is wanted here",
    notes: ["CLIF is for `spillway spill`, `check`, `verify`, `cat`, `cfg` and `test`"],
  };
}

export function looksLikeModule(isBinary: boolean): Diagnostic {
  return {
    code: "cli-other-kind",
    message: `this looks like ${isBinary ? "a WebAssembly module" : "WebAssembly text"}, and CLIF is wanted here`,
    notes: [
      "modules are for `spillway compile`, `run`, `validate` and `print`, scripts for `wast`; " +
        "`spillway compile --emit clif` shows a module's functions as CLIF",
    ],
  };
}

export function noFunctions(): Diagnostic {
  return {
    code: "cli-no-functions",
    message: "it holds no function",
    notes: ["CLIF text looks like `function %f() { block0: return }`; the examples are in examples/"],
  };
}

export function noFiletests(): Diagnostic {
  return {
    code: "cli-no-filetests",
    message: "no .clif file is here",
    notes: ["name a filetest, or a folder that holds some"],
  };
}

export function noSuchFunction(name: string): Diagnostic {
  return {
    code: "cli-no-such-function",
    message: `function ${name} is not in the second file`,
    notes: ["functions are matched by name; the second file must hold what the first one's functions became"],
  };
}

export function invalidFunction(name: string, errors: number): Diagnostic {
  const what = errors === 1 ? "1 error" : `${errors} errors`;
  return {
    code: "cli-invalid-function",
    message: `function ${name} is not valid CLIF (${what}, shown above)`,
    notes: ["mend the function, or pass --no-verify to take it as it is"],
  };
}

export function noSuchWasmFunction(wanted: string, first: number, last: number): Diagnostic {
  const which = first > last ? "the module defines none" : `the module defines functions ${first} to ${last}`;
  return {
    code: "cli-no-such-function",
    message: `no function has the name, the export name or the index ${JSON.stringify(wanted)}`,
    notes: [`${which}; \`spillway print\` shows their names`],
  };
}

export function noEntry(functions: readonly string[]): Diagnostic {
  const note =
    functions.length === 0
      ? "it exports no function at all"
      : `name a function that it exports with --invoke: ${listed(functions)}`;
  return {
    code: "cli-no-entry",
    message: "the module exports no `_start`, so there is nothing to run",
    notes: [note],
  };
}

export function noSuchExport(name: string, functions: readonly string[]): Diagnostic {
  const note = functions.length === 0 ? "it exports no function" : `it exports ${listed(functions)}`;
  return {
    code: "cli-no-such-export",
    message: `the module exports no function ${JSON.stringify(name)}`,
    notes: [note],
  };
}

/** `imports` as `kind "module" "name"`. */
export function noSuchFolder(path: string): Diagnostic {
  return {
    code: "cli-no-such-folder",
    message: `--dir ${path}: there is no such folder`,
    notes: ["--dir names a folder of this machine, and behind a colon the name that the program has for it"],
  };
}

export function missingImports(imports: readonly string[]): Diagnostic {
  return {
    code: "cli-missing-imports",
    message: `nothing here gives the module what it imports: ${listed(imports)}`,
    notes: [
      "`spillway run` has WASI (wasi_snapshot_preview1) and nothing else",
      "a module with glue in JavaScript runs by it: `node --import spillway/polyfill`, or a `Store` of `spillway/embed`",
    ],
  };
}

export function argumentCount(name: string, wanted: readonly string[], given: number): Diagnostic {
  const takes = wanted.length === 0 ? "no arguments" : `(${wanted.join(", ")})`;
  return { code: "cli-argument", message: `${name} takes ${takes}, and ${given} were given` };
}

export function badArgument(text: string, type: string, note: string): Diagnostic {
  return {
    code: "cli-argument",
    message: `the argument ${JSON.stringify(text)} is no ${type}`,
    notes: [note],
  };
}

export function noVectors(name: string): Diagnostic {
  return {
    code: "cli-argument",
    message: `${name} takes or gives vectors, which cannot cross to JavaScript`,
    notes: ["export a function that takes them apart"],
  };
}

const MOST_LISTED = 20;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).join(", ");
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown;
}

export function noEngineToCompare(): InputError {
  return new InputError({
    code: "fuzz-no-engine",
    message: "this engine has no garbage collection to compare compiled modules with",
    notes: ["run it on Node 22 or newer"],
  });
}
