;; A list on the garbage-collected heap: `sum` makes one of the numbers 1 to count and adds them up; `nth` counts cells from 0, and
;; traps where there is none.
(module
  (type $cell (struct (field $value i32) (field $rest (ref null $cell))))

  (func $make (param $count i32) (result (ref null $cell)) (local $list (ref null $cell))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $list (struct.new $cell (local.get $count) (local.get $list)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $more)))
    (local.get $list))

  (func $sum (export "sum") (param $count i32) (result i32) (local $list (ref null $cell)) (local $sum i32)
    (local.set $list (call $make (local.get $count)))
    (block $done
      (loop $more
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $cell $value (local.get $list))))
        (local.set $list (struct.get $cell $rest (local.get $list)))
        (br $more)))
    (local.get $sum))

  (func $find (param $list (ref null $cell)) (param $index i32) (result i32)
    (loop $more
      (if (local.get $index)
        (then
          (local.set $list (struct.get $cell $rest (local.get $list)))
          (local.set $index (i32.sub (local.get $index) (i32.const 1)))
          (br $more))))
    (struct.get $cell $value (local.get $list)))

  (func $nth (export "nth") (param $count i32) (param $index i32) (result i32)
    (call $find (call $make (local.get $count)) (local.get $index))))
