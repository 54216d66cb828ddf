/**
 * Objects that the linker lays out, compiled: to a program they are objects like others, with an identity, a type, fields that
 * change, and references that every collection must find. `test/link/static-objects.test.ts` tells which objects these are.
 */
import { agreesWhenStressed, agreesWithNative, type Program } from "./agreement.ts";

function agrees(program: Program): void {
  agreesWithNative(program);
  agreesWhenStressed(program);
}

/** `$node` and `$box` have a mutable field for references; `$churn` makes rubbish. */
const PRELUDE = `
  (type $node (sub (struct (field $value i32) (field $next (mut (ref null $node))))))
  (type $leaf (sub final $node (struct (field i32) (field (mut (ref null $node))) (field $more (mut anyref)))))
  (type $box (struct (field $any (mut anyref)) (field $count (mut i32))))
  (type $nodes (array (mut (ref null $node))))
  (type $words (array (mut i32)))
  (func $churn (param i32)
    (loop $again
      (drop (struct.new $node (local.get 0) (ref.null $node)))
      (br_if $again (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))`;

const CHAIN_LENGTH = 3000;
const chain = Array.from({ length: CHAIN_LENGTH }, (_, i) => {
  const next = i === 0 ? "(ref.null $node)" : `(global.get $g${i - 1})`;
  return `(global $g${i} (ref $node) (struct.new $node (i32.const ${i * 7}) ${next}))`;
});

agrees({
  name: "a chain of thousands of globals",
  args: [1, 2],
  wat: `(module ${PRELUDE} ${chain.join("\n")}
    (func (export "run") (param i32) (result i32) (local $at (ref null $node)) (local $sum i32)
      (call $churn (i32.const 30))
      (local.set $at (global.get $g${CHAIN_LENGTH - 1}))
      (loop $again
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (struct.get $node $value (local.get $at))))
        (br_if $again (i32.eqz (ref.is_null (local.tee $at (struct.get $node $next (local.get $at)))))))
      (i32.mul (local.get $sum) (local.get 0))))`,
});

agrees({
  name: "fields and elements of static objects hold the only references to objects of the heap",
  args: [3, 1, 4, 1, 5],
  wat: `(module ${PRELUDE}
    (global $head (ref $node) (struct.new $node (i32.const 0) (ref.null $node)))
    (global $leaf (ref $leaf) (struct.new_default $leaf))
    (global $box (ref $box) (struct.new $box (ref.i31 (i32.const 3)) (i32.const 0)))
    (global $array (ref $nodes) (array.new_default $nodes (i32.const 5)))
    (global $pair (ref $nodes) (array.new_fixed $nodes 2 (global.get $head) (global.get $leaf)))
    (func $push (param $to (ref $node)) (param $value i32)
      (struct.set $node $next (local.get $to)
        (struct.new $node (local.get $value) (struct.get $node $next (local.get $to)))))
    (func $sum (param $at (ref null $node)) (result i32) (local $sum i32)
      (loop $again
        (if (ref.is_null (local.get $at)) (then (return (local.get $sum))))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
          (struct.get $node $value (local.get $at))))
        (local.set $at (struct.get $node $next (local.get $at)))
        (br $again))
      (unreachable))
    (func (export "run") (param $n i32) (result i32)
      (call $push (global.get $head) (local.get $n))
      (call $push (global.get $leaf) (i32.mul (local.get $n) (i32.const 10)))
      (call $churn (i32.const 200))
      (struct.set $leaf $more (global.get $leaf) (struct.new $node (local.get $n) (global.get $head)))
      (struct.set $box $count (global.get $box) (i32.add (struct.get $box $count (global.get $box)) (i32.const 1)))
      (struct.set $box $any (global.get $box) (struct.new $node (local.get $n) (ref.null $node)))
      (array.set $nodes (global.get $array) (local.get $n)
        (struct.new $node (local.get $n) (array.get $nodes (global.get $array) (i32.const 1))))
      (call $churn (i32.const 200))
      (array.set $nodes (global.get $pair) (i32.const 1) (array.get $nodes (global.get $array) (local.get $n)))
      (call $churn (i32.const 200))
      (i32.add
        (i32.add (call $sum (global.get $head)) (call $sum (global.get $leaf)))
        (i32.add
          (i32.add (call $sum (array.get $nodes (global.get $pair) (i32.const 1)))
            (call $sum (ref.cast (ref $node) (struct.get $box $any (global.get $box)))))
          (i32.add (struct.get $box $count (global.get $box))
            (call $sum (ref.cast (ref $node) (struct.get $leaf $more (global.get $leaf)))))))))`,
});

