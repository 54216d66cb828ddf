;; Two memories of the program's own, and objects besides.
;; run(n): what was written into one, copied into the other through an array.
(module
  (type $bytes (array (mut i8)))
  (memory $first 1)
  (memory $second 1 2)
  (data (memory $second) (i32.const 8) "second")

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $hash i32) (local $bytes (ref $bytes))
    (local.set $bytes (array.new_default $bytes (i32.add (local.get $n) (i32.const 1))))
    (loop $more
      (i32.store8 $first (local.get $i) (i32.mul (local.get $i) (local.get $i)))
      (array.set $bytes (local.get $bytes) (local.get $i)
        (i32.add (i32.load8_u $first (local.get $i)) (i32.load8_u $second offset=8 (i32.rem_u (local.get $i) (i32.const 6)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (memory.copy $second $first (i32.const 32) (i32.const 0) (i32.const 100))
    (loop $more
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (local.set $hash
        (i32.add (i32.mul (local.get $hash) (i32.const 31))
          (i32.add (array.get_u $bytes (local.get $bytes) (local.get $i))
            (i32.load8_u $second offset=32 (i32.and (local.get $i) (i32.const 63))))))
      (br_if $more (local.get $i)))
    (i32.add (local.get $hash) (i32.add (memory.size $first) (memory.size $second)))))
