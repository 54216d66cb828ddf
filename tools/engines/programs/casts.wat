;; Tests and casts in a small hierarchy, small integers as references, and closures called by reference.
;; run(n): n values of every kind, taken apart again.
(module
  (rec
    (type $code (func (param (ref $closure) i32) (result i32)))
    (type $closure (sub (struct (field $code (ref $code))))))
  (type $adder (sub $closure (struct (field $code (ref $code)) (field $by i32))))
  (type $twice (sub $closure (struct (field $code (ref $code)) (field $inner (ref $closure)))))
  (type $values (array (mut anyref)))
  (elem declare func $add $apply-twice)

  (func $add (type $code)
    (i32.add (local.get 1) (struct.get $adder $by (ref.cast (ref $adder) (local.get 0)))))
  (func $apply-twice (type $code) (local $inner (ref $closure))
    (local.set $inner (struct.get $twice $inner (ref.cast (ref $twice) (local.get 0))))
    (call $call (local.get $inner) (call $call (local.get $inner) (local.get 1))))
  (func $call (param $f (ref $closure)) (param $x i32) (result i32)
    (call_ref $code (local.get $f) (local.get $x) (struct.get $closure $code (local.get $f))))

  (func $make (param $i i32) (result anyref) (local $kind i32)
    (local.set $kind (i32.rem_u (local.get $i) (i32.const 5)))
    (if (i32.eqz (local.get $kind)) (then (return (ref.i31 (i32.sub (local.get $i) (i32.const 500))))))
    (if (i32.eq (local.get $kind) (i32.const 1)) (then (return (struct.new $adder (ref.func $add) (local.get $i)))))
    (if (i32.eq (local.get $kind) (i32.const 2))
      (then (return (struct.new $twice (ref.func $apply-twice) (struct.new $adder (ref.func $add) (local.get $i))))))
    (if (i32.eq (local.get $kind) (i32.const 3)) (then (return (ref.null any))))
    (array.new $values (ref.i31 (local.get $i)) (i32.const 3)))

  (func $take (param $value anyref) (result i32)
    (block $null
      (block $small (result (ref i31))
        (block $closure (result (ref $closure))
          (block $values (result (ref $values))
            (br_on_null $null (local.get $value))
            (br_on_cast $small (ref any) (ref i31))
            (br_on_cast $closure (ref any) (ref $closure))
            (br_on_cast $values (ref any) (ref $values))
            (unreachable))
          (return (i31.get_u (ref.cast (ref i31) (array.get $values (i32.const 2))))))
        (return (i32.add (call $call (i32.const 100)) (ref.test (ref $twice) (local.get $value)))))
      (return (i31.get_s)))
    (i32.const 77))

  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $hash i32) (local $values (ref $values))
    (local.set $values (array.new_default $values (i32.const 16)))
    (loop $more
      (array.set $values (local.get $values) (i32.and (local.get $i) (i32.const 15)) (call $make (local.get $i)))
      (local.set $hash
        (i32.add (i32.mul (local.get $hash) (i32.const 31))
          (call $take (array.get $values (local.get $values)
            (i32.and (i32.mul (local.get $i) (i32.const 7)) (i32.const 15))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $hash)))
