/** The option `--pointer-type`, which several commands have. */
import { Option } from "commander";
import { I32, I64, type Type } from "../ir/types.ts";

export type PointerTypeName = "i32" | "i64";

export function pointerTypeOption(description: string): Option {
  return new Option("--pointer-type <type>", description).choices(["i32", "i64"]);
}

export function pointerTypeOfName(name: PointerTypeName): Type {
  return name === "i32" ? I32 : I64;
}
