;; Churn on what lives long: a directory of 65,536 lists, of which one is replaced in each round; 24 nodes that die at once; now
;; and then a large array, copied from the directory. Each round also walks a list: every node must have the list's number as key.
(module
  (type $bytes (array (mut i8)))
  (type $node (struct (field $next (mut (ref null $node))) (field $key i32) (field $data (mut (ref null $bytes)))))
  (type $lists (array (mut (ref null $node))))
  (global $lists (mut (ref null $lists)) (ref.null $lists))
  (global $copy (mut (ref null $lists)) (ref.null $lists))
  (global $seed (mut i32) (i32.const 12345))

  ;; A number below the limit.
  (func $below (param $limit i32) (result i32)
    (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (local.get $limit)))

  (func $build (param $key i32) (param $length i32) (result (ref null $node))
    (local $list (ref null $node)) (local $node (ref $node))
    (loop $more
      (local.set $node (struct.new $node (ref.null $node) (local.get $key) (ref.null $bytes)))
      (struct.set $node $data (local.get $node)
        (array.new $bytes (local.get $key) (call $below (i32.const 64))))
      (struct.set $node $next (local.get $node) (local.get $list))
      (local.set $list (local.get $node))
      (br_if $more (local.tee $length (i32.sub (local.get $length) (i32.const 1)))))
    (local.get $list))

  (func $verify (param $key i32) (result i32)
    (local $list (ref null $node)) (local $count i32)
    (local.set $list (array.get $lists (global.get $lists) (local.get $key)))
    (block $end
      (loop $next
        (br_if $end (ref.is_null (local.get $list)))
        (if (i32.ne (struct.get $node $key (local.get $list)) (local.get $key)) (then (unreachable)))
        (local.set $count (i32.add (local.get $count)
          (array.len (struct.get $node $data (local.get $list)))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $next)))
    (local.get $count))

  (func (export "run") (param $rounds i32) (result i32)
    (local $key i32) (local $sum i32)
    (if (ref.is_null (global.get $lists))
      (then (global.set $lists (array.new $lists (ref.null $node) (i32.const 65536)))))
    (loop $round
      (local.set $key (call $below (i32.const 65536)))
      (array.set $lists (global.get $lists) (local.get $key)
        (call $build (local.get $key) (i32.add (call $below (i32.const 8)) (i32.const 1))))
      (drop (call $build (i32.const -1) (i32.const 24)))
      (local.set $sum (i32.add (local.get $sum) (call $verify (call $below (i32.const 65536)))))
      (if (i32.eqz (call $below (i32.const 4096)))
        (then
          (global.set $copy (array.new $lists (ref.null $node) (i32.const 16384)))
          (array.copy $lists $lists (global.get $copy) (i32.const 0)
            (global.get $lists) (call $below (i32.const 49152)) (i32.const 16384))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum)))
