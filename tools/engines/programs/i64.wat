;; 64-bit integers in fields, arrays, globals and arithmetic, and their conversions from and to floating point.
;; run(n): n steps of a mixing function on an array of numbers.
(module
  (type $numbers (array (mut i64)))
  (type $state (struct (field $a (mut i64)) (field $b (mut i64)) (field $f (mut f64))))
  (global $seed (mut i64) (i64.const 0x9e3779b97f4a7c15))

  (func $mix (param $x i64) (result i64)
    (local.set $x (i64.mul (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 30))) (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $x (i64.mul (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 27))) (i64.const 0x94d049bb133111eb)))
    (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 31))))

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $numbers (ref $numbers)) (local $state (ref null $state)) (local $x i64)
    (global.set $seed (i64.const 0x9e3779b97f4a7c15))
    (local.set $numbers (array.new_default $numbers (i32.const 64)))
    (local.set $state (struct.new $state (i64.const -1) (i64.const 1) (f64.const 0)))
    (loop $more
      (global.set $seed (i64.add (global.get $seed) (i64.const 0x9e3779b97f4a7c15)))
      (local.set $x (call $mix (global.get $seed)))
      (array.set $numbers (local.get $numbers) (i32.and (local.get $i) (i32.const 63))
        (i64.add (i64.rotl (local.get $x) (i64.extend_i32_u (local.get $i)))
          (i64.add (i64.clz (local.get $x)) (i64.add (i64.ctz (local.get $x)) (i64.popcnt (local.get $x))))))
      (local.set $state
        (struct.new $state
          (i64.add (struct.get $state $a (local.get $state))
            (i64.div_s (local.get $x) (i64.or (i64.shr_s (local.get $x) (i64.const 40)) (i64.const 1))))
          (i64.xor (struct.get $state $b (local.get $state))
            (i64.rem_u (local.get $x) (i64.extend16_s (i64.or (i64.extend_i32_s (local.get $i)) (i64.const 3)))))
          (f64.add (f64.mul (struct.get $state $f (local.get $state)) (f64.const 0.5))
            (f64.convert_i64_u (local.get $x)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $x (i64.xor (struct.get $state $a (local.get $state)) (struct.get $state $b (local.get $state))))
    (local.set $x (i64.add (local.get $x) (i64.trunc_f64_u (f64.mul (struct.get $state $f (local.get $state)) (f64.const 0.25)))))
    (local.set $x (i64.xor (local.get $x) (i64.trunc_sat_f64_s (f64.neg (f64.mul (struct.get $state $f (local.get $state)) (f64.const 1e9))))))
    (local.set $x (i64.add (local.get $x) (i64.reinterpret_f64 (struct.get $state $f (local.get $state)))))
    (local.set $i (i32.const 0))
    (loop $more
      (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 31)) (array.get $numbers (local.get $numbers) (local.get $i))))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
    (i32.wrap_i64 (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 32))))))
