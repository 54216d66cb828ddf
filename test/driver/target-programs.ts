/** Programs that use, in `run`, what some target lacks; each gives a number for every argument. */
import type { Program } from "./agreement.ts";

/** On one number, each instruction that came after the first version, mixed into one result. */
const SCALAR: Program = {
  name: "sign extension and saturating conversions",
  args: [0, 1, -1, 127, 128, -129, 32768, 65535, 0x7fff_ffff, -0x8000_0000],
  wat: `(module
    (func $mix (param i64 i64) (result i64)
      (i64.add (i64.mul (local.get 0) (i64.const 31)) (local.get 1)))
    (func $floats (param f64) (result i64) (local $h i64)
      ${["i32.trunc_sat_f64_s", "i32.trunc_sat_f64_u"]
        .map((op) => `(local.set $h (call $mix (local.get $h) (i64.extend_i32_s (${op} (local.get 0)))))`)
        .join("\n")}
      ${["i64.trunc_sat_f64_s", "i64.trunc_sat_f64_u"]
        .map((op) => `(local.set $h (call $mix (local.get $h) (${op} (local.get 0))))`)
        .join("\n")}
      ${["i32.trunc_sat_f32_s", "i32.trunc_sat_f32_u"]
        .map(
          (op) =>
            `(local.set $h (call $mix (local.get $h) (i64.extend_i32_s (${op} (f32.demote_f64 (local.get 0))))))`,
        )
        .join("\n")}
      ${["i64.trunc_sat_f32_s", "i64.trunc_sat_f32_u"]
        .map((op) => `(local.set $h (call $mix (local.get $h) (${op} (f32.demote_f64 (local.get 0)))))`)
        .join("\n")}
      (local.get $h))
    (func (export "run") (param i32) (result i32) (local $h i64) (local $w i64)
      (local.set $w (i64.mul (i64.extend_i32_s (local.get 0)) (i64.const 0x100000081)))
      (local.set $h (i64.extend_i32_s (i32.extend8_s (local.get 0))))
      (local.set $h (call $mix (local.get $h) (i64.extend_i32_s (i32.extend16_s (local.get 0)))))
      (local.set $h (call $mix (local.get $h) (i64.extend8_s (local.get $w))))
      (local.set $h (call $mix (local.get $h) (i64.extend16_s (local.get $w))))
      (local.set $h (call $mix (local.get $h) (i64.extend32_s (local.get $w))))
      (local.set $h (call $mix (local.get $h) (call $floats (f64.convert_i32_s (local.get 0)))))
      (local.set $h (call $mix (local.get $h) (call $floats (f64.mul (f64.convert_i32_s (local.get 0)) (f64.const 1e9)))))
      (local.set $h (call $mix (local.get $h) (call $floats (f64.mul (f64.convert_i32_s (local.get 0)) (f64.const inf)))))
      (i32.wrap_i64 (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32))))))`,
};

/** The argument chooses what is done; the result is a checksum of the memory's first bytes, or a trap. */
const BULK: Program = {
  name: "bulk memory",
  args: Array.from({ length: 24 }, (_, i) => i),
  wat: `(module
    (memory 1 2)
    (data $text "the quick brown fox jumps over the lazy dog")
    (data $empty "")
    (data (i32.const 100) "active")
    (func $sum (result i32) (local $i i32) (local $h i32)
      (loop $next
        (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) (i32.load8_u (local.get $i))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
      (local.get $h))
    (func (export "run") (param i32) (result i32)
      (block $out
      ${[
        "(memory.fill (i32.const 3) (i32.const 0x1ff) (i32.const 29))",
        "(memory.fill (i32.const 65535) (i32.const 7) (i32.const 1))",
        "(memory.fill (i32.const 65535) (i32.const 7) (i32.const 2))",
        "(memory.fill (i32.const 65536) (i32.const 7) (i32.const 0))",
        "(memory.fill (i32.const 65537) (i32.const 7) (i32.const 0))",
        "(memory.init $text (i32.const 1) (i32.const 2) (i32.const 30))",
        "(memory.init $text (i32.const 40) (i32.const 0) (i32.const 43))",
        "(memory.init $text (i32.const 40) (i32.const 1) (i32.const 43))",
        "(memory.init $text (i32.const 65530) (i32.const 1) (i32.const 9))",
        "(memory.init $empty (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.init $empty (i32.const 0) (i32.const 0) (i32.const 1))",
        "(memory.copy (i32.const 0) (i32.const 100) (i32.const 6))",
        "(memory.copy (i32.const 4) (i32.const 1) (i32.const 90))",
        "(memory.copy (i32.const 1) (i32.const 4) (i32.const 90))",
        "(memory.copy (i32.const 12) (i32.const 1) (i32.const 77))",
        "(memory.copy (i32.const 1) (i32.const 65530) (i32.const 7))",
        "(memory.copy (i32.const -1) (i32.const 0) (i32.const 1))",
        "(memory.copy (i32.const 0) (i32.const 0) (i32.const -1))",
        "(memory.init 2 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.init 2 (i32.const 0) (i32.const 0) (i32.const 1))",
        "(data.drop $text)",
        "(memory.init $text (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.init $text (i32.const 0) (i32.const 0) (i32.const 1))",
        "(drop (memory.grow (i32.const 1))) (memory.fill (i32.const 65535) (i32.const 7) (i32.const 2))",
      ]
        .map((what, i) => `(if (i32.eq (local.get 0) (i32.const ${i})) (then ${what} (br $out)))`)
        .join("\n")}
      )
      (call $sum)))`,
};

