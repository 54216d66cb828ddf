;; Linked lists: built, mapped into a second list, reversed in place, summed with weights; ten times.
;; run(length): a weighted sum.
(module
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (func $build (param $n i32) (result (ref null $node)) (local $head (ref null $node))
    (loop $again
      (local.set $head (struct.new $node (local.get $n) (local.get $head)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $head))
  ;; A new list of the squares, last element first.
  (func $squares (param $list (ref null $node)) (result (ref null $node))
    (local $out (ref null $node)) (local $value i32)
    (block $done
      (loop $again
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $value (struct.get $node $value (local.get $list)))
        (local.set $out (struct.new $node (i32.mul (local.get $value) (local.get $value)) (local.get $out)))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $again)))
    (local.get $out))
  (func $reverse (param $list (ref null $node)) (result (ref null $node))
    (local $out (ref null $node)) (local $next (ref null $node))
    (block $done
      (loop $again
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $next (struct.get $node $next (local.get $list)))
        (struct.set $node $next (local.get $list) (local.get $out))
        (local.set $out (local.get $list))
        (local.set $list (local.get $next))
        (br $again)))
    (local.get $out))
  (func $sum (param $list (ref null $node)) (result i32) (local $sum i32) (local $weight i32)
    (block $done
      (loop $again
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 1)))
        (local.set $sum (i32.add (local.get $sum)
          (i32.mul (local.get $weight) (struct.get $node $value (local.get $list)))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $again)))
    (local.get $sum))
  (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $i i32) (local $list (ref null $node))
    (local.set $i (i32.const 10))
    (loop $again
      (local.set $list (call $build (local.get $n)))
      (local.set $sum (i32.add (local.get $sum) (call $sum (call $reverse (call $squares (local.get $list))))))
      (local.set $sum (i32.xor (local.get $sum) (call $sum (local.get $list))))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $sum)))
