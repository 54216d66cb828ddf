/** Everything the commands themselves say about files and options; what they say of a file's contents comes from below. */
import type { Diagnostic } from "../base/diagnostics.ts";

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
  return {
    code: "cli-cannot-write",
    message: `cannot write ${path}: ${reason(error)}`,
    notes: ["name a file in a folder that exists and may be written"],
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
