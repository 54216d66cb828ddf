;; Merge sort of an array of references to records, by key and then by number; the order is checked by a weighted sum.
;; run(n): that sum.
(module
  (type $record (sub final (struct (field $key i32) (field $number i32))))
  (type $records (array (mut (ref null $record))))
  (func $less (param $a (ref null $record)) (param $b (ref null $record)) (result i32)
    (if (result i32) (i32.eq (struct.get $record $key (local.get $a)) (struct.get $record $key (local.get $b)))
      (then (i32.lt_u (struct.get $record $number (local.get $a)) (struct.get $record $number (local.get $b))))
      (else (i32.lt_u (struct.get $record $key (local.get $a)) (struct.get $record $key (local.get $b))))))
  ;; Merges [low, middle) and [middle, high) of $from into $to.
  (func $merge (param $from (ref $records)) (param $to (ref $records)) (param $low i32) (param $middle i32) (param $high i32)
    (local $i i32) (local $j i32) (local $k i32)
    (local.set $i (local.get $low))
    (local.set $j (local.get $middle))
    (local.set $k (local.get $low))
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $k) (local.get $high)))
        (block $next
          (block $right
            (br_if $right (i32.ge_u (local.get $i) (local.get $middle)))
            (if (i32.lt_u (local.get $j) (local.get $high))
              (then (br_if $right (call $less
                (array.get $records (local.get $from) (local.get $j))
                (array.get $records (local.get $from) (local.get $i))))))
            (array.set $records (local.get $to) (local.get $k) (array.get $records (local.get $from) (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next))
          (array.set $records (local.get $to) (local.get $k) (array.get $records (local.get $from) (local.get $j)))
          (local.set $j (i32.add (local.get $j) (i32.const 1))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $again))))
  (func $min (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))
  (func $sort (param $array (ref $records)) (result (ref $records))
    (local $from (ref $records)) (local $to (ref $records)) (local $swap (ref $records))
    (local $n i32) (local $width i32) (local $low i32)
    (local.set $n (array.len (local.get $array)))
    (local.set $from (local.get $array))
    (local.set $to (array.new_default $records (local.get $n)))
    (local.set $width (i32.const 1))
    (block $sorted
      (loop $widths
        (br_if $sorted (i32.ge_u (local.get $width) (local.get $n)))
        (local.set $low (i32.const 0))
        (loop $runs
          (call $merge (local.get $from) (local.get $to) (local.get $low)
            (call $min (i32.add (local.get $low) (local.get $width)) (local.get $n))
            (call $min (i32.add (local.get $low) (i32.shl (local.get $width) (i32.const 1))) (local.get $n)))
          (br_if $runs (i32.lt_u
            (local.tee $low (i32.add (local.get $low) (i32.shl (local.get $width) (i32.const 1))))
            (local.get $n))))
        (local.set $swap (local.get $from))
        (local.set $from (local.get $to))
        (local.set $to (local.get $swap))
        (local.set $width (i32.shl (local.get $width) (i32.const 1)))
        (br $widths)))
    (local.get $from))
  (func (export "run") (param $n i32) (result i32)
    (local $array (ref $records)) (local $i i32) (local $seed i32) (local $sum i32) (local $record (ref null $record))
    (local.set $array (array.new_default $records (local.get $n)))
    (local.set $seed (i32.const 42))
    (loop $fill
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (array.set $records (local.get $array) (local.get $i)
        (struct.new $record (i32.shr_u (local.get $seed) (i32.const 12)) (local.get $i)))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $array (call $sort (local.get $array)))
    (local.set $i (i32.const 0))
    (loop $check
      (local.set $record (array.get $records (local.get $array) (local.get $i)))
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
        (i32.xor (struct.get $record $key (local.get $record)) (struct.get $record $number (local.get $record)))))
      (br_if $check (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum)))
