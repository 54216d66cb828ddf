;; Exceptions that carry references through frames which hold others, caught by tag, by all, and thrown on.
;; run(n): throws and catches n times, lets what it allocates be collected meanwhile, and gives a checksum.
(module
  (type $box (struct (field $value i32)))
  (type $pair (struct (field $left (ref $box)) (field $right (ref null $box))))
  (tag $boxed (param (ref $box)))
  (tag $numbers (param i32 i64))
  (tag $plain)

  (func $throw (param $i i32)
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 3)))
      (then (throw $boxed (struct.new $box (local.get $i)))))
    (if (i32.eq (i32.rem_u (local.get $i) (i32.const 3)) (i32.const 1))
      (then (throw $numbers (local.get $i) (i64.shl (i64.const 1) (i64.extend_i32_u (i32.and (local.get $i) (i32.const 63)))))))
    (throw $plain))

  ;; A frame with a live object, which does not catch.
  (func $through (param $i i32) (result i32) (local $pair (ref $pair))
    (local.set $pair (struct.new $pair (struct.new $box (local.get $i)) (ref.null $box)))
    (if (i32.ne (i32.and (local.get $i) (i32.const 7)) (i32.const 5)) (then (call $throw (local.get $i))))
    (struct.get $box $value (struct.get $pair $left (local.get $pair))))

  ;; Catches all, allocates, and throws on.
  (func $again (param $i i32) (result i32) (local $kept (ref $box))
    (local.set $kept (struct.new $box (i32.mul (local.get $i) (i32.const 7))))
    (block $caught (result exnref)
      (return (try_table (result i32) (catch_all_ref $caught) (call $through (local.get $i)))))
    (if (i32.eqz (struct.get $box $value (local.get $kept))) (then (drop (struct.new $box (i32.const 1)))))
    (throw_ref))

  (func $catch (param $i i32) (result i32) (local $kept (ref $box)) (local $wide i64)
    (local.set $kept (struct.new $box (local.get $i)))
    (block $plain
      (block $numbers (result i32 i64)
        (block $boxed (result (ref $box))
          (return
            (i32.add (i32.const 1000)
              (try_table (result i32) (catch $boxed $boxed) (catch $numbers $numbers) (catch_all $plain)
                (call $again (local.get $i))))))
        (return (i32.add (struct.get $box $value) (struct.get $box $value (local.get $kept)))))
      (local.set $wide)
      (return (i32.xor (i32.wrap_i64 (i64.shr_u (local.get $wide) (i64.const 3))))))
    (i32.sub (i32.const 0) (struct.get $box $value (local.get $kept))))

  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $hash i32)
    (loop $more
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (call $catch (local.get $i))))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $hash)))