const RESULTS: Program = {
  name: "functions with several results",
  args: [0, 1, 5, -3],
  wat: `(module
    (type $pair (func (param i32) (result i32 i64)))
    (type $single (func (param i32) (result i32)))
    (type $padded (func (param i32 i32) (result i32)))
    (table funcref (elem $two $one $wide $nested))
    (func $two (type $pair) (local $x i64)
      (if (i32.eq (local.get 0) (i32.const 5)) (then (return (i32.const 50) (i64.const 60))))
      (local.set $x (i64.extend_i32_s (local.get 0)))
      (i32.add (local.get 0) (i32.const 1)) (i64.mul (local.get $x) (local.get $x)))
    (func $one (type $single) (i32.mul (local.get 0) (i32.const 3)))
    (func $wide (type $padded) (i32.sub (local.get 0) (local.get 1)))
    (func $nested (type $pair) (call_indirect (type $pair) (call $one (local.get 0)) (i32.const 0)))
    (func $four (param f32) (result f32 f64 i32 f32)
      (local.get 0) (f64.promote_f32 (local.get 0)) (i32.trunc_f32_s (local.get 0)) (f32.neg (local.get 0)))
    (func $take (param i32 i64) (result i32) (i32.xor (local.get 0) (i32.wrap_i64 (local.get 1))))
    (func (export "run") (param i32) (result i32) (local $a f32) (local $b f64) (local $c i32) (local $d f32)
      (call $four (f32.convert_i32_s (local.get 0)))
      (local.set $d) (local.set $c) (local.set $b) (local.set $a)
      (i32.add (call $take (call_indirect (type $pair) (local.get 0) (i32.const 3)))
        (i32.add (call $take (call $two (local.get 0)))
          (i32.add (call_indirect (type $single) (local.get 0) (i32.const 1))
            (i32.add (call_indirect (type $padded) (local.get 0) (i32.const 9) (i32.const 2))
              (i32.add (local.get $c) (i32.trunc_f64_s (f64.add (local.get $b) (f64.promote_f32 (local.get $d)))))))))))`,
};

/** A call of the wrong type has to trap although both types become alike. */
const CONFUSED: Program = {
  name: "types that differ in further results",
  args: [0, 1],
  wat: `(module
    (type $pair (func (param i32) (result i32 i32)))
    (type $single (func (param i32) (result i32)))
    (table funcref (elem $two $one))
    (func $two (type $pair) (local.get 0) (local.get 0))
    (func $one (type $single) (local.get 0))
    (func (export "run") (param i32) (result i32)
      (call_indirect (type $single) (i32.const 7) (local.get 0))))`,
};

const TAILS: Program = {
  name: "mutual recursion by tail calls",
  args: [0, 1, 7, 300_000, 300_001],
  wat: `(module
    (type $step (func (param i32 i64) (result i64)))
    (table funcref (elem $even $odd $plain))
    (func $even (type $step)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))
    (func $odd (type $step)
      (if (i32.eqz (local.get 0)) (then (return (i64.sub (i64.const 0) (local.get 1)))))
      (return_call_indirect (type $step)
        (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (call $depth (local.get 0)))
        (i32.const 0)))
    (func $depth (param i32) (result i64)
      (if (result i64) (i32.and (local.get 0) (i32.const 255))
        (then (i64.const 5))
        (else (call $even (i32.const 3) (i64.const 1)))))
    (func $plain (type $step) (call $even (local.get 0) (i64.const 9)))
    (func $enter (type $step)
      (return_call_indirect (type $step) (local.get 0) (local.get 1) (i32.const 2)))
    (func $leaf (type $step) (i64.add (local.get 1) (i64.const 1)))
    (func $toLeaf (type $step) (return_call $leaf (local.get 0) (local.get 1)))
    (func (export "run") (param i32) (result i32)
      (i32.wrap_i64 (i64.add
        (i64.add (call $even (local.get 0) (i64.const 0)) (call $toLeaf (local.get 0) (i64.const 5)))
        (i64.mul (i64.const 7) (call $enter (local.get 0) (i64.const 0)))))))`,
};

