/** The CLIF commands as processes: output, errors, exit codes, help. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runCli, runCliAndClose } from "./run-cli.ts";

const SPILLS = `function %f(i32) -> i32 system_v {
    ; needs-stack-map: v0
    fn0 = %gc() system_v

block0(v0: i32):
    call fn0()
    return v0
}
`;

const SPILLED = `function %f(i32) -> i32 system_v {
    ss0 = explicit_slot 4, align = 4
    sig0 = () system_v
    fn0 = %gc sig0

block0(v0: i32):
    v3 = stack_addr.i64 ss0
    store notrap aligned v0, v3
    call fn0(), stack_map=[i32 @ ss0+0]
    v1 = stack_addr.i64 ss0
    v2 = load.i32 notrap aligned v1
    return v2
}
`;

const INVALID = "function %bad(i32, i64) -> i32 {\nblock0(v0: i32, v1: i64):\n    return v1\n}\n";

const EMPTY = "function %g() {\nblock0:\n    return\n}\n";

const folder = mkdtempSync(join(tmpdir(), "spillway-cli-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const spills = file("spills.clif", SPILLS);
const invalid = file("invalid.clif", INVALID);
const empty = file("empty.clif", EMPTY);
const absent = join(folder, "absent.clif");

describe("every command", { concurrency: 2 }, () => {
  test("a module where CLIF is wanted, and CLIF where a module is, is named as what it is", async () => {
    const text = ";; a comment\n(; another ;) (module)";
    const binary = join(folder, "module.wasm");
    writeFileSync(binary, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const says = async (command: string, path: string, message: RegExp): Promise<void> => {
      const { code, stdout, stderr } = await runCli([command, path]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    };
    for (const command of ["spill", "verify", "check", "cat", "cfg"])
      await says(command, binary, /looks like a WebAssembly module, .*\n {2}note: .*`spillway compile`/);
    await says("spill", file("module.wat", text), /^[^\n]* error: this looks like WebAssembly text, .*\n/);
    for (const command of ["run", "validate", "print", "compile"])
      await says(command, spills, /looks like CLIF, .*\n {2}note: .*`spillway spill`/);
    await says("run", file("other.txt", `; a comment\n${SPILLS}`), /looks like CLIF/);
  });

  for (const command of ["spill", "verify", "cat", "cfg", "test"]) {
    test(`${command}: help has examples, a missing argument is wrong usage`, async () => {
      const help = await runCli([command, "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`Examples:\\n {2}spillway ${command} `));
      const bare = await runCli([command]);
      assert.equal(bare.code, 2);
      assert.match(bare.stderr, /missing required argument[\s\S]*add --help/);
      assert.equal(bare.stdout, "");
    });
  }
});

describe("spill", { concurrency: 2 }, () => {
  test("prints the rewritten functions and nothing else", async () => {
    assert.deepEqual(await runCli(["spill", spills]), { code: 0, stdout: SPILLED, stderr: "" });
    assert.deepEqual(await runCli(["spill", "-"], SPILLS), { code: 0, stdout: SPILLED, stderr: "" });
  });

  test("several inputs, an empty line between functions", async () => {
    const { stdout } = await runCli(["spill", spills, "-"], SPILLS);
    assert.equal(stdout, `${SPILLED}\n${SPILLED}`);
  });

  test("a file that cannot be read does not keep the others from being spilled", async () => {
    const { code, stdout, stderr } = await runCli(["spill", absent, spills]);
    assert.equal(code, 1);
    assert.equal(stdout, SPILLED);
    assert.match(stderr, /absent\.clif: error: cannot read it: there is no such file\n {2}note: /);
  });

  test("bad text is shown with file, line, column and caret", async () => {
    const { code, stdout, stderr } = await runCli(
      ["spill", "-"],
      "function %f() {\nblock0:\n    jmp block0\n}\n",
    );
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^<stdin>:3:5: error: unknown opcode 'jmp'\n {6}jmp block0\n {6}\^/);
  });

  test("an invalid function is the input's fault, unless it is not verified", async () => {
    const { code, stdout, stderr } = await runCli(["spill", invalid]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /; error: inst0: /);
    assert.match(
      stderr,
      /invalid\.clif:1:1: error: function %bad is not valid CLIF \(1 error, shown above\)/,
    );
    assert.match(stderr, /--no-verify/);
    assert.equal((await runCli(["spill", "--no-verify", invalid])).code, 0);
  });

  test("says so when nothing is declared, on standard error", async () => {
    const { code, stdout, stderr } = await runCli(["spill", empty]);
    assert.equal(code, 0);
    assert.match(stdout, /^function %g\(\) fast/);
    assert.match(stderr, /^note: no function declares a reference/);
    assert.equal((await runCli(["spill", empty, spills])).stderr, "");
  });

  test("an unknown policy lists those there are", async () => {
    const { code, stderr } = await runCli(["spill", "--policy", "best", spills]);
    assert.equal(code, 2);
    assert.match(stderr, /spillway, cranelift, wrong:unresolved-alias/);
  });

  test("the policy and the pointer type of the command line are used", async () => {
    const noCollect = SPILLS.replace("fn0 =", "; no-collect: fn0\n    fn0 =");
    assert.doesNotMatch((await runCli(["spill", "-"], noCollect)).stdout, /stack_map/);
    assert.match((await runCli(["spill", "--policy", "cranelift", "-"], noCollect)).stdout, /stack_map/);
    assert.match((await runCli(["spill", "--pointer-type", "i32", spills])).stdout, /stack_addr\.i32/);
  });

  test("tables of liveness, slots and maps", async () => {
    const { stdout } = await runCli(["spill", "--emit", "liveness,slots", "--emit", "maps", spills]);
    assert.equal(
      stdout,
      `%f: live into
  block   references
  block0  -

%f: 1 slot, 1 spill, 1 reload
  slot  bytes  references
  ss0   4      v0

%f: 1 safepoint, 1 with a map, 1 entry
  block   inst   stack map      safepoint
  block0  inst0  ss0: i32 = v0  call fn0()
`,
    );
    const unknown = await runCli(["spill", "--emit", "colours", spills]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /`colours` is none of liveness, slots, maps, text/);
  });

  test("--json is one document", async () => {
    const { stdout } = await runCli(["spill", "--json", spills, spills]);
    const document = JSON.parse(stdout) as { policy: string; functions: Record<string, unknown>[] };
    assert.equal(document.policy, "spillway");
    assert.equal(document.functions.length, 2);
    const [first] = document.functions;
    assert.equal(first?.["name"], "%f");
    assert.equal(first?.["text"], SPILLED);
    assert.deepEqual(first?.["slots"], [{ slot: "ss0", sizeBytes: 4, values: ["v0"] }]);
  });

  test("-o writes the whole file or none", async () => {
    const path = join(folder, "out.clif");
    assert.deepEqual(await runCli(["spill", spills, "-o", path]), { code: 0, stdout: "", stderr: "" });
    assert.equal(readFileSync(path, "utf8"), SPILLED);
    const nowhere = await runCli(["spill", spills, "-o", join(folder, "no", "such", "folder")]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /cannot write .*folder: the folder .*such does not exist\n/);
    const none = join(folder, "none.clif");
    for (const command of ["spill", "cat", "cfg", "reduce"]) {
      assert.equal((await runCli([command, spills, "-o", spills])).code, 2, command);
    }
    assert.equal(readFileSync(spills, "utf8"), SPILLS);
    const failed = await runCli(["spill", spills, absent, "-o", none]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /none\.clif was not written/);
    assert.ok(!existsSync(none));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("out.clif")),
      ["out.clif"],
    );
  });
});

describe("cat, verify and cfg", { concurrency: 2 }, () => {
  test("cat prints functions, with directives on demand", async () => {
    const { stdout } = await runCli(["cat", empty, spills]);
    assert.equal(stdout.split("\nfunction ").length, 2);
    assert.doesNotMatch(stdout, /needs-stack-map/);
    assert.match((await runCli(["cat", "--directives", spills])).stdout, /\n; needs-stack-map: v0\n/);
  });

  test("what cat prints with directives, spill reads", async () => {
    const { stdout } = await runCli(["cat", "--directives", spills]);
    assert.equal((await runCli(["spill", "-"], stdout)).stdout, SPILLED);
  });

  test("an input without functions is an error that says what CLIF looks like", async () => {
    const { code, stderr } = await runCli(["cat", "-"], "; nothing\n");
    assert.equal(code, 1);
    assert.match(stderr, /holds no function\n {2}note: /);
  });

  test("verify counts on standard error and shows errors inside the text", async () => {
    assert.deepEqual(await runCli(["verify", spills]), {
      code: 0,
      stdout: "",
      stderr: "1 function, no errors\n",
    });
    const { code, stdout, stderr } = await runCli(["verify", spills, invalid]);
    assert.equal(code, 1);
    assert.match(stdout, /return v1\n.*\^~+\n; error: inst0: result 0 has type i64/);
    assert.equal(stderr, "2 functions, 1 with errors\n");
  });

  test("verify depends on the target where rules do", async () => {
    const text = "function %f(i64) -> i32 {\nblock0(v0: i64):\n    v1 = load.i32 v0\n    return v1\n}\n";
    assert.equal((await runCli(["verify", "-q", "--target", "x86_64", "-"], text)).code, 0);
    assert.equal((await runCli(["verify", "-q", "--target", "pulley32", "-"], text)).code, 1);
    assert.equal((await runCli(["verify", "-q", "--pointer-type", "i32", "-"], text)).code, 1);
  });

  test("verify --json lists every function with its errors", async () => {
    const { stdout } = await runCli(["verify", "--json", spills, invalid]);
    const { functions } = JSON.parse(stdout) as {
      functions: { function: string; errors: { location: string }[] }[];
    };
    assert.deepEqual(
      functions.map((entry) => [entry.function, entry.errors.map(({ location }) => location)]),
      [
        ["%f", []],
        ["%bad", ["inst0"]],
      ],
    );
  });

  test("cfg labels the edges of branches", async () => {
    const text = `function %f(i32) {
block0(v0: i32):
    brif v0, block1, block2
block1:
    jump block2
block2:
    return
}\n`;
    const { code, stdout } = await runCli(["cfg", "-"], text);
    assert.equal(code, 0);
    assert.match(stdout, /^digraph "%f" \{/);
    assert.match(stdout, /"block0" -> "block1" \[\s+label = "then";/);
    assert.match(stdout, /"block0" -> "block2" \[\s+label = "else";/);
    assert.match(stdout, /"block1" -> "block2";/);
  });
});

describe("standard output", { concurrency: 2 }, () => {
  const many = EMPTY.repeat(20_000);

  test("takes more than a pipe holds", async () => {
    const { code, stdout } = await runCli(["cat", "-"], many);
    assert.equal(code, 0);
    assert.equal(stdout.split("function %g").length - 1, 20_000);
  });

  test("a reader that closes early is no error", async () => {
    const closed = await runCliAndClose(["cat", "-"], many);
    assert.deepEqual(closed, { code: 0, stderr: "" });
  });
});

describe("test", { concurrency: 2 }, () => {
  test("passes, fails with a diff, and blesses", async () => {
    const path = file("filetest.clif", `test safepoints\n\n${SPILLS}; expect: safepoints\n; slots 9\n`);
    const failed = await runCli(["test", path]);
    assert.equal(failed.code, 1);
    assert.match(
      failed.stdout,
      /filetest\.clif:11: test safepoints: %f: the output is not what is expected\n/,
    );
    assert.match(failed.stdout, /\n {2}-slots 9\n {2}\+slots 1, spills 1, /);
    assert.match(failed.stdout, /--bless\n0 passed, 1 failed\n$/);
    const blessed = await runCli(["test", path, "--bless"]);
    assert.equal(blessed.code, 0);
    const passed = await runCli(["test", path]);
    assert.deepEqual(passed, { code: 0, stdout: "1 passed, 0 failed\n", stderr: "" });
  });

  test("looks through folders, filters, and prints JSON", async () => {
    const { code, stdout } = await runCli(["test", "filetests", "-k", "irreducible", "--json"]);
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as { passed: number; failed: number; results: { file: string }[] };
    assert.deepEqual([report.passed, report.failed], [1, 0]);
    assert.match(report.results[0]!.file, /irreducible-loop\.clif$/);
  });

  test("a file that is no filetest is an error of its own", async () => {
    const { code, stdout, stderr } = await runCli(["test", empty]);
    assert.equal(code, 1);
    assert.match(stderr, /no `test` line before its first function/);
    assert.match(stdout, /0 passed, 1 failed/);
    assert.equal((await runCli(["test", absent])).code, 1);
  });
});