agrees({
  name: "static objects have an identity",
  args: [0, 1, 2, 3, 4, 5, 6],
  wat: `(module ${PRELUDE}
    (global $a (ref $node) (struct.new $node (i32.const 1) (ref.null $node)))
    (global $b (ref $node) (struct.new $node (i32.const 1) (ref.null $node)))
    (global $alias (ref null $node) (global.get $a))
    (global $both (ref $nodes) (array.new_fixed $nodes 3
      (global.get $a) (struct.new $node (i32.const 1) (ref.null $node)) (struct.new $node (i32.const 1) (ref.null $node))))
    (global $same (ref $nodes) (array.new $nodes (struct.new $node (i32.const 1) (ref.null $node)) (i32.const 2)))
    (func $at (param i32) (result (ref null $node)) (array.get $nodes (global.get $both) (local.get 0)))
    (func (export "run") (param i32) (result i32)
      (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 (local.get 0)))
        (return (ref.eq (global.get $a) (global.get $b))))
        (return (ref.eq (global.get $a) (global.get $alias))))
        (return (ref.eq (global.get $a) (call $at (i32.const 0)))))
        (return (ref.eq (call $at (i32.const 1)) (call $at (i32.const 2)))))
        (return (ref.eq (array.get $nodes (global.get $same) (i32.const 0))
          (array.get $nodes (global.get $same) (i32.const 1)))))
        (return (ref.eq (global.get $a) (struct.new $node (i32.const 1) (ref.null $node)))))
      (ref.is_null (global.get $alias))))`,
});

agrees({
  name: "casts to and from static objects",
  args: [0, 1, 2, 3, 4, 5],
  wat: `(module ${PRELUDE}
    (type $f (func (result i32)))
    (global $node anyref (struct.new $node (i32.const 5) (ref.null $node)))
    (global $leaf (ref null struct) (struct.new $leaf (i32.const 6) (ref.null $node) (ref.null any)))
    (global $words eqref (array.new $words (i32.const 9) (i32.const 4)))
    (global $small anyref (ref.i31 (i32.const -8)))
    (global $none anyref (ref.null any))
    (global $func funcref (ref.func $seven))
    (func $seven (result i32) (i32.const 7))
    (func $pick (param i32) (result anyref)
      (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 (local.get 0)))
        (return (global.get $node)))
        (return (global.get $leaf)))
        (return (global.get $words)))
        (return (global.get $small)))
      (global.get $none))
    (func (export "run") (param i32) (result i32) (local $any anyref)
      (if (i32.eq (local.get 0) (i32.const 5))
        (then (return (call_ref $f (ref.cast (ref $f) (global.get $func))))))
      (local.set $any (call $pick (local.get 0)))
      (i32.add
        (i32.add (i32.add (ref.test (ref $node) (local.get $any))
          (i32.shl (ref.test (ref $leaf) (local.get $any)) (i32.const 1)))
          (i32.add (i32.shl (ref.test (ref $words) (local.get $any)) (i32.const 2))
            (i32.shl (ref.test (ref null array) (local.get $any)) (i32.const 3))))
        (i32.add (i32.add (i32.shl (ref.test (ref struct) (local.get $any)) (i32.const 4))
          (i32.shl (ref.test (ref i31) (local.get $any)) (i32.const 5)))
          (i32.add (i32.shl (ref.test (ref eq) (local.get $any)) (i32.const 6))
            (block $not (result i32)
              (drop (block $no (result anyref)
                (br $not (struct.get $node $value (br_on_cast_fail $no anyref (ref $node) (local.get $any))))))
              (i32.const 1000)))))))`,
});

