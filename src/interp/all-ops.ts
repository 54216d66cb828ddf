/** Loads the semantics of all opcodes. */
import "./ops-bits.ts";
import "./ops-compare.ts";
import "./ops-control.ts";
import "./ops-convert.ts";
import "./ops-float.ts";
import "./ops-integer.ts";
import "./ops-memory.ts";
import "./ops-soft-float.ts";
import "./ops-vector.ts";
