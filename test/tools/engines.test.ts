/**
 * `npm run engines` on engines that are always here (this Node, wabt's validator and interpreter), and on made-up ones that are wrong
 * in every way: what each run is judged to be, the matrix, and the exit code.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Statistics, withStatistics } from "../../bench/with-statistics.ts";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { commandForm, resultOfCommand } from "../../tools/engines/command-form.ts";
import type { Engine, Job, Outcome } from "../../tools/engines/engine.ts";
import { JAVASCRIPT_ENGINES, REFERENCE } from "../../tools/engines/javascript-engines.ts";
import { KNOWN, type Known } from "../../tools/engines/known.ts";
import { countsOf, matrixText, staleEntries } from "../../tools/engines/matrix.ts";
import { OTHER_ENGINES } from "../../tools/engines/other-engines.ts";
import { executables, placesOf } from "../../tools/engines/places.ts";
import { PROGRAMS, type Program } from "../../tools/engines/programs.ts";
import { type FoundEngine, heapLimit, type Run, runMatrix } from "../../tools/engines/run-matrix.ts";
import { WABT_ENGINES } from "../../tools/engines/wabt-engines.ts";
import { exportsOf } from "../backend/engine.ts";
import { projectRoot } from "../support/project.ts";

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-engines-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function programs(...names: readonly string[]): Program[] {
  return names.map((name) => PROGRAMS.find((program) => program.name === name)!);
}

/** An engine that is here, and says of each job what `run` says. */
function madeUp(name: string, run: (job: Job) => Promise<Outcome>, from: Partial<Engine> = {}): FoundEngine {
  const present = { version: "1", run };
  const forms = ["calls", "command"] as const;
  return {
    engine: { name, target: "mvp", forms, get: "nowhere", find: async () => present, ...from },
    present,
  };
}

function matrixOf(
  t: TestContext,
  some: readonly Program[],
  engines: readonly FoundEngine[],
  known: readonly Known[] = [],
): Promise<Run[]> {
  const progress = (): void => undefined;
  return runMatrix({
    programs: some,
    engines,
    reference: REFERENCE,
    known,
    scratch: folderFor(t),
    jobs: 2,
    progress,
  });
}

test("programs run as natively on this Node and on wabt's interpreter, and its validator accepts them", async (t) => {
  const engines: FoundEngine[] = [];
  for (const engine of [JAVASCRIPT_ENGINES[2]!, WABT_ENGINES[0]!, WABT_ENGINES[1]!]) {
    const present = await engine.find({ folder: null, path: [] });
    assert.ok(present !== null, engine.name);
    engines.push({ engine, present });
  }
  const runs = await matrixOf(t, programs("exceptions", "multi-memory", "wasi-arguments"), engines);
  assert.deepEqual(
    runs.filter(({ verdict }) => verdict === "differs" || verdict === "rejected"),
    [],
  );
  const refused = runs.filter(({ verdict }) => verdict === "refused").map(({ target }) => target);
  assert.ok(refused.length > 0 && refused.every((target) => target === "mvp"), refused.join());
  // Six variants where something fits better than `mvp`, five elsewhere; the interpreter has no WASI.
  assert.equal(runs.length, 3 * 6 + 3 * 5 + 2 * 6);
});

/** Some objects that stay, one array, or no references at all. */
const ALLOCATE_LITTLE = "sort richards nbody sieve integers mandelbrot multi-memory bulk-memory traps".split(
  " ",
);

const COLLECTING = PROGRAMS.filter(({ name, form }) => form === "calls" && !ALLOCATE_LITTLE.includes(name));

for (const { name, text, words } of COLLECTING) {
  test(`${name} collects, with its larger argument`, async () => {
    for (const collector of ["copying", "generational"] as const) {
      const output = compile(await textToBinary(text), { collector, ...heapLimit(collector) });
      const { run, collections } = exportsOf(withStatistics(output, collector)) as unknown as Collecting;
      run(Number(words.at(-1)));
      assert.ok(collections.value > 0, collector);
    }
  });
}

interface Collecting extends Statistics {
  readonly run: (argument: number) => number;
}

