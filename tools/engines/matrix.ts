/** The matrix as a person reads it: programs by engines, then what is to say of every cell that is not `ok`. */
import { markdownTable } from "../../bench/markdown-table.ts";
import type { Known } from "./known.ts";
import { type Run, type Verdict, variantText } from "./run-matrix.ts";

/** Worst first: a cell shows the worst of its runs. */
const ORDER: readonly Verdict[] = ["differs", "rejected", "known", "refused", "ok"];

const WORDS: Readonly<Record<Verdict, string>> = {
  differs: "DIFFERS",
  rejected: "REJECTED",
  known: "known",
  refused: "refused",
  ok: "ok",
};

export function matrixText(runs: readonly Run[]): string {
  const engines = distinct(runs.map(({ engine }) => engine));
  const programs = distinct(runs.map(({ program }) => program));
  const rows = programs.map((program) => [
    program,
    ...engines.map((engine) => cell(runs.filter((run) => run.engine === engine && run.program === program))),
  ]);
  const table = markdownTable(["program", ...engines], rows, engines.length + 1);
  return [table, ...notes(runs)].join("\n");
}

/** The worst of the runs; where only some went so, how many of them. */
function cell(runs: readonly Run[]): string {
  const worst = ORDER.find((verdict) => runs.some((run) => run.verdict === verdict));
  if (worst === undefined) return "-";
  const count = runs.filter(({ verdict }) => verdict === worst).length;
  return count === runs.length ? WORDS[worst] : `${WORDS[worst]} ${count}/${runs.length}`;
}

/** What is said, once, and below it each engine with the programs it is about. */
function notes(runs: readonly Run[]): string[] {
  const said = distinct(runs.filter(({ verdict }) => verdict !== "ok").map(noteOf));
  return said.map((note) => {
    const about = runs.filter((run) => noteOf(run) === note);
    const engines = distinct(about.map(({ engine }) => engine)).map((engine) => {
      const here = about.filter((run) => run.engine === engine);
      return `  ${engine}: ${programsOf(here, runs).join(", ")}`;
    });
    return `${[note, ...engines].join("\n")}\n`;
  });
}

function noteOf({ verdict, note }: Run): string {
  return `${WORDS[verdict]}: ${note}`;
}

/** The programs of one engine's runs; which runs of a program, where not all are among them. */
function programsOf(some: readonly Run[], all: readonly Run[]): string[] {
  const [{ engine } = { engine: "" }] = some;
  return distinct(some.map(({ program }) => program)).map((program) => {
    const here = some.filter((run) => run.program === program);
    const every = all.filter((run) => run.engine === engine && run.program === program);
    return here.length === every.length ? program : `${program} (${here.map(variantText).join("; ")})`;
  });
}

export interface Counts {
  readonly passed: number;
  readonly refused: number;
  readonly known: number;
  readonly failed: number;
}

export function countsOf(runs: readonly Run[]): Counts {
  const count = (...of: readonly Verdict[]): number =>
    runs.filter(({ verdict }) => of.includes(verdict)).length;
  return {
    passed: count("ok"),
    refused: count("refused"),
    known: count("known"),
    failed: count("differs", "rejected"),
  };
}

/** Entries of the list that were tried and hit nothing. */
export function staleEntries(runs: readonly Run[], known: readonly Known[]): Known[] {
  return known.filter(({ engine, programs, target, reason }) => {
    const tried = runs.filter(
      (run) =>
        run.engine === engine && programs.includes(run.program) && (target ?? run.target) === run.target,
    );
    return tried.length > 0 && !tried.some((run) => run.verdict === "known" && run.note === reason);
  });
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
