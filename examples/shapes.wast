;; A script in the form of the specification's own tests: a module, and what is to be true of it.
;;
;;     spillway wast examples/shapes.wast
(module
  (type $shape (sub (struct (field $side i32))))
  (type $square (sub final $shape (struct (field $side i32))))
  (type $box (sub final $shape (struct (field $side i32) (field $height i32))))

  (func $area (export "area") (param $shape (ref null $shape)) (result i32)
    (block $is-box (result (ref $box))
      (return
        (i32.mul
          (struct.get $shape $side (br_on_cast $is-box (ref null $shape) (ref $box) (local.get $shape)))
          (struct.get $shape $side (local.get $shape)))))
    (i32.mul (struct.get $box $side) (struct.get $box $height (ref.cast (ref $box) (local.get $shape)))))

  (func (export "square") (param i32) (result (ref $square)) (struct.new $square (local.get 0)))
  (func (export "area-of-square") (param i32) (result i32)
    (call $area (struct.new $square (local.get 0))))
  (func (export "area-of-box") (param i32 i32) (result i32)
    (call $area (struct.new $box (local.get 0) (local.get 1))))
  (func (export "area-of-none") (result i32)
    (call $area (ref.null $shape)))
  (func (export "square-as-box") (param i32) (result i32)
    (struct.get $box $height (ref.cast (ref $box) (struct.new $shape (local.get 0))))))

(assert_return (invoke "area-of-square" (i32.const 7)) (i32.const 49))
(assert_return (invoke "area-of-box" (i32.const 7) (i32.const 3)) (i32.const 21))
(assert_return (invoke "square" (i32.const 7)) (ref.struct))
(assert_trap (invoke "area-of-none") "null structure reference")
(assert_trap (invoke "square-as-box" (i32.const 7)) "cast failure")

(assert_invalid
  (module
    (type $shape (sub (struct (field $side i32))))
    (func (param (ref $shape)) (result i32) (struct.get $shape 1 (local.get 0))))
  "unknown field")
