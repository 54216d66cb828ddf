;; The sieve of Eratosthenes over an array of bytes.
;; run(n): the number of primes below n.
(module
  (type $flags (array (mut i8)))
  (func (export "run") (param $n i32) (result i32)
    (local $composite (ref $flags)) (local $i i32) (local $j i32) (local $count i32)
    (local.set $composite (array.new_default $flags (local.get $n)))
    (local.set $i (i32.const 2))
    (loop $numbers
      (if (i32.eqz (array.get_u $flags (local.get $composite) (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.shl (local.get $i) (i32.const 1)))
          (block $done
            (loop $multiples
              (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
              (array.set $flags (local.get $composite) (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $multiples)))))
      (br_if $numbers (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $count)))
