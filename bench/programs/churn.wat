;; Objects that die young: each is kept in a ring of 64 places until the next one takes its place.
;; run(n): a sum over what was dropped.
(module
  (type $cell (sub final (struct (field $value i32) (field $stamp i64) (field $other (ref null $cell)))))
  (type $ring (array (mut (ref null $cell))))
  (func $make (param $value i32) (param $other (ref null $cell)) (result (ref $cell))
    (struct.new $cell (local.get $value) (i64.extend_i32_u (i32.mul (local.get $value) (i32.const 7))) (local.get $other)))
  (func (export "run") (param $n i32) (result i32)
    (local $ring (ref $ring)) (local $i i32) (local $at i32) (local $sum i64) (local $old (ref null $cell)) (local $inner (ref null $cell))
    (local.set $ring (array.new_default $ring (i32.const 64)))
    (loop $again
      (local.set $at (i32.and (i32.mul (local.get $i) (i32.const 13)) (i32.const 63)))
      (local.set $old (array.get $ring (local.get $ring) (local.get $at)))
      (if (i32.eqz (ref.is_null (local.get $old)))
        (then
          (local.set $inner (struct.get $cell $other (local.get $old)))
          (local.set $sum (i64.add (local.get $sum) (i64.add
            (struct.get $cell $stamp (local.get $old))
            (i64.extend_i32_u (struct.get $cell $value (local.get $inner))))))))
      (array.set $ring (local.get $ring) (local.get $at)
        (call $make (local.get $i) (call $make (i32.shl (local.get $i) (i32.const 1)) (ref.null $cell))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.wrap_i64 (i64.xor (local.get $sum) (i64.shr_u (local.get $sum) (i64.const 32))))))
