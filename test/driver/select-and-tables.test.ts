/** `select` of references, and indirect calls through more tables than one, compiled. */
import { agreesWithNative } from "./agreement.ts";

agreesWithNative({
  name: "a selected reference is kept across calls",
  args: [0, 1, -5],
  wat: `(module
    (type $box (struct (field i32)))
    (func $churn (param i32)
      (loop $again
        (drop (struct.new $box (local.get 0)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (param i32) (result i32) (local $x (ref null $box)) (local $any anyref)
      (local.set $x (select (result (ref null $box))
        (struct.new $box (i32.const 7)) (struct.new $box (i32.const 11)) (local.get 0)))
      (call $churn (i32.const 30))
      (local.set $any
        (select (result anyref) (local.get $x) (ref.i31 (i32.const 3)) (i32.gt_s (local.get 0) (i32.const 0))))
      (struct.get $box 0 (select (result (ref null $box))
        (struct.new $box (struct.get $box 0 (local.get $x))) (local.get $x)
        (i32.wrap_i64 (select (result i64) (i64.const 1) (i64.const 0) (local.get 0)))))
      (call $churn (i32.const 30))
      (i32.add (ref.test (ref $box) (local.get $any)))
      (i32.mul (i32.const 10))
      (i32.add (struct.get $box 0 (local.get $x)))))`,
});

agreesWithNative({
  name: "indirect calls go through the table that they name",
  args: [0, 1, 2, 3, 4, 5, 6, 7, 8, -1],
  wat: `(module
    (type $box (struct (field i32)))
    (type $made (func (param i32) (result (ref null $box))))
    (type $plain (func (param i64) (result i32)))
    (table $makers 3 funcref)
    (table $plains 4 funcref)
    (elem (table $makers) (i32.const 0) func $one $two)
    (elem (table $plains) (i32.const 0) func $inc $dec $one)
    (elem $late func $inc $dec)
    (func $one (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
    (func $two (param i32) (result (ref null $box)) (struct.new $box (i32.mul (local.get 0) (i32.const 2))))
    (func $inc (param i64) (result i32) (i32.add (i32.wrap_i64 (local.get 0)) (i32.const 1)))
    (func $dec (param i64) (result i32) (i32.sub (i32.wrap_i64 (local.get 0)) (i32.const 1)))
    (func $tail (param i32) (result i32)
      (return_call_indirect $plains (type $plain) (i64.const 40) (local.get 0)))
    (func (export "run") (param i32) (result i32) (local $kept (ref null $box))
      (if (i32.gt_u (local.get 0) (i32.const 5))
        (then (return (call $tail (i32.sub (local.get 0) (i32.const 6))))))
      (if (i32.eq (local.get 0) (i32.const 5))
        (then
          (table.copy $plains $makers (i32.const 2) (i32.const 2) (i32.const 1))
          (table.init $plains $late (i32.const 2) (i32.const 0) (i32.const 2))
          (return (i32.add (table.size $makers) (i32.mul (table.size $plains) (i32.const 10))))))
      (if (i32.lt_u (local.get 0) (i32.const 3))
        (then
          (local.set $kept (call_indirect $makers (type $made) (i32.const 50) (local.get 0)))
          (drop (call_indirect $makers (type $made) (i32.const 60) (i32.const 0)))
          (return (struct.get $box 0 (local.get $kept)))))
      (call_indirect $plains (type $plain) (i64.const 100) (i32.sub (local.get 0) (i32.const 3)))))`,
});

/** Bits of a vector in one number, so that lanes cannot make up for each other. */
const MIX = `
  (func $mix (param v128) (result i32)
    (i32.xor (i32x4.extract_lane 0 (local.get 0))
      (i32.rotl (i32.xor (i32x4.extract_lane 1 (local.get 0))
        (i32.rotl (i32.xor (i32x4.extract_lane 2 (local.get 0))
          (i32.rotl (i32x4.extract_lane 3 (local.get 0)) (i32.const 7))) (i32.const 5))) (i32.const 3))))`;

/** What `run` turns into doubles is within and far outside an integer's range, infinite and NaN. */
agreesWithNative({
  name: "doubles to integers in the low lanes, and relaxed operators where all machines agree",
  args: [0, 1, -1, 3, 1000, -2000, 2147483647, -2147483648],
  wat: `(module ${MIX}
    (func (export "run") (param i32) (result i32) (local $d v128) (local $b v128) (local $s v128)
      (local.set $d (f64x2.replace_lane 1
        (f64x2.splat (f64.mul (f64.convert_i32_s (local.get 0)) (f64.const 1.75)))
        (f64.div (f64.convert_i32_s (local.get 0)) (f64.const 0))))
      (local.set $b (i8x16.splat (i32.and (local.get 0) (i32.const 15))))
      (local.set $s (f32x4.convert_i32x4_s (i32x4.splat (i32.shr_s (local.get 0) (i32.const 16)))))
      (call $mix (i32x4.trunc_sat_f64x2_s_zero (local.get $d)))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (i32x4.trunc_sat_f64x2_u_zero (local.get $d))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (i8x16.relaxed_swizzle (v128.const i8x16 9 8 7 6 5 4 3 2 1 0 1 2 3 4 5 6) (local.get $b))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (f32x4.relaxed_madd (local.get $s) (f32x4.splat (f32.const 2)) (f32x4.splat (f32.const 1)))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (f32x4.relaxed_nmadd (local.get $s) (f32x4.splat (f32.const 2)) (f32x4.splat (f32.const 1)))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (i64x2.relaxed_laneselect (local.get $d) (local.get $b)
        (v128.const i64x2 -1 0))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (i16x8.relaxed_dot_i8x16_i7x16_s
        (v128.const i8x16 -1 2 -3 4 -5 6 -7 8 -128 127 -128 127 0 1 2 3) (local.get $b))))
      (i32.mul (i32.const 31))
      (i32.add (call $mix (i32x4.relaxed_dot_i8x16_i7x16_add_s
        (v128.const i8x16 -1 2 -3 4 -5 6 -7 8 -128 127 -128 127 0 1 2 3) (local.get $b) (local.get $s))))))`,
});
