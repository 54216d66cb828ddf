/** The checksum: known values, and that each byte and the length are in it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checksum } from "../../src/base/checksum.ts";
import { VERSION } from "../../src/base/version.ts";
import { projectRoot } from "../support/project.ts";

test("every byte counts, and how many there are", () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => 37 * i);
  const seen = new Set([checksum(bytes)]);
  for (let length = 0; length < bytes.length; length++) seen.add(checksum(bytes.subarray(0, length)));
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice();
    changed[i]! ^= 0x80;
    seen.add(checksum(changed));
  }
  assert.equal(seen.size, 1 + bytes.length + bytes.length);
  for (const sum of seen) assert.match(sum, /^[0-9a-f]{16}$/);
});

test("zeros of different lengths differ", () => {
  assert.equal(new Set(Array.from({ length: 64 }, (_, i) => checksum(new Uint8Array(i)))).size, 64);
});

test("the version is the package's", () => {
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string };
  assert.equal(VERSION, manifest.version);
});
