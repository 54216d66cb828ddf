/**
 * Functions of which references exist though nothing lists them: so many that their numbers reach beyond all that lies below the heap. For
 * tests of references that no collector may take for addresses.
 */
const CHUNK = 100;

/**
 * Module text: function `$f<n>` of type `$get` gives n, for n below `count`, and `$pick` takes n and gives a reference to it. References are made by
 * code, as a segment would take more room than it has functions.
 */
export function numberedFunctions(count: number): string {
  const all = Array.from({ length: count }, (_, i) => i);
  const functions = all.map((i) => `(func $f${i} (type $get) (i32.const ${i}))`);
  const picks: string[] = [];
  const ways: string[] = [];
  for (let start = 0; start < count; start += CHUNK) {
    const cases = all
      .slice(start, start + CHUNK)
      .map((i) => `(if (i32.eq (local.get 0) (i32.const ${i})) (then (return (ref.func $f${i}))))`);
    picks.push(`(func $pick${start} (param i32) (result (ref $get)) ${cases.join("\n")} (unreachable))`);
    ways.push(
      `(if (i32.lt_u (local.get 0) (i32.const ${start + CHUNK})) (then (return (call $pick${start} (local.get 0)))))`,
    );
  }
  return `
    ${functions.join("\n")}
    (elem declare func ${all.map((i) => `$f${i}`).join(" ")})
    ${picks.join("\n")}
    (func $pick (param i32) (result (ref $get)) ${ways.join("\n")} (unreachable))`;
}
