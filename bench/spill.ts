/**
 * `npm run bench:spill -- [POLICY] [POLICY]`: two policies of the safepoint spiller beside each other, over the spill corpus:
 * slots, spills, reloads and map entries, in the text and executed, and the fewest slots that could do.
 *
 * Executed counts come from the moving-heap oracle, which runs each spilled function beside its original on some inputs. Where
 * one of the two policies is unsound (the oracle finds a difference) the function is left out of everything, and counted.
 * Nothing here is timed; the numbers are the same on every machine.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { InputError } from "../src/base/diagnostics.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../src/frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../src/frontend/safepoints/spiller.ts";
import { Oracle } from "../src/interp/oracle.ts";
import { parseFunctions } from "../src/text/index.ts";
import { addCosts, noCosts, type SpillCosts, slotBytes, slotsLowerBound } from "./spill-counts.ts";

const CORPUS = join(import.meta.dirname, "..", "..", "shared", "parity", "spill", "spill-dev.jsonl");

interface Options {
  readonly corpus: string;
  readonly seeds: string;
  readonly fuel: string;
  readonly limit?: string;
  readonly json?: boolean;
}

interface Comparison {
  readonly policies: readonly [PolicyName, PolicyName];
  readonly costs: readonly [SpillCosts, SpillCosts];
  /** Functions in which a policy's count of slots, spills, reloads and entries together is lower. */
  readonly better: readonly [number, number];
  /** Functions left out because the policy is unsound there. */
  readonly unsound: readonly [number, number];
}

/** The texts of a corpus: a `.jsonl` with an `input` a line, or any CLIF file with directives. */
function readCorpus(path: string, limit: number): string[] {
  const text = readFileSync(path, "utf8");
  if (!path.endsWith(".jsonl")) return [text];
  const lines = text.trim().split("\n").slice(0, limit);
  return lines.map((line) => (JSON.parse(line) as { input: string }).input);
}

class Counter {
  private readonly spiller: SafepointSpiller;
  private readonly oracle: Oracle;
  private readonly options: { readonly seeds: number; readonly fuel: number };

  constructor(options: { readonly seeds: number; readonly fuel: number }) {
    this.spiller = new SafepointSpiller();
    this.oracle = new Oracle();
    this.options = options;
  }

  /** Costs of the functions of a text under a policy; null for those that it gets wrong. */
  costs(source: string, policy: PolicyName): (SpillCosts | null)[] {
    const originals = parseFunctions(source);
    return parseFunctions(source).map((func, i) => {
      const first = func.stackSlots.length;
      const counts = this.spiller.run(func, { policy });
      if (this.oracle.compare(originals[i]!, func, this.options) !== null) return null;
      const executed = this.oracle.counts;
      return {
        functions: 1,
        slots: counts.slots,
        slotBytes: slotBytes(func, first),
        slotsLowerBound: slotsLowerBound(func, first),
        spills: counts.spills,
        reloads: counts.reloads,
        mapEntries: counts.mapEntries,
        dynamicSpills: executed.spills,
        dynamicReloads: executed.reloads,
        dynamicMapEntries: executed.mapEntries,
        dynamicSafepoints: executed.safepoints,
      };
    });
  }
}

function staticCost(costs: SpillCosts): number {
  return costs.slots + costs.spills + costs.reloads + costs.mapEntries;
}

function compare(
  sources: readonly string[],
  policies: readonly [PolicyName, PolicyName],
  counter: Counter,
): Comparison {
  const costs: [SpillCosts, SpillCosts] = [noCosts(), noCosts()];
  const better: [number, number] = [0, 0];
  const unsound: [number, number] = [0, 0];
  for (const source of sources) {
    const left = counter.costs(source, policies[0]);
    const right = counter.costs(source, policies[1]);
    left.forEach((a, i) => {
      const b = right[i]!;
      if (a === null) unsound[0]++;
      if (b === null) unsound[1]++;
      if (a === null || b === null) return;
      addCosts(costs[0], a);
      addCosts(costs[1], b);
      const difference = staticCost(a) - staticCost(b);
      if (difference < 0) better[0]++;
      if (difference > 0) better[1]++;
    });
  }
  return { policies, costs, better, unsound };
}

const ROWS: readonly (readonly [string, keyof SpillCosts])[] = [
  ["slots", "slots"],
  ["  at least", "slotsLowerBound"],
  ["  bytes", "slotBytes"],
  ["spills", "spills"],
  ["reloads", "reloads"],
  ["map entries", "mapEntries"],
  ["executed safepoints", "dynamicSafepoints"],
  ["executed spills", "dynamicSpills"],
  ["executed reloads", "dynamicReloads"],
  ["executed map entries", "dynamicMapEntries"],
];

const LABEL_WIDTH = 22;
const COLUMN_WIDTH = 14;

function table({ policies, costs, better, unsound }: Comparison): string {
  const [left, right] = costs;
  const width = Math.max(COLUMN_WIDTH, ...policies.map((policy) => policy.length + 2));
  const line = (label: string, a: string, b: string, c: string): string =>
    `${label.padEnd(LABEL_WIDTH)}${a.padStart(width)}${b.padStart(width)}${c.padStart(10)}`.trimEnd();
  const lines = [line(`${left.functions} functions`, policies[0], policies[1], "")];
  for (const [label, name] of ROWS) {
    const change =
      left[name] === 0 ? "" : `${(((right[name] - left[name]) / left[name]) * 100).toFixed(1)} %`;
    lines.push(line(label, String(left[name]), String(right[name]), change));
  }
  lines.push(line("better functions", String(better[0]), String(better[1]), ""));
  lines.push(line("unsound, left out", String(unsound[0]), String(unsound[1]), ""));
  return lines.join("\n");
}

function policyNamed(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InputError({
    code: "bench-unknown-policy",
    message: `there is no policy '${name}'; there are ${POLICY_NAMES.join(", ")}`,
  });
}

function countOf(text: string | undefined, otherwise: number): number {
  const count = Number(text ?? otherwise);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InputError({ code: "bench-count", message: `'${text}' is no count` });
}

function main(left: string, right: string, options: Options): void {
  if (!existsSync(options.corpus)) {
    throw new InputError({ code: "bench-no-corpus", message: `there is no corpus at ${options.corpus}` });
  }
  const counter = new Counter({ seeds: countOf(options.seeds, 4), fuel: countOf(options.fuel, 300) });
  const sources = readCorpus(options.corpus, countOf(options.limit, Number.MAX_SAFE_INTEGER));
  const comparison = compare(sources, [policyNamed(left), policyNamed(right)], counter);
  console.log(options.json === true ? JSON.stringify(comparison, null, 2) : table(comparison));
}

new Command("bench:spill")
  .description("Counts what two policies of the safepoint spiller cost over a corpus of functions.")
  .argument("[policy]", "the first policy", "cranelift")
  .argument("[policy]", "the second policy", "spillway")
  .option("--corpus <file>", "a .jsonl with an `input` a line, or a CLIF file", CORPUS)
  .option("--seeds <count>", "inputs to run each function on; 0 counts texts only", "4")
  .option("--fuel <blocks>", "blocks that one run may enter", "300")
  .option("--limit <count>", "only the first functions")
  .option("--json", "one JSON document")
  .action((left: string, right: string, options: Options) => {
    try {
      main(left, right, options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      console.error(`error: ${error.message}`);
      process.exitCode = 1;
    }
  })
  .parse();
