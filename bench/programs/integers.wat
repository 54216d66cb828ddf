;; Integers alone, no references: lengths of Collatz sequences, greatest common divisors, and Fibonacci by recursion.
;; run(n): a sum of them.
(module
  (func $collatz (param $x i64) (result i32) (local $steps i32)
    (block $done
      (loop $again
        (br_if $done (i64.eq (local.get $x) (i64.const 1)))
        (local.set $x (if (result i64) (i64.eqz (i64.and (local.get $x) (i64.const 1)))
          (then (i64.shr_u (local.get $x) (i64.const 1)))
          (else (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br $again)))
    (local.get $steps))
  (func $gcd (param $a i32) (param $b i32) (result i32) (local $rest i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $again)))
    (local.get $a))
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (local.set $i (i32.const 1))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.add
        (call $collatz (i64.extend_i32_u (local.get $i)))
        (i32.add (call $gcd (i32.mul (local.get $i) (i32.const 7919)) (local.get $n))
          (call $fib (i32.and (local.get $i) (i32.const 7)))))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.add (local.get $sum) (call $fib (i32.and (local.get $n) (i32.const 15))))))
