;; The Mandelbrot set in plain floats: no references.
;; run(n): the iterations of an n × n picture.
(module
  (func $escape (param $cr f64) (param $ci f64) (result i32)
    (local $r f64) (local $i f64) (local $rr f64) (local $ii f64) (local $steps i32)
    (block $done
      (loop $again
        (local.set $i (f64.add (f64.mul (f64.add (local.get $r) (local.get $r)) (local.get $i)) (local.get $ci)))
        (local.set $r (f64.add (f64.sub (local.get $rr) (local.get $ii)) (local.get $cr)))
        (local.set $rr (f64.mul (local.get $r) (local.get $r)))
        (local.set $ii (f64.mul (local.get $i) (local.get $i)))
        (br_if $done (f64.gt (f64.add (local.get $rr) (local.get $ii)) (f64.const 4)))
        (br_if $again (i32.lt_u (local.tee $steps (i32.add (local.get $steps) (i32.const 1))) (i32.const 100)))))
    (local.get $steps))
  (func (export "run") (param $n i32) (result i32) (local $x i32) (local $y i32) (local $sum i32) (local $step f64)
    (local.set $step (f64.div (f64.const 3) (f64.convert_i32_u (local.get $n))))
    (loop $rows
      (local.set $x (i32.const 0))
      (loop $columns
        (local.set $sum (i32.add (local.get $sum) (call $escape
          (f64.sub (f64.mul (f64.convert_i32_u (local.get $x)) (local.get $step)) (f64.const 2.25))
          (f64.sub (f64.mul (f64.convert_i32_u (local.get $y)) (local.get $step)) (f64.const 1.5)))))
        (br_if $columns (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
      (br_if $rows (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 1))) (local.get $n))))
    (local.get $sum)))
