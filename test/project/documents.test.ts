/** The documents tell the truth about paths and commands: what they name is there. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

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
