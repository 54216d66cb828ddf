/**
 * Globals that hold references, compiled: their values survive every collection, their initialisers run before the module's
 * own start function, and everything gives what the engine's own garbage collector gives.
 */
import { agreesWithNative } from "./agreement.ts";

/** A list in a global, which every collection must find and change; `$churn` makes rubbish. */
const PRELUDE = `
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (type $words (array (mut i32)))
  (type $nodes (array (mut (ref null $node))))
  (func $churn (param i32)
    (loop $again
      (drop (struct.new $node (local.get 0) (ref.null $node)))
      (br_if $again (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))`;

agreesWithNative({
  name: "mutable globals keep what they refer to",
  args: [1, 5, 40],
  wat: `(module ${PRELUDE}
    (global $head (mut (ref null $node)) (ref.null $node))
    (global $count (mut i32) (i32.const 0))
    (global $any (mut anyref) (ref.null any))
    (global $eq (mut eqref) (ref.null eq))
    (global $struct (mut structref) (ref.null struct))
    (global $array (mut arrayref) (ref.null array))
    (func $push (param i32)
      (global.set $head (struct.new $node (local.get 0) (global.get $head)))
      (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "run") (param i32) (result i32) (local $sum i32) (local $at (ref null $node))
      (local.set $sum (ref.is_null (global.get $any)))
      (global.set $array (array.new $words (i32.const 9) (local.get 0)))
      (global.set $struct (struct.new $node (i32.const 1000) (ref.null $node)))
      (global.set $eq (ref.i31 (i32.const -7)))
      (global.set $any (global.get $struct))
      (loop $again
        (call $push (local.get 0))
        (call $churn (i32.const 20))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.set $at (global.get $head))
      (loop $again
        (local.set $sum (i32.add (local.get $sum)
          (i32.mul (global.get $count) (struct.get $node $value (local.get $at)))))
        (br_if $again (i32.eqz (ref.is_null (local.tee $at (struct.get $node $next (local.get $at)))))))
      (local.set $sum (i32.add (local.get $sum) (array.len (global.get $array))))
      (local.set $sum (i32.add (local.get $sum) (i31.get_s (ref.cast i31ref (global.get $eq)))))
      (local.set $sum (i32.add (local.get $sum)
        (array.get $words (ref.cast (ref $words) (global.get $array)) (i32.const 0))))
      (local.set $sum (i32.mul (local.get $sum) (ref.eq (global.get $struct) (ref.cast eqref (global.get $any)))))
      (i32.add (local.get $sum) (struct.get $node $value (ref.cast (ref $node) (global.get $any))))))`,
});

agreesWithNative({
  name: "initialisers are constant expressions of every kind, and come before the start function",
  args: [0, 1, 2, 3, 4, 5, 6, 7],
  wat: `(module ${PRELUDE}
    (global $ten i32 (i32.const 10))
    (global $null (ref null $node) (ref.null $node))
    (global $small (ref i31) (ref.i31 (i32.sub (i32.const 3) (i32.mul (i32.const 2) (i32.const 7)))))
    (global $one (ref $node) (struct.new $node (global.get $ten) (global.get $null)))
    (global $two (mut (ref null $node)) (struct.new $node (i32.const 20) (global.get $one)))
    (global $again (ref $node) (global.get $one))
    (global $blank (ref $node) (struct.new_default $node))
    (global $filled (ref $words) (array.new $words (i32.const 6) (i32.add (global.get $ten) (i32.const 2))))
    (global $zeros (ref $words) (array.new_default $words (i32.const 5)))
    (global $both (ref $nodes)
      (array.new_fixed $nodes 3 (struct.new $node (i32.const 30) (struct.new $node (i32.const 31) (ref.null $node)))
        (global.get $one) (struct.new $node (i32.const 33) (ref.null $node))))
    (global $seen (mut i32) (i32.const 0))
    (func $start (global.set $seen (struct.get $node $value (global.get $two))) (call $churn (i32.const 100)))
    (start $start)
    (func (export "run") (param i32) (result i32)
      (call $churn (i32.const 50))
      (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 (local.get 0)))
        (return (i31.get_s (global.get $small))))
        (return (struct.get $node $value (struct.get $node $next (global.get $two)))))
        (return (ref.eq (global.get $one) (struct.get $node $next (global.get $two)))))
        (return (ref.eq (global.get $one) (global.get $again))))
        (return (i32.add (struct.get $node $value (global.get $blank))
          (ref.is_null (struct.get $node $next (global.get $blank))))))
        (return (i32.mul (array.len (global.get $filled))
          (i32.add (array.get $words (global.get $filled) (i32.const 11)) (array.len (global.get $zeros))))))
        (return (struct.get $node $value
          (struct.get $node $next (array.get $nodes (global.get $both) (i32.const 0))))))
      (i32.add (global.get $seen) (ref.eq (global.get $one) (array.get $nodes (global.get $both) (i32.const 1))))))`,
});
