/** Null checks that stay: a value is not known to be something where the check that says so is still to come. */
import { agreesWithNative } from "./agreement.ts";

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
