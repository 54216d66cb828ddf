/** The object code of a range of functions; of an empty one, of what initializes the module. */
import type { ObjectCode } from "../../object/object-code.ts";
import { compileFunctions } from "../compile-functions.ts";
import type { PreparedModule } from "../prepare.ts";
import { objectOf } from "../stored-code.ts";
import type { FunctionRange } from "./ranges.ts";

export function compileRange({ plan, options }: PreparedModule, { first, end }: FunctionRange): ObjectCode {
  return objectOf(compileFunctions(plan, { ...options, only: { first, end } }));
}
