;; Tail calls: direct, by reference and through a table, deeper than any stack, with an accumulator on the heap.
;; run(n): the hash of a list that n tail calls have built.
(module
  (type $cell (struct (field $value i32) (field $rest (ref null $cell))))
  (type $step (func (param i32 (ref null $cell)) (result i32)))
  (table funcref (elem $even $odd $third))

  (func $even (type $step)
    (if (i32.eqz (local.get 0)) (then (return_call $fold (local.get 1) (i32.const 1))))
    (return_call_ref $step
      (i32.sub (local.get 0) (i32.const 1))
      (call $push (local.get 0) (local.get 1))
      (ref.func $odd)))

  (func $odd (type $step)
    (if (i32.eqz (local.get 0)) (then (return_call $fold (local.get 1) (i32.const 2))))
    (return_call_indirect (type $step)
      (i32.sub (local.get 0) (i32.const 1))
      (call $push (i32.mul (local.get 0) (i32.const 3)) (local.get 1))
      (i32.rem_u (local.get 0) (i32.const 3))))

  (func $third (type $step)
    (return_call $even (local.get 0) (call $push (i32.const 9) (local.get 1))))

  ;; Keeps no more than sixteen cells alive.
  (func $push (param $value i32) (param $rest (ref null $cell)) (result (ref $cell))
    (if (i32.eqz (i32.and (local.get $value) (i32.const 15)))
      (then (return (struct.new $cell (call $fold (local.get $rest) (local.get $value)) (ref.null $cell)))))
    (struct.new $cell (local.get $value) (local.get $rest)))

  (func $fold (param $list (ref null $cell)) (param $hash i32) (result i32)
    (if (ref.is_null (local.get $list)) (then (return (local.get $hash))))
    (return_call $fold
      (struct.get $cell $rest (local.get $list))
      (i32.add (i32.mul (local.get $hash) (i32.const 31)) (struct.get $cell $value (local.get $list)))))

  (func (export "run") (param i32) (result i32)
    (call $even (local.get 0) (ref.null $cell))))
