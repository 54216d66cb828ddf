/** Packages that only some options need, too large for everybody: the user installs them. */
import { InputError } from "../base/diagnostics.ts";
import { packageMissing } from "./messages.ts";

/** Throws `InputError` where binaryen is not installed, which `option` needs; an optional peer, of 90 MB. */
export function requireBinaryen(option: string): void {
  try {
    import.meta.resolve("binaryen");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new InputError(packageMissing(option, "binaryen"));
  }
}
