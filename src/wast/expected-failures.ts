/**
 * The list of failures that are known, each with its reason. It may only shrink: an entry that does not fail
 * any more is an error until it is taken out.
 *
 * One entry a line, `#` starts a comment line:
 *
 *     core/token.wast:17 text parser accepts a reserved token
 *     core/memory64/*.wast:* JavaScriptCore has no memory64
 *
 * The path is the end of the file's path, whole names; `*` stands for any part of a name, and as the line for
 * any line (at least one of the file must then fail).
 */
import { InputError } from "../base/diagnostics.ts";
import { type ScriptFailure, ScriptReport } from "./report.ts";

interface Entry {
  readonly pattern: RegExp;
  /** As written, path and line. */
  readonly place: string;
  readonly line: number | null;
  readonly reason: string;
  /** Whether one of the files that ran is of this entry, and whether it failed there. */
  ran: boolean;
  failed: boolean;
}

const ENTRY = /^(\S+):(\d+|\*)\s+(\S.*)$/;

export class ExpectedFailures {
  private readonly entries: Entry[];
  /** How many failures were expected. */
  expectedCount: number;

  /** Throws an `InputError` at a line that is no entry. */
  constructor(text: string) {
    this.expectedCount = 0;
    this.entries = [];
    text.split("\n").forEach((line, i) => {
      if (/^\s*(#|$)/.test(line)) return;
      const match = ENTRY.exec(line.trim());
      if (match === null) {
        const place = { kind: "text", line: i + 1, column: 1 } as const;
        const message = "expected `path:line reason`";
        throw new InputError({ code: "expected-failures", message, place });
      }
      const [, path, number, reason] = match as unknown as [string, string, string, string];
      this.entries.push({
        pattern: pathPattern(path),
        place: `${path}:${number}`,
        line: number === "*" ? null : Number(number),
        reason,
        ran: false,
        failed: false,
      });
    });
  }

  /** The report of one file, with the failures that are listed counted as skipped. */
  filter(file: string, report: ScriptReport): ScriptReport {
    const path = file.replaceAll("\\", "/");
    const here = this.entries.filter(({ pattern }) => pattern.test(path));
    if (here.length === 0) return report;
    for (const entry of here) entry.ran = true;
    const kept = new ScriptReport();
    const failures: ScriptFailure[] = [];
    for (const failure of report.failures) {
      const entry = here.find(({ line }) => line === null || line === failure.line);
      if (entry === undefined) failures.push(failure);
      else {
        entry.failed = true;
        this.expectedCount++;
        const tally = report.tallies.get(failure.directive)!;
        tally.failed--;
        tally.skipped++;
        kept.skips.set(EXPECTED, (kept.skips.get(EXPECTED) ?? 0) + 1);
      }
    }
    kept.merge({ tallies: report.tallies, skips: report.skips, failures });
    return kept;
  }

  /** One failure for each entry whose file ran without failing there. */
  passedAfterAll(listName: string): ScriptFailure[] {
    return this.entries
      .filter(({ ran, failed }) => ran && !failed)
      .map(({ place, line, reason }) => ({
        file: place.slice(0, place.lastIndexOf(":")),
        line: line ?? 0,
        directive: "expected-failure",
        expected: `a failure: ${reason}`,
        got: `no failure; take the entry out of ${listName}`,
      }));
  }
}

const EXPECTED = "expected failure";

/** `path` at the end of a path, after a slash or at its start. */
function pathPattern(path: string): RegExp {
  const escaped = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*");
  return new RegExp(`(?:^|/)${escaped}$`);
}
