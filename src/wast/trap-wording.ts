/**
 * What the suites call a trap, and what engines call it; the engine `spillway` says what the suites say, where it knows.
 *
 * One row a kind of trap: the suites' texts (the longest that the expected text begins with decides) and the
 * messages of V8 and of JavaScriptCore, as patterns of the whole message. Where an engine has one message for
 * several kinds it stands in several rows: less can be told apart there, and nothing that can is let pass. A call of a null
 * reference has two rows: of the engine's own `call_ref`, and of compiled code's, an indirect call of what is not in the table.
 */
import { JSC_EMPTY_ENTRY, V8_EMPTY_ENTRY } from "../embed/engine-messages.ts";

interface TrapRow {
  readonly expected: readonly string[];
  readonly v8: RegExp;
  readonly jsc: RegExp;
}

const V8_NULL = /^(dereferencing a null pointer|rethrowing null value)$/;
const JSC_NULL = /null reference$/;
const NULL_FUNCTION = "null function reference";

/** Some suites do not say of what. */
const ANY_BOUNDS: TrapRow = {
  expected: ["out of bounds"],
  // Ours for an indirect call past the table's end is the specification's.
  v8: /out of bounds|^undefined element$/,
  jsc: /out of bounds|outside of memory/i,
};

const ROWS: readonly TrapRow[] = [
  { expected: ["unreachable"], v8: /^unreachable$/, jsc: /^Unreachable code should not be executed$/ },
  {
    expected: ["integer divide by zero", "divide by zero"],
    v8: /^(divide|remainder) by zero$/,
    jsc: /^Division by zero$/,
  },
  {
    expected: ["integer overflow"],
    v8: /^(divide result unrepresentable|float unrepresentable in integer range)$/,
    jsc: /^(Integer overflow|Out of bounds Trunc operation)$/,
  },
  {
    expected: ["invalid conversion to integer"],
    v8: /^float unrepresentable in integer range$/,
    jsc: /^Out of bounds Trunc operation$/,
  },
  {
    expected: ["out of bounds memory access"],
    v8: /^(memory access out of bounds|data segment out of bounds|data segment (?:\d+ )?is out of bounds(?: \(.*\))?)$/,
    jsc: /^(Out of bounds memory access|Offset \S+ .*|Invalid data segment initialization: .*|Out of bounds or failed to allocate in array\.(new|init)_data|Out of bounds array\.init_data)$/s,
  },
  {
    expected: ["out of bounds table access"],
    v8: /^(table index is out of bounds|element segment out of bounds|table access out of bounds)$/,
    jsc: /^(Out of bounds table access|Element is trying to set an out of bounds table index|Out of bounds or failed to allocate in array\.new_elem|Out of bounds array\.init_elem)$/,
  },
  {
    expected: ["out of bounds array access"],
    v8: /^array element access out of bounds$/,
    jsc: /^Out of bounds array\.\w+$/,
  },
  ANY_BOUNDS,
  {
    expected: ["undefined element"],
    v8: /^table index is out of bounds$/,
    jsc: /^Out of bounds call_indirect$/,
  },
  { expected: ["uninitialized element"], v8: V8_EMPTY_ENTRY, jsc: JSC_EMPTY_ENTRY },
  {
    expected: ["indirect call type mismatch", "call type mismatch"],
    v8: V8_EMPTY_ENTRY,
    jsc: JSC_EMPTY_ENTRY,
  },
  {
    expected: [
      "null reference",
      NULL_FUNCTION,
      "null structure reference",
      "null array reference",
      "null i31 reference",
      "null exception reference",
    ],
    v8: V8_NULL,
    jsc: JSC_NULL,
  },
  { expected: [NULL_FUNCTION], v8: V8_EMPTY_ENTRY, jsc: JSC_EMPTY_ENTRY },
  { expected: ["cast failure"], v8: /^illegal cast$/, jsc: /^ref\.cast failed to cast/ },
  {
    expected: ["allocation size too large", "failed to allocate"],
    v8: /^requested new array is too large$/,
    jsc: /^(Failed to allocate new array|Out of bounds or failed to allocate in .*)$/,
  },
  {
    expected: ["unaligned atomic"],
    v8: /^operation does not support unaligned accesses$/,
    jsc: /^Unaligned memory access$/,
  },
  {
    expected: ["expected shared memory"],
    v8: /^Atomics\.wait cannot be called in this context$/,
    jsc: /^Out of bounds memory access$/,
  },
];