const TAIL_RESULTS: Program = {
  name: "tail calls of functions with several results",
  args: [0, 1, 6, 100_000],
  wat: `(module
    (func $a (param i32 i32) (result i32 f64)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1) (f64.const 0.5))))
      (return_call $b (f64.const 2) (local.get 0) (local.get 1)))
    (func $b (param f64 i32 i32) (result i32 f64)
      (if (i32.eq (local.get 1) (i32.const 1)) (then (return (local.get 2) (local.get 0))))
      (return_call $a (i32.sub (local.get 1) (i32.const 1)) (i32.add (local.get 2) (i32.const 2))))
    (func (export "run") (param i32) (result i32) (local $f f64)
      (call $a (local.get 0) (i32.const 10))
      (local.set $f)
      (i32.add (i32.trunc_f64_s (f64.mul (local.get $f) (f64.const 100))))))`,
};

const TABLES: Program = {
  name: "tables that are filled in, and several of them",
  args: Array.from({ length: 8 }, (_, i) => i),
  wat: `(module
    (type $f (func (result i32)))
    (table $t 4 funcref)
    (table $u funcref (elem $c $b))
    (elem $e func $a $b $c)
    (func $a (type $f) (i32.const 10))
    (func $b (type $f) (i32.const 20))
    (func $c (type $f) (i32.const 30))
    (func (export "run") (param i32) (result i32)
      (if (i32.eq (local.get 0) (i32.const 1)) (then (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (table.copy $t $u (i32.const 2) (i32.const 0) (i32.const 2))))
      (if (i32.eq (local.get 0) (i32.const 6)) (then (elem.drop $e)))
      (if (i32.eq (local.get 0) (i32.const 7)) (then (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))))
      (i32.add (i32.mul (table.size $u) (i32.const 1000))
        (i32.add (call_indirect $t (type $f) (i32.and (local.get 0) (i32.const 3)))
          (call_indirect $u (type $f) (i32.and (local.get 0) (i32.const 1)))))))`,
};

const HEAP: Program = {
  name: "objects, arrays from data, and function references",
  args: [1, 10, 300],
  wat: `(module
    (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
    (type $bytes (array (mut i8)))
    (type $f (func (param i32) (result i32)))
    (data $text "the quick brown fox")
    (elem declare func $double)
    (func $double (type $f) (i32.shl (local.get 0) (i32.const 1)))
    (func $sum (param $b (ref $bytes)) (result i32) (local $i i32) (local $h i32)
      (loop $next
        (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) (array.get_s $bytes (local.get $b) (local.get $i))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $b)))))
      (local.get $h))
    (func $list (param $n i32) (param $l (ref null $node)) (result (ref null $node))
      (if (i32.eqz (local.get $n)) (then (return (local.get $l))))
      (return_call $list (i32.sub (local.get $n) (i32.const 1)) (struct.new $node (local.get $n) (local.get $l))))
    (func (export "run") (param i32) (result i32) (local $b (ref $bytes)) (local $c (ref $bytes)) (local $l (ref null $node)) (local $h i32)
      (local.set $b (array.new_data $bytes $text (i32.const 4) (i32.const 15)))
      (local.set $c (array.new $bytes (i32.const 200) (i32.add (local.get 0) (i32.const 20))))
      (array.copy $bytes $bytes (local.get $c) (i32.const 3) (local.get $b) (i32.const 1) (i32.const 14))
      (array.copy $bytes $bytes (local.get $c) (i32.const 5) (local.get $c) (i32.const 2) (i32.const 12))
      (local.set $h (i32.add (call $sum (local.get $b)) (call $sum (local.get $c))))
      (local.set $l (call $list (local.get 0) (ref.null $node)))
      (loop $next
        (local.set $h (call_ref $f (i32.add (local.get $h) (struct.get $node $value (local.get $l))) (ref.func $double)))
        (br_if $next (i32.eqz (ref.is_null (local.tee $l (struct.get $node $next (local.get $l)))))))
      (local.get $h)))`,
};

export const TARGET_PROGRAMS: readonly Program[] = [
  SCALAR,
  BULK,
  RESULTS,
  CONFUSED,
  TAILS,
  TAIL_RESULTS,
  TABLES,
  HEAP,
];