agrees({
  name: "fields of every storage type",
  args: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  wat: `(module ${PRELUDE}
    (type $f (func (result i32)))
    (type $all (struct (field i8) (field i64) (field i16) (field f32) (field f64) (field v128) (field (ref $f))
      (field i31ref) (field (mut i8)) (field i32)))
    (type $bytes (array (mut i8)))
    (type $longs (array i64))
    (global $k i32 (i32.const 70000))
    (func $seven (result i32) (i32.const 7))
    (elem declare func $seven)
    (global $all (ref $all) (struct.new $all
      (i32.const 0x1ff) (i64.sub (i64.const 5) (i64.const 0x123456789ab)) (i32.const 0x18765) (f32.const nan:0x200001)
      (f64.const -0.1) (v128.const i32x4 1 -2 3 4) (ref.func $seven) (ref.i31 (i32.const -9)) (i32.const 200)
      (i32.mul (global.get $k) (i32.const -3))))
    (global $bytes (ref $bytes) (array.new $bytes (i32.const 0xabcd) (i32.const 5)))
    (global $longs (ref $longs) (array.new_fixed $longs 3 (i64.const -1) (i64.const 0x7766554433221100) (i64.const 4)))
    (func (export "run") (param i32) (result i32)
      (block $11 (block $10 (block $9 (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 (local.get 0)))
        (return (i32.add (struct.get_s $all 0 (global.get $all)) (struct.get_u $all 8 (global.get $all)))))
        (return (i32.wrap_i64 (i64.shr_s (struct.get $all 1 (global.get $all)) (i64.const 16)))))
        (return (struct.get_s $all 2 (global.get $all))))
        (return (i32.reinterpret_f32 (struct.get $all 3 (global.get $all)))))
        (return (i32.wrap_i64 (i64.reinterpret_f64 (struct.get $all 4 (global.get $all))))))
        (return (i32x4.extract_lane 1 (struct.get $all 5 (global.get $all)))))
        (return (call_ref $f (struct.get $all 6 (global.get $all)))))
        (return (i31.get_s (struct.get $all 7 (global.get $all)))))
        (return (struct.get $all 9 (global.get $all))))
        (return (i32.add (array.get_u $bytes (global.get $bytes) (i32.const 4)) (array.len (global.get $bytes)))))
        (return (i32.wrap_i64 (i64.shr_u (array.get $longs (global.get $longs) (i32.const 1)) (i64.const 24)))))
      (array.get_u $bytes (global.get $bytes) (i32.const 5))))`,
});

agrees({
  name: "a store by one name is seen by the other",
  args: [1, 2, 3],
  wat: `(module ${PRELUDE}
    (global $box (ref $box) (struct.new $box (ref.null any) (i32.const 1)))
    (global $other (ref $box) (struct.new $box (ref.null any) (i32.const 1)))
    (func $by_parameter (param $box (ref $box)) (param $n i32) (result i32) (local $first i32)
      (local.set $first (struct.get $box $count (global.get $box)))
      (struct.set $box $count (local.get $box) (local.get $n))
      (i32.add (i32.mul (local.get $first) (i32.const 100)) (struct.get $box $count (global.get $box))))
    (func $by_global (param $box (ref $box)) (param $n i32) (result i32) (local $first i32)
      (local.set $first (struct.get $box $count (local.get $box)))
      (struct.set $box $count (global.get $box) (local.get $n))
      (i32.add (i32.mul (local.get $first) (i32.const 100)) (struct.get $box $count (local.get $box))))
    (func (export "run") (param i32) (result i32)
      (i32.add
        (i32.add (call $by_parameter (global.get $box) (i32.add (local.get 0) (i32.const 1)))
          (i32.mul (i32.const 10000) (call $by_global (global.get $box) (i32.add (local.get 0) (i32.const 2)))))
        (i32.mul (i32.const 77) (i32.add (call $by_parameter (global.get $other) (local.get 0))
          (call $by_global (global.get $other) (i32.const 5)))))))`,
});

