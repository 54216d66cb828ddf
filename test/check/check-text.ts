/** Checks functions written as text: the body of BEFORE and that of AFTER, the callees the same for all. */
import { SafepointChecker, type SafepointError } from "../../src/check/index.ts";
import type { Function } from "../../src/ir/function.ts";
import { parseFunctions } from "../../src/text/index.ts";

const checker = new SafepointChecker();

/** What the bodies may call. */
const CALLEES = `
    sig0 = () -> i32 system_v
    fn0 = %gc() system_v
    fn1 = %use(i32) system_v
    fn2 = %alloc sig0
    fn3 = %choose() -> i8 system_v
    fn4 = %log() system_v
`;

/** A function whose values `needs` are declared. Slots of the program's own come in `slots`. */
export function functionOf(body: string, needs: string, slots = ""): Function {
  const text = `function %f(i32) -> i32 system_v {
    ; needs-stack-map: ${needs}
    ; pointer-type: i64
    ; no-collect: fn4
    ${slots}
    ${CALLEES}
${body}
}`;
  return parseFunctions(text)[0]!;
}

export interface Case {
  readonly needs: string;
  readonly before: string;
  readonly after: string;
  /** Slots that the program has. */
  readonly ownSlots?: string;
  /** Slots that AFTER has besides. */
  readonly slots?: string;
}

export function check({ needs, before, after, ownSlots = "", slots = "" }: Case): readonly SafepointError[] {
  return checker.check(
    functionOf(before, needs, ownSlots),
    functionOf(after, needs, `${ownSlots}\n${slots}`),
  );
}

/** Errors as one line each: code and message. */
export function complaints(errors: readonly SafepointError[]): string {
  return errors.map(({ code, message, notes }) => [`${code}: ${message}`, ...notes].join(" | ")).join("\n");
}
