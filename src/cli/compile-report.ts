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
  const lines = [
    ...sectionTable(report.input, report.output),
    "",
    row("functions", `${count(functions)}, ${count(addedFunctions)} added`),
    row("frames", `${count(frames)} of ${bytes(frameBytes)} in all, the largest ${bytes(largestFrameBytes)}`),
    row(
      "references",
      `slots ${count(report.slots)}, spills ${count(report.spills)}, reloads ${count(report.reloads)}`,
    ),
    row(
      "safepoints",
      `${count(report.safepoints)}, with a map ${count(report.mappedSafepoints)}, entries ${count(report.mapEntries)}`,
    ),
    ...(report.staticData === null ? [] : staticLines(report.staticData)),
    row(
      "runtime",
      report.staticData === null
        ? "none: the module has no references"
        : `${report.collector}: ${count(report.runtimeFunctions)} functions, ${bytes(report.runtimeCodeBytes)} of code`,
    ),
    "",
    ...timeLines(report.milliseconds),
  ];
  return `${lines.join("\n")}\n`;
}

const NAME_WIDTH = 18;
const NUMBER_WIDTH = 13;

function row(name: string, text: string): string {
  return name.padEnd(NAME_WIDTH) + text;
}

function columns(name: string, ...cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(NUMBER_WIDTH)).join("");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function bytes(value: number): string {
  return `${count(value)} ${value === 1 ? "byte" : "bytes"}`;
}

function sectionTable(input: BinaryReport, output: BinaryReport): string[] {
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

function staticLines(data: StaticSummary): string[] {
  return KINDS.map(([kind, name]) => row(name, `${count(data[kind].count)}, ${bytes(data[kind].bytes)}`));
}

function timeLines(milliseconds: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(milliseconds);
  const total = entries.reduce((sum, [, time]) => sum + time, 0);
  return [
    columns("phase", "ms"),
    ...entries.map(([phase, time]) => columns(phase, time.toFixed(1))),
    columns("total", total.toFixed(1)),
  ];
}
