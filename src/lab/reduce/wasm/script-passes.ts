/** How a script is reduced: by leaving out modules with what follows them, then single commands, then within modules. */
import type { ReductionKind, ReductionPass } from "../reducer.ts";
import type { ModulePass } from "./module-pass.ts";
import { MODULE_PASSES } from "./module-passes.ts";
import { type ScriptSubject, scriptBytes, scriptWeight } from "./script-subject.ts";

type ScriptPass = ReductionPass<ScriptSubject>;

/** Where a module begins, and the commands after it up to the next. */
function groupStarts({ commands }: ScriptSubject): number[] {
  return [...commands.keys()].filter((i) => i === 0 || commands[i]!.isModule);
}

const groups: ScriptPass = {
  name: "modules with their commands",
  count: (subject) => groupStarts(subject).length,
  apply(subject, from, to) {
    const starts = groupStarts(subject);
    return without(subject, starts[from]!, starts[to] ?? subject.commands.length);
  },
};

const commands: ScriptPass = {
  name: "commands",
  count: (subject) => subject.commands.length,
  apply: without,
};

function without(subject: ScriptSubject, from: number, to: number): ScriptSubject | null {
  const left = [...subject.commands.slice(0, from), ...subject.commands.slice(to)];
  return left.length === 0 ? null : { ...subject, commands: left };
}

/** The pass over all modules of the script, whose places come one after the other. */
function inModules(pass: ModulePass): ScriptPass {
  return {
    name: pass.name,
    count: (subject) =>
      subject.commands.reduce((sum, { module }) => sum + (module === null ? 0 : pass.count(module)), 0),
    apply(subject, from, to) {
      let first = 0;
      let changed = false;
      const edited = subject.commands.map((command) => {
        const { module } = command;
        const count = module === null ? 0 : pass.count(module);
        const [start, end] = [Math.max(0, from - first), Math.min(count, to - first)];
        first += count;
        if (module === null || start >= end) return command;
        // Where one module would not be valid the others may still change.
        const smaller = pass.apply(module, start, end);
        if (smaller === null) return command;
        changed = true;
        return { ...command, module: smaller };
      });
      return changed ? { ...subject, commands: edited } : null;
    },
  };
}

export const SCRIPT: ReductionKind<ScriptSubject> = {
  passes: [groups, commands, ...MODULE_PASSES.map(inModules)],
  serialize: scriptBytes,
  weight: scriptWeight,
};
