/** What is at fault in a module, as the JavaScript API says it. */
import { InputError, renderDiagnostic } from "../base/diagnostics.ts";
import { hostWebAssembly } from "./host-webassembly.ts";

export function withCompileErrors<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw asCompileError(error);
  }
}

/** The same of a promise. */
export async function withCompileErrorsLater<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw asCompileError(error);
  }
}

/** A `CompileError` where the module is at fault; anything else stays as it is. */
export function asCompileError(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  return new hostWebAssembly.CompileError(renderDiagnostic(error.diagnostic, "module"), { cause: error });
}