test("every program with calls is also a command", async (t) => {
  const onlyCommands = madeUp("commands", REFERENCE.run, { forms: ["command"] });
  const some = programs("own-memory", "traps", "sieve");
  const runs = await matrixOf(t, some, [onlyCommands]);
  assert.deepEqual(new Set(runs.map(({ verdict, note }) => verdict + note)), new Set(["ok"]));
  for (const { form, text } of PROGRAMS) {
    if (form === "calls") assert.match(commandForm(text), /\(func \(export "_start"\)/);
  }
  assert.throws(() => commandForm("(module)"), /no \(func \(export "run"\)/);
});

test("what a command says is a result or a trap", () => {
  assert.equal(resultOfCommand("run: -17\nexit code 0"), "-17");
  assert.equal(resultOfCommand("run: exit code 1"), "trap");
  assert.equal(resultOfCommand("run: exit code 0"), null);
  assert.equal(resultOfCommand("run: 3\nexit code 1"), null);
  assert.equal(resultOfCommand("exit code 1"), null);
});

test("what engines do wrong is told apart, and listed reasons are counted apart", async (t) => {
  const known: Known = { engine: "listed", programs: ["traps"], got: /^not today$/, reason: "it is lazy" };
  const fails = async (): Promise<Outcome> => ({ kind: "failed", reason: "not today" });
  const engines = [
    madeUp("right", REFERENCE.run),
    madeUp("wrong", async () => ({ kind: "ran", said: "5" })),
    madeUp("broken", fails),
    madeUp("listed", fails),
    madeUp("worse", async () => ({ kind: "failed", reason: "not tomorrow" })),
  ];
  const list = [
    known,
    { ...known, engine: "right" },
    { ...known, engine: "worse" },
    { ...known, engine: "absent" },
  ];
  const runs = await matrixOf(t, programs("traps", "vectors"), engines, list);
  const verdicts = new Map(runs.map(({ engine, program, verdict }) => [`${engine} ${program}`, verdict]));
  assert.equal(verdicts.get("right traps"), "ok");
  assert.equal(verdicts.get("wrong traps"), "differs");
  assert.equal(verdicts.get("broken traps"), "rejected");
  assert.equal(verdicts.get("listed traps"), "known");
  assert.equal(verdicts.get("worse traps"), "rejected", "for a reason that is not listed");
  assert.equal(verdicts.get("broken vectors"), "refused", "before the engine saw it");
  assert.deepEqual(countsOf(runs), { passed: 5, refused: 25, known: 5, failed: 15 });
  assert.deepEqual(
    staleEntries(runs, list).map(({ engine }) => engine),
    ["right", "worse"],
  );
});

test("a refusal is right only where the target lacks what the program needs", async (t) => {
  const [program] = programs("vectors");
  const { needs: _, ...needsNothing } = program!;
  const runs = await matrixOf(
    t,
    [needsNothing, { ...program!, needs: "threads" }],
    [madeUp("right", REFERENCE.run)],
  );
  assert.deepEqual([...new Set(runs.map(({ verdict }) => verdict))], ["rejected"]);
});

test("a matrix shows the worst of a cell, and each note once", () => {
  const run = (engine: string, program: string, from: Partial<Run> = {}): Run => {
    return {
      engine,
      program,
      target: "mvp",
      collector: "copying",
      optimized: false,
      verdict: "ok",
      note: "",
      ...from,
    };
  };
  const text = matrixText([
    run("a", "one"),
    run("a", "one", { optimized: true, verdict: "known", note: "slow" }),
    run("a", "one", { target: "wasm2", verdict: "differs", note: "3 where natively 4" }),
    run("a", "two", { verdict: "rejected", note: "no" }),
    run("b", "two", { verdict: "rejected", note: "no" }),
  ]);
  assert.equal(
    text,
    `| program | a           | b        |
| ------- | ----------- | -------- |
| one     | DIFFERS 1/3 | -        |
| two     | REJECTED    | REJECTED |

known: slow
  a: one (mvp copying -O)

DIFFERS: 3 where natively 4
  a: one (wasm2 copying)

REJECTED: no
  a: two
  b: two
`,
  );
});

test("engines are looked for in their folder first, and not among the project's own tools", (t) => {
  const folder = folderFor(t);
  const files = ["bin/tool", "node_modules/one/bin/tool", "node_modules/@two/three/bin/tool", "path/tool"];
  for (const file of [...files, "path/node_modules/.bin/tool", "bin/text"]) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), "");
    if (!file.endsWith("text")) chmodSync(join(folder, file), 0o755);
  }
  const path = [join(folder, "path", "node_modules", ".bin"), join(folder, "path")].join(delimiter);
  const places = placesOf({ SPILLWAY_ENGINES: folder, PATH: path });
  assert.deepEqual(executables(places, "tool").sort(), files.map((file) => join(folder, file)).sort());
  assert.equal(executables(places, "tool")[0], join(folder, "bin", "tool"));
  assert.deepEqual(executables(places, "text"), []);
  assert.equal(placesOf({ SPILLWAY_CACHE_DIR: folder }).folder, join(folder, "engines"));
});

test("the list of what engines do wrong names engines and programs", () => {
  const engines = [...JAVASCRIPT_ENGINES, ...WABT_ENGINES, ...OTHER_ENGINES].map(({ name }) => name);
  assert.equal(new Set(engines).size, engines.length);
  for (const { engine, programs: some } of KNOWN) {
    assert.ok(engines.includes(engine), engine);
    for (const name of some)
      assert.ok(
        PROGRAMS.some((program) => program.name === name),
        name,
      );
  }
});

function runTool(
  t: TestContext,
  ...words: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  const script = join(projectRoot, "tools", "engines", "main.ts");
  const env = { PATH: "", SPILLWAY_ENGINES: folderFor(t) };
  return spawnSync(process.execPath, [script, ...words], { encoding: "utf8", env });
}

test("the tool says what it saw, what is missing and how to get it", (t) => {
  const words = ["--engine", "wasm-validate", "wazero", "--program", "i64", "vectors"];
  const { status, stdout, stderr } = runTool(t, ...words);
  assert.equal(stderr, "");
  assert.match(stdout, /\| i64 {5}\| ok {12}\|\n\| vectors \| refused {7}\|/);
  assert.match(stdout, /wazero {8}not here: Go module github.com\/tetratelabs\/wazero/);
  assert.match(stdout, /\n5 runs as natively, 5 refused, 0 known, 0 failed\n$/);
  assert.equal(status, 1, "an engine that is asked for is missing");
});

test("the tool's JSON", (t) => {
  const { status, stdout } = runTool(t, "--json", "--engine", "wasm-interp", "--program", "i64");
  const { engines, missing, counts, runs } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(missing, []);
  assert.equal((engines as { name: string }[])[0]!.name, "wasm-interp");
  assert.deepEqual(counts, { passed: 6, refused: 0, known: 0, failed: 0 });
  assert.equal((runs as unknown[]).length, 6);
  assert.equal(status, 0);
});

test("the tool refuses names that it does not know", (t) => {
  const { status, stderr } = runTool(t, "--engine", "wings");
  assert.match(stderr, /unknown engine wings; --help lists them/);
  assert.equal(status, 1);
  assert.match(runTool(t, "--help").stdout, /SPILLWAY_ENGINES/);
});