agrees({
  name: "mutable globals and segments begin with static objects",
  args: [0, 1, 2, 3],
  wat: `(module ${PRELUDE}
    (global $fixed (ref $node) (struct.new $node (i32.const 11) (ref.null $node)))
    (global $moving (mut (ref null $node)) (struct.new $node (i32.const 12) (global.get $fixed)))
    (global $small (mut anyref) (ref.i31 (i32.const 40)))
    (table $t 4 anyref)
    (elem (table $t) (i32.const 0) anyref
      (item (global.get $fixed)) (item (struct.new $node (i32.const 13) (ref.null $node))) (item (ref.i31 (i32.const 5))))
    (elem $passive (ref null $node)
      (item (global.get $fixed)) (item (ref.null $node)) (item (struct.new $node (i32.const 14) (ref.null $node))))
    (func (export "run") (param i32) (result i32) (local $new (ref $nodes))
      (call $churn (i32.const 20))
      (local.set $new (array.new_elem $nodes $passive (i32.const 0) (i32.const 3)))
      (struct.set $node $next (array.get $nodes (local.get $new) (i32.const 2))
        (struct.new $node (local.get 0) (struct.get $node $next (array.get $nodes (local.get $new) (i32.const 2)))))
      (global.set $moving (struct.new $node (i32.const 100) (global.get $moving)))
      (table.set $t (i32.const 3) (global.get $moving))
      (call $churn (i32.const 50))
      (i32.add
        (i32.add (struct.get $node $value (struct.get $node $next (global.get $moving)))
          (struct.get $node $value (struct.get $node $next (array.get $nodes (local.get $new) (i32.const 2)))))
        (i32.add
          (i32.add (ref.eq (array.get $nodes (local.get $new) (i32.const 0))
              (ref.cast (ref eq) (table.get $t (i32.const 0))))
            (struct.get $node $value (ref.cast (ref $node) (table.get $t (i32.const 1)))))
          (i32.add (i31.get_s (ref.cast i31ref (table.get $t (i32.const 2))))
            (i31.get_s (ref.cast i31ref (global.get $small))))))))`,
});

/** Arrays too large to be laid out, and what refers to them: some hundreds, so that there are several initialisers. */
const large = Array.from({ length: 600 }, (_, i) => {
  const before = i === 0 ? "(ref.null $holder)" : `(global.get $h${i - 1})`;
  return `(global $h${i} (ref $holder)
    (struct.new $holder (array.new $words (i32.const ${i}) (i32.const 1100)) ${before}))`;
});

agrees({
  name: "what is not laid out is made in order, whatever function does it",
  args: [0, 1, 255, 256, 257, 599, 600],
  wat: `(module ${PRELUDE}
    (type $holder (struct (field (ref $words)) (field (ref null $holder))))
    ${large.join("\n")}
    (func $at (param i32) (result (ref $holder)) (local $at (ref $holder))
      (local.set $at (global.get $h599))
      (loop $again
        (if (i32.eqz (local.get 0)) (then (return (local.get $at))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (local.set $at (ref.as_non_null (struct.get $holder 1 (local.get $at))))
        (br $again))
      (unreachable))
    (func (export "run") (param i32) (result i32)
      (i32.add (array.get $words (struct.get $holder 0 (call $at (local.get 0))) (i32.const 1099))
        (ref.eq (global.get $h256) (call $at (i32.const 343))))))`,
});
