;; Vectors of 128 bits in objects and arrays, and arithmetic on their lanes.
;; run(n): n steps over a list of vectors, folded into a number.
(module
  (type $cell (struct (field $lanes (mut v128)) (field $rest (ref null $cell))))
  (type $vectors (array (mut v128)))

  (func $fold (param $v v128) (result i32)
    (i32.xor
      (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32.rotl (i32x4.extract_lane 1 (local.get $v)) (i32.const 7)))
      (i32.add (i32x4.extract_lane 2 (local.get $v)) (i32.rotl (i32x4.extract_lane 3 (local.get $v)) (i32.const 13)))))

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $hash i32) (local $list (ref null $cell)) (local $vectors (ref $vectors)) (local $v v128)
    (local.set $vectors (array.new $vectors (v128.const i32x4 1 2 3 4) (i32.const 8)))
    (loop $more
      (local.set $v
        (i8x16.swizzle
          (i16x8.add (i32x4.splat (i32.mul (local.get $i) (i32.const 0x9e3779b1))) (array.get $vectors (local.get $vectors) (i32.and (local.get $i) (i32.const 7))))
          (v128.const i8x16 3 1 4 1 5 9 2 6 5 3 5 8 9 7 9 3)))
      (local.set $v (i8x16.add_sat_s (local.get $v) (f32x4.convert_i32x4_s (local.get $v))))
      (array.set $vectors (local.get $vectors) (i32.and (local.get $i) (i32.const 7))
        (v128.bitselect (local.get $v) (i64x2.shl (local.get $v) (local.get $i)) (i8x16.lt_s (local.get $v) (v128.const i64x2 0 0))))
      (local.set $list
        (struct.new $cell (local.get $v) (if (result (ref null $cell)) (i32.and (local.get $i) (i32.const 15)) (then (local.get $list)) (else (ref.null $cell)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (loop $more
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (call $fold (struct.get $cell $lanes (local.get $list)))))
      (br_if $more (i32.eqz (ref.is_null (local.tee $list (struct.get $cell $rest (local.get $list)))))))
    (local.set $i (i32.const 8))
    (loop $more
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (call $fold (array.get $vectors (local.get $vectors) (local.get $i)))))
      (br_if $more (local.get $i)))
    (local.get $hash)))
