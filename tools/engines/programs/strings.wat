;; Strings as arrays of 16-bit units: numbers in decimal, concatenation, comparison, a builder that doubles.
;; run(n): the hash of the decimal numbers below n, joined.
(module
  (type $string (array (mut i16)))
  (type $builder (struct (field $units (mut (ref $string))) (field $length (mut i32))))
  (data $comma ",\00 \00")

  (func $append (param $to (ref $builder)) (param $text (ref $string))
    (local $length i32) (local $larger (ref null $string))
    (local.set $length (i32.add (struct.get $builder $length (local.get $to)) (array.len (local.get $text))))
    (if (i32.gt_u (local.get $length) (array.len (struct.get $builder $units (local.get $to))))
      (then
        (local.set $larger (array.new_default $string (i32.shl (local.get $length) (i32.const 1))))
        (array.copy $string $string (local.get $larger) (i32.const 0)
          (struct.get $builder $units (local.get $to)) (i32.const 0) (struct.get $builder $length (local.get $to)))
        (struct.set $builder $units (local.get $to) (ref.as_non_null (local.get $larger)))))
    (array.copy $string $string (struct.get $builder $units (local.get $to)) (struct.get $builder $length (local.get $to))
      (local.get $text) (i32.const 0) (array.len (local.get $text)))
    (struct.set $builder $length (local.get $to) (local.get $length)))

  (func $decimal (param $value i32) (result (ref $string)) (local $digits i32) (local $rest i32) (local $text (ref $string))
    (local.set $rest (local.get $value))
    (loop $more
      (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
      (br_if $more (local.tee $rest (i32.div_u (local.get $rest) (i32.const 10)))))
    (local.set $text (array.new_default $string (local.get $digits)))
    (loop $more
      (local.set $digits (i32.sub (local.get $digits) (i32.const 1)))
      (array.set $string (local.get $text) (local.get $digits)
        (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
      (local.set $value (i32.div_u (local.get $value) (i32.const 10)))
      (br_if $more (local.get $digits)))
    (local.get $text))

  (func $compare (param $a (ref $string)) (param $b (ref $string)) (result i32) (local $i i32) (local $difference i32)
    (loop $more
      (if (i32.ge_u (local.get $i) (array.len (local.get $a)))
        (then (return (i32.sub (array.len (local.get $a)) (array.len (local.get $b))))))
      (if (i32.ge_u (local.get $i) (array.len (local.get $b))) (then (return (i32.const 1))))
      (local.set $difference
        (i32.sub (array.get_u $string (local.get $a) (local.get $i)) (array.get_u $string (local.get $b) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.eqz (local.get $difference))))
    (local.get $difference))

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $hash i32) (local $least (ref $string)) (local $number (ref $string)) (local $to (ref $builder))
    (local.set $to (struct.new $builder (array.new_default $string (i32.const 1)) (i32.const 0)))
    (local.set $least (call $decimal (i32.const 99999)))
    (loop $more
      (local.set $number (call $decimal (i32.mul (local.get $i) (i32.const 0x9e3779b1))))
      (if (i32.lt_s (call $compare (local.get $number) (local.get $least)) (i32.const 0))
        (then (local.set $least (local.get $number))))
      (call $append (local.get $to) (local.get $number))
      (call $append (local.get $to) (array.new_data $string $comma (i32.const 0) (i32.const 2)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (call $append (local.get $to) (local.get $least))
    (local.set $i (i32.const 0))
    (loop $more
      (local.set $hash
        (i32.add (i32.mul (local.get $hash) (i32.const 31))
          (array.get_s $string (struct.get $builder $units (local.get $to)) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (struct.get $builder $length (local.get $to)))))
    (local.get $hash)))
