/** The documents tell the truth about paths and commands: what they name is there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot, systemNode } from "../support/project.ts";

const documents = [
  ...globSync("*.md", { cwd: projectRoot }),
  ...globSync("{docs,bench}/**/*.md", { cwd: projectRoot }),
];

test("the documents that a newcomer looks for are there", () => {
  for (const name of ["README.md", "ARCHITECTURE.md", "RATIONALE.md", "CONTRIBUTING.md", "LICENSE"]) {
    assert.ok(existsSync(join(projectRoot, name)), name);
  }
});

for (const document of documents) {
  test(`${document} names only paths and scripts that exist`, () => {
    const text = readFileSync(join(projectRoot, document), "utf8");
    const scripts = (
      JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      }
    ).scripts;
    const missing: string[] = [];
    for (const [, path] of text.matchAll(
      /(?<![\w./-])((?:src|test|tools|bench|docs|filetests|examples|bin|toolchain)\/[\w./-]*\w)/g,
    )) {
      if (!existsSync(join(projectRoot, path!))) missing.push(path!);
    }
    for (const [, script] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      if (scripts[script!] === undefined) missing.push(`npm run ${script}`);
    }
    assert.deepEqual(missing, []);
  });
}

test("README.md tells of every variable of the environment that the sources read", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const variables = globSync("src/**/*.ts", { cwd: projectRoot }).flatMap((file) =>
    Array.from(
      readFileSync(join(projectRoot, file), "utf8").matchAll(/\bSPILLWAY_[A-Z_]+/g),
      ([name]) => name,
    ),
  );
  assert.ok(variables.length > 0);
  for (const name of new Set(variables)) assert.match(readme, new RegExp(`^\\| \`${name}\\b`, "m"), name);
});

test("the program in README.md runs as it stands where the package is installed", (t) => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const programs = Array.from(readme.matchAll(/^```js\n(import [\s\S]*?)^```$/gm), ([, program]) => program!);
  assert.equal(programs.length, 1);
  const folder = mkdtempSync(join(tmpdir(), "spillway-readme-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(projectRoot, join(folder, "node_modules", "spillway"), "junction");
  writeFileSync(join(folder, "program.mjs"), programs[0]!);
  for (const node of [process.execPath, systemNode(20) ?? process.execPath]) {
    const output = execFileSync(node, [join(folder, "program.mjs")], { encoding: "utf8" });
    assert.match(output, /^ada \{ born: 1815 \}\n[1-9]\d*\n$/);
  }
});
