/**
 * The names of types in CLIF text.
 *
 * Upstream's printer writes a dynamic vector as `types::I32x4xN`, which its own parser does not read: there a dynamic
 * type is named `dt0`, after a line of the preamble that upstream does not print. This parser reads both forms, so
 * what is printed as upstream prints it can be read again.
 */
import { isDynamicVector, laneCount, laneType, type Type, typeName } from "../ir/types.ts";

/** The name of a type as upstream prints it. */
export function clifTypeName(type: Type): string {
  const known = NAMES[type];
  if (known !== undefined) return known;
  const name = nameOf(type);
  NAMES[type] = name;
  return name;
}

/** What stands before the lane type of a dynamic vector; upstream's debugging form of a type. */
export const DYNAMIC_PREFIX = "types::";

function nameOf(type: Type): string {
  if (!isDynamicVector(type)) return typeName(type);
  return `${DYNAMIC_PREFIX}${typeName(laneType(type)).toUpperCase()}x${laneCount(type)}xN`;
}

const NAMES: string[] = [];
