/** The filetests of the spiller, once more by the oracle: what they call right agrees, what they call wrong differs. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { isPolicyName } from "../../src/frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../../src/frontend/safepoints/spiller.ts";
import { Oracle } from "../../src/interp/index.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { projectRoot } from "../support/project.ts";

const oracle = new Oracle();
const spiller = new SafepointSpiller();

/** Whether the oracle finds a difference in any function of the file under the policy. */
function differs(source: string, policy: string): boolean {
  assert.ok(isPolicyName(policy));
  const originals = parseFunctions(source);
  return parseFunctions(source).some((func, i) => {
    spiller.run(func, { policy });
    return oracle.compare(originals[i]!, func, { seeds: 32 }) !== null;
  });
}

for (const file of globSync("filetests/{safepoints,issues}/*.clif", { cwd: projectRoot }).sort()) {
  const source = readFileSync(join(projectRoot, file), "utf8");
  const lines = source.match(/^test safepoints.*$/gm) ?? [];
  // No verifier accepts these shapes, so they have no meaning to compare.
  if (lines.length === 0 || lines.some((line) => line.includes("unverified"))) continue;
  test(`the oracle on ${basename(file)}`, () => {
    for (const line of lines) {
      const policies = /policy=(\S+)/.exec(line)?.[1] ?? "spillway";
      for (const policy of policies.split(",")) {
        assert.equal(differs(source, policy), line.includes("expect-fail"), line);
      }
    }
  });
}
