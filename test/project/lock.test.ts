/**
 * The lock file can be installed anywhere: `npm ci` refuses one that leaves out optional packages of other platforms. And what the package
 * depends on runs on each Node that it says it runs on.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  readonly dev?: boolean;
  readonly link?: boolean;
}

interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

const { packages } = JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8")) as Lock;

test("package-lock.json names every optional package", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    ),
  );
  assert.deepEqual(
    missing,
    [],
    "a registry without these packages wrote the lock: add them with version, os and cpu",
  );
});

type Version = readonly [major: number, minor: number, patch: number];

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
  return [major, minor, patch];
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

/** Of ranges as `>=20`, `^18.17.0 || >=20.5.0`. */
function takes(range: string, version: Version): boolean {
  return range.split("||").some((part) => {
    const match = /^\s*(>=|\^)\s*([\d.]+)\s*$/.exec(part);
    assert.ok(match !== null, `the range ${range} is of a form that this test does not know`);
    const from = versionOf(match[2]!);
    return compare(version, from) >= 0 && (match[1] === ">=" || version[0] === from[0]);
  });
}

test("what the package depends on runs on every Node that it says it runs on", () => {
  const { engines, dependencies } = packages[""]!;
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as Locked;
  assert.equal(engines?.node, manifest.engines?.node);
  const least = versionOf(/^>=([\d.]+)$/.exec(manifest.engines!.node!)![1]!);
  // The least, and the first of later lines: ranges leave out the beginnings of lines.
  const versions = [least, versionOf("21.0.0"), versionOf("22.0.0"), versionOf("23.0.0")];
  const seen = new Set<string>();
  const visit = (name: string, from: string): void => {
    const own = `${from}/node_modules/${name}`;
    const path = own in packages ? own : `node_modules/${name}`;
    if (seen.has(path)) return;
    seen.add(path);
    const { engines: needs, dependencies: further = {} } = packages[path]!;
    for (const version of versions)
      assert.ok(
        takes(needs?.node ?? ">=0", version),
        `${path} is for Node ${needs?.node}, not ${version.join(".")}`,
      );
    for (const next of Object.keys(further)) visit(next, path);
  };
  for (const name of Object.keys(dependencies!)) visit(name, "");
  assert.ok(seen.size > 10);
});
