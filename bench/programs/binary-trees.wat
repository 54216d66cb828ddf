;; Binary trees, bottom up: one that stays while many short-lived ones of several depths come and go.
;; run(depth): the number of nodes counted.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))
  (func $make (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $tree (ref.null $tree) (ref.null $tree)))
      (else (struct.new $tree
        (call $make (i32.sub (local.get $depth) (i32.const 1)))
        (call $make (i32.sub (local.get $depth) (i32.const 1)))))))
  (func $count (param $tree (ref $tree)) (result i32) (local $left (ref null $tree))
    (local.set $left (struct.get $tree $left (local.get $tree)))
    (if (ref.is_null (local.get $left)) (then (return (i32.const 1))))
    (i32.add (i32.const 1) (i32.add
      (call $count (ref.as_non_null (local.get $left)))
      (call $count (ref.as_non_null (struct.get $tree $right (local.get $tree)))))))
  (func (export "run") (param $most i32) (result i32)
    (local $kept (ref null $tree)) (local $depth i32) (local $i i32) (local $sum i32)
    (local.set $kept (call $make (local.get $most)))
    (local.set $depth (i32.const 2))
    (loop $depths
      (local.set $i (i32.shl (i32.const 1) (i32.sub (local.get $most) (local.get $depth))))
      (loop $trees
        (local.set $sum (i32.add (local.get $sum) (call $count (call $make (local.get $depth)))))
        (br_if $trees (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br_if $depths (i32.le_s (local.tee $depth (i32.add (local.get $depth) (i32.const 2))) (local.get $most))))
    (i32.add (local.get $sum) (call $count (ref.as_non_null (local.get $kept))))))
