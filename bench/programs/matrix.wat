;; A product of two matrices of floats in the program's own memory, beside a heap that has one object.
;; run(n): a checksum of the product of two n × n matrices, n at most 128.
(module
  (type $sum (struct (field (mut f64))))
  (memory 7)
  (global $total (ref $sum) (struct.new $sum (f64.const 0)))
  (func $fill (param $at i32) (param $n i32) (param $seed i32) (local $i i32) (local $end i32)
    (local.set $end (i32.mul (local.get $n) (local.get $n)))
    (loop $each
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (f64.store (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 3)))
        (f64.convert_i32_u (i32.and (i32.shr_u (local.get $seed) (i32.const 16)) (i32.const 255))))
      (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $end)))))
  ;; c[i][j] += a[i][k] * b[k][j], the row of b innermost.
  (func $multiply (param $a i32) (param $b i32) (param $c i32) (param $n i32)
    (local $i i32) (local $k i32) (local $j i32) (local $row i32) (local $x f64) (local $from i32) (local $to i32)
    (local.set $row (i32.shl (local.get $n) (i32.const 3)))
    (loop $rows
      (local.set $k (i32.const 0))
      (loop $inner
        (local.set $x (f64.load (i32.add (local.get $a) (i32.add
          (i32.mul (local.get $i) (local.get $row)) (i32.shl (local.get $k) (i32.const 3))))))
        (local.set $from (i32.add (local.get $b) (i32.mul (local.get $k) (local.get $row))))
        (local.set $to (i32.add (local.get $c) (i32.mul (local.get $i) (local.get $row))))
        (local.set $j (i32.const 0))
        (loop $columns
          (f64.store (local.get $to) (f64.add (f64.load (local.get $to)) (f64.mul (local.get $x) (f64.load (local.get $from)))))
          (local.set $from (i32.add (local.get $from) (i32.const 8)))
          (local.set $to (i32.add (local.get $to) (i32.const 8)))
          (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
        (br_if $inner (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $end i32) (local $sum f64)
    (call $fill (i32.const 0) (local.get $n) (i32.const 1))
    (call $fill (i32.const 0x20000) (local.get $n) (i32.const 2))
    (memory.fill (i32.const 0x40000) (i32.const 0) (i32.shl (i32.mul (local.get $n) (local.get $n)) (i32.const 3)))
    (call $multiply (i32.const 0) (i32.const 0x20000) (i32.const 0x40000) (local.get $n))
    (local.set $end (i32.shl (i32.mul (local.get $n) (local.get $n)) (i32.const 3)))
    (loop $each
      (local.set $sum (f64.add (local.get $sum) (f64.load offset=0x40000 (local.get $i))))
      (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (local.get $end))))
    (struct.set $sum 0 (global.get $total) (local.get $sum))
    (i32.wrap_i64 (i64.trunc_f64_u (struct.get $sum 0 (global.get $total))))))
