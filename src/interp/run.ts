/** The loop: one handler after another until the machine stops. */
import { type Machine, Stop, TrapSignal } from "./machine.ts";
import { Field, STRIDE } from "./record.ts";
import { handlers } from "./semantics.ts";

/** Runs until `m.stop` says why not to go on. */
export function run(m: Machine): void {
  try {
    const table = handlers();
    while (m.stop === Stop.Running) {
      const code = m.program.code;
      const at = m.pc;
      m.pc = at + STRIDE;
      table[code[at + Field.Handler]!]!(m, code, at);
    }
  } catch (error) {
    if (!(error instanceof TrapSignal)) throw error;
    m.trap(error.code);
  }
}
