/** Null checks that stay: a value is not known to be something where the check that says so is still to come. */
import { agreesForTargets, agreesWithNative } from "./agreement.ts";

agreesWithNative({
  name: "what a function may not give is checked, whoever passes it on",
  args: [0, 1, 2, 3],
  wat: `(module
    (type $box (struct (field i32)))
    (func $some (param (ref null $box)) (result (ref $box)) (ref.as_non_null (local.get 0)))
    (func $none (result (ref none)) (ref.as_non_null (ref.null none)))
    (func $block (param (ref null $box)) (result i32)
      (block $out (result (ref $box)) (br $out (ref.as_non_null (local.get 0))))
      (drop)
      (i32.const 5))
    (func (export "run") (param i32) (result i32)
      (if (i32.eq (local.get 0) (i32.const 1)) (then (drop (call $some (ref.null $box)))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (call $none))))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (return (call $block (ref.null $box)))))
      (struct.get $box 0 (call $some (struct.new $box (i32.const 9))))))`,
});

/** Tests and casts of what may be null, of a final type, an open one and one below it, in each form; and what is known behind them. */
const NULLABLE_TESTS = {
  name: "null is of no type",
  args: Array.from({ length: 40 }, (_, i) => i),
  wat: `(module
    (rec
      (type $open (sub (struct (field i32))))
      (type $below (sub $open (struct (field i32) (field i32))))
      (type $final (sub final $open (struct (field i32) (field i64)))))
    (memory 1)
    (func $make (param i32) (result (ref null $open))
      (if (i32.eqz (local.get 0)) (then (return (ref.null none))))
      (if (i32.eq (local.get 0) (i32.const 1)) (then (return (struct.new $open (i32.const 11)))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (return (struct.new $below (i32.const 12) (i32.const 5)))))
      (struct.new $final (i32.const 13) (i64.const 7)))
    (func $tests (param (ref null $open)) (result i32)
      (i32.add (ref.test (ref $below) (local.get 0))
        (i32.add (i32.mul (i32.const 10) (ref.test (ref null $below) (local.get 0)))
          (i32.add (i32.mul (i32.const 100) (ref.test (ref $final) (local.get 0)))
            (i32.mul (i32.const 1000) (ref.test (ref null $final) (local.get 0)))))))
    (func $cast (param (ref null $open)) (result i32)
      (struct.get $below 1 (ref.cast (ref $below) (local.get 0))))
    (func $castOrNull (param (ref null $open)) (result i32) (local $b (ref null $final))
      (local.set $b (ref.cast (ref null $final) (local.get 0)))
      (if (ref.is_null (local.get $b)) (then (return (i32.const 99))))
      (i32.wrap_i64 (struct.get $final 1 (local.get $b))))
    (func $known (param (ref null $open)) (result i32)
      (if (ref.test (ref $below) (local.get 0))
        (then (return (i32.add (struct.get $open 0 (local.get 0))
          (struct.get $below 1 (ref.cast (ref $below) (local.get 0)))))))
      (if (i32.eqz (ref.test (ref null $final) (local.get 0)))
        (then (return (i32.add (i32.const 1000) (struct.get $open 0 (local.get 0))))))
      (struct.get $open 0 (local.get 0)))
    (func $branches (param (ref null $open)) (result i32)
      (block $no (result (ref null $open))
        (br_on_cast_fail $no (ref null $open) (ref null $below) (local.get 0))
        (return (i32.add (ref.is_null) (i32.const 500))))
      (return (struct.get $open 0)))
    (func (export "run") (param i32) (result i32) (local $ref (ref null $open)) (local $form i32)
      (local.set $ref (call $make (i32.and (local.get 0) (i32.const 3))))
      (local.set $form (i32.shr_u (local.get 0) (i32.const 2)))
      (i32.store (i32.const 0) (i32.const -1))
      (i32.store (i32.const 16) (i32.const -1))
      (if (i32.eqz (local.get $form)) (then (return (call $tests (local.get $ref)))))
      (if (i32.eq (local.get $form) (i32.const 1)) (then (return (call $cast (local.get $ref)))))
      (if (i32.eq (local.get $form) (i32.const 2)) (then (return (call $castOrNull (local.get $ref)))))
      (if (i32.eq (local.get $form) (i32.const 3)) (then (return (call $known (local.get $ref)))))
      (call $branches (local.get $ref))))`,
};
agreesWithNative(NULLABLE_TESTS);
// Where a target has one memory a module, the program's begins at address 0, and is not zero there.
agreesForTargets(NULLABLE_TESTS, ["mvp", "node20", "wasm3.0-nogc"]);
