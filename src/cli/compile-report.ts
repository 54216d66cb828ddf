/** The figures of a compilation as people read them. */
import type { BinaryReport, CompileReport } from "../driver/report.ts";
import type { StaticSummary } from "../link/static-layout.ts";

/** The report of one compilation: what it made of what, and how. */
export interface NamedReport extends CompileReport {
  readonly file: string;
  readonly collector: string;
}

export function reportText(report: NamedReport): string {
  const { functions, addedFunctions, frames, frameBytes, largestFrameBytes } = report;
  const lines: readonly Line[] = [
    ...sectionTable(report.input, report.output),
    EMPTY,
    ["functions", `${count(functions)}, ${count(addedFunctions)} added`],
    ["frames", `${count(frames)} of ${bytes(frameBytes)} in all, the largest ${bytes(largestFrameBytes)}`],
    [
      "references",
      `slots ${count(report.slots)}, spills ${count(report.spills)}, reloads ${count(report.reloads)}`,
    ],
    [
      "safepoints",
      `${count(report.safepoints)}, with a map ${count(report.mappedSafepoints)}, entries ${count(report.mapEntries)}`,
    ],
    ...(report.staticData === null ? [] : staticLines(report.staticData)),
    [
      "runtime",
      report.staticData === null
        ? "none: the module has no references"
        : `${report.collector}: ${count(report.runtimeFunctions)} functions, ${bytes(report.runtimeCodeBytes)} of code`,
    ],
    EMPTY,
    ...timeLines(report.milliseconds),
  ];
  // Sections have the names that the module gives them, of any length: a few long ones need not move all the rest away.
  const names = lines.map(([name]) => name.length);
  const width = Math.min(Math.max(...names), MOST_NAME_WIDTH) + 2;
  return lines
    .map(([name, text]) => `${`${name}  `.padEnd(width)}${text}`.trimEnd())
    .join("\n")
    .concat("\n");
}

/** A name, and what stands beside it. */
type Line = readonly [name: string, text: string];

const EMPTY: Line = ["", ""];
const MOST_NAME_WIDTH = 32;
const NUMBER_WIDTH = 11;

function columns(name: string, ...cells: readonly string[]): Line {
  return [name, cells.map((cell) => cell.padStart(NUMBER_WIDTH)).join("  ")];
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function bytes(value: number): string {
  return `${count(value)} ${value === 1 ? "byte" : "bytes"}`;
}

function sectionTable(input: BinaryReport, output: BinaryReport): Line[] {
  const before = sizes(input);
  const after = sizes(output);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return [
    columns("section", "bytes in", "bytes out"),
    ...names.map((name) => columns(name, count(before.get(name) ?? 0), count(after.get(name) ?? 0))),
    columns("total", count(input.bytes), count(output.bytes)),
  ];
}

function sizes({ sections }: BinaryReport): Map<string, number> {
  const all = new Map<string, number>();
  for (const { name, bytes: size } of sections) all.set(name, (all.get(name) ?? 0) + size);
  return all;
}

const KINDS: readonly (readonly [keyof StaticSummary, string])[] = [
  ["cells", "cells"],
  ["descriptors", "type descriptors"],
  ["maps", "stack maps"],
  ["functions", "function references"],
  ["objects", "static objects"],
  ["tags", "exception tags"],
];

function staticLines(data: StaticSummary): Line[] {
  return KINDS.map(([kind, name]) => [name, `${count(data[kind].count)}, ${bytes(data[kind].bytes)}`]);
}

function timeLines(milliseconds: Readonly<Record<string, number>>): Line[] {
  const entries = Object.entries(milliseconds);
  const total = entries.reduce((sum, [, time]) => sum + time, 0);
  return [
    columns("phase", "ms"),
    ...entries.map(([phase, time]) => columns(phase, time.toFixed(1))),
    columns("total", total.toFixed(1)),
  ];
}