const SUITES_TEXTS: ReadonlySet<string> = new Set(ROWS.flatMap(({ expected }) => expected));

/** Whether `message`, of V8 or JavaScriptCore, is about the kind of trap that the suite's text `expected` names. */
export function saysTrap(expected: string, message: string): boolean {
  let best = "";
  for (const row of ROWS) {
    for (const text of row.expected) {
      if (text.length > best.length && expected.startsWith(text)) best = text;
    }
  }
  if (best === "") return message.includes(expected);
  return ROWS.some((row) => row.expected.includes(best) && isAbout(row, message));
}

function isAbout({ expected, v8, jsc }: TrapRow, message: string): boolean {
  return expected.some((text) => isOneOf(text, message)) || v8.test(message) || jsc.test(message);
}

/** Whether two messages, of engines or in the suites' words, can be about the same kind of trap. */
export function sameTrap(one: string, other: string): boolean {
  if (one === other) return true;
  const kinds = kindsOf(one);
  return kindsOf(other).some((kind) => kinds.includes(kind));
}

/** The suites' texts for the traps that an engine's message, or one of these texts, can be about; without `ANY_BOUNDS`, which is about many. */
function kindsOf(message: string): readonly string[] {
  return ROWS.filter((row) => row !== ANY_BOUNDS && isAbout(row, message)).flatMap(
    ({ expected }) => expected,
  );
}

/** Whether a message names a kind of trap, alone or among the kinds that one check cannot tell apart. */
function isOneOf(kind: string, message: string): boolean {
  return message.split(" or ").includes(kind);
}

const CALL_INDIRECT = /^(return_)?call_indirect$/;

/** The operators that alone trap so, where an engine has one message for the traps of several. */
const ONLY_OF: Readonly<Record<string, RegExp>> = {
  [NULL_FUNCTION]: /^(return_)?call_ref$/,
  "uninitialized element": CALL_INDIRECT,
  "indirect call type mismatch": CALL_INDIRECT,
  "undefined element": CALL_INDIRECT,
  "out of bounds table access": /^table\.|_elem$/,
};

/**
 * What the suites call a trap of which the engine says `message`; several, where the engine does not tell them apart. `operator` is the one
 * that trapped, where that is known.
 */
export function specificationMessage(message: string, operator: string | null = null): string {
  // Two kinds are a store's own, in these words, though they may end like an engine's: `cast failure or null reference`.
  const said = message.split(" or ");
  if (said.length > 1 && said.every((kind) => SUITES_TEXTS.has(kind))) return message;
  const rows = ROWS.filter((row) => row !== ANY_BOUNDS && (row.v8.test(message) || row.jsc.test(message)));
  const kinds = rows.map(({ expected }) => expected[0]!);
  const own = operator === null ? [] : kinds.filter((kind) => ONLY_OF[kind]?.test(operator) ?? true);
  const likely = own.length > 0 ? own : kinds;
  return likely.length === 0 ? message : likely.join(" or ");
}

/** An engine's message without what it adds about the place: V8's prefix, JavaScriptCore's quotation of source. */
export function plainMessage(message: string): string {
  return message
    .replace(/^WebAssembly\.(?:Instance|Module)\(\): /, "")
    .replace(/ \(evaluating '[\s\S]*'\)$/, "");
}
