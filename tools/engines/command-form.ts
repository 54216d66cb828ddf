/**
 * Makes a WASI command of a program with an export `run`, for engines whose command line calls nothing else: with argument N it
 * prints `run: ` and then what `run(N)` gives, so that an output that ends behind the colon is a trap.
 *
 * A program with a memory of its own lends its memory 0, from address 63,488 on; another is given one.
 */

const WASI = `
  (import "wasi_snapshot_preview1" "fd_write" (func $command.write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $command.sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $command.arguments (param i32 i32) (result i32)))`;

const START = `
  (func $command.print (param $from i32) (param $length i32)
    (i32.store (i32.const 63488) (local.get $from))
    (i32.store (i32.const 63492) (local.get $length))
    (drop (call $command.write (i32.const 1) (i32.const 63488) (i32.const 1) (i32.const 63496))))
  (func $command.number (result i32) (local $at i32) (local $number i32) (local $digit i32)
    (drop (call $command.sizes (i32.const 63488) (i32.const 63492)))
    (drop (call $command.arguments (i32.const 63488) (i32.const 63552)))
    (local.set $at (i32.load (i32.const 63492)))
    (loop $more
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.lt_u (local.get $digit) (i32.const 10))
        (then
          (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))))
      (br_if $more (i32.load8_u (local.tee $at (i32.add (local.get $at) (i32.const 1))))))
    (if (result i32) (i32.eq (i32.load8_u (i32.load (i32.const 63492))) (i32.const 45))
      (then (i32.sub (i32.const 0) (local.get $number)))
      (else (local.get $number))))
  (func $command.result (param $number i32) (local $at i32) (local $rest i32)
    (local.set $at (i32.const 65535))
    (i32.store8 (local.get $at) (i32.const 10))
    (local.set $rest
      (select (i32.sub (i32.const 0) (local.get $number)) (local.get $number) (i32.lt_s (local.get $number) (i32.const 0))))
    (loop $more
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
      (br_if $more (local.tee $rest (i32.div_u (local.get $rest) (i32.const 10)))))
    (if (i32.lt_s (local.get $number) (i32.const 0))
      (then
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at) (i32.const 45))))
    (call $command.print (local.get $at) (i32.sub (i32.const 65536) (local.get $at))))
  (func (export "_start") (local $number i32)
    (local.set $number (call $command.number))
    (i64.store (i32.const 63552) (i64.const 0x203a6e7572))
    (call $command.print (i32.const 63552) (i32.const 5))
    (call $command.result (call $command.run (local.get $number))))`;

/** Throws where `text` has no export `run` of the usual form. */
export function commandForm(text: string): string {
  const memory = text.includes("(memory ") ? '(export "memory" (memory 0))' : '(memory (export "memory") 1)';
  const named = text.replace(/\(func (?:\$\S+ )?\(export "run"\)/, '(func $command.run (export "run")');
  if (named === text) throw new Error('no (func (export "run") …) in the program');
  const end = named.lastIndexOf(")");
  return `${named.slice(0, end).replace("(module", `(module${WASI}`)}\n  ${memory}${START})`;
}

/** What the command for one number said, as a line of the other form; null where it said something else. */
export function resultOfCommand(said: string): string | null {
  const [, result, code] = /^run: (?:(-?\d+)\n)?exit code (\d+)$/.exec(said) ?? [];
  if (code === undefined) return null;
  if (result !== undefined) return code === "0" ? result : null;
  return code === "0" ? null : "trap";
}
