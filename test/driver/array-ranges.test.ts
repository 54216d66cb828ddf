/** Ranges of arrays, compiled: copies that overlap, fills, elements from data segments, and the traps of each. */
import { agreesWithNative } from "./agreement.ts";

const BOXES = `
  (type $box (struct (field i32)))
  (type $boxes (array (mut (ref null $box))))
  (type $any (array (mut anyref)))
  (func $boxes (param i32) (result (ref $boxes)) (local $a (ref $boxes))
    (local.set $a (array.new_default $boxes (local.get 0)))
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (array.set $boxes (local.get $a) (local.get 0) (struct.new $box (i32.add (i32.const 1) (local.get 0))))
      (br_if $again (local.get 0)))
    (local.get $a))
  (func $digits (param $a (ref $boxes)) (result i32) (local $i i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 11))
        (if (result i32) (ref.is_null (array.get $boxes (local.get $a) (local.get $i)))
          (then (i32.const 0))
          (else (struct.get $box 0 (array.get $boxes (local.get $a) (local.get $i)))))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $a)))))
    (local.get $sum))`;

agreesWithNative({
  name: "references are copied within an array, forwards and backwards, and to one of a supertype",
  args: [0, 1, 2, 3, 4, 5, 6, 7, 0],
  wat: `(module ${BOXES}
    (func (export "run") (param i32) (result i32) (local $a (ref $boxes)) (local $b (ref $any))
      (local.set $a (call $boxes (i32.const 6)))
      (if (i32.eq (local.get 0) (i32.const 0))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 2) (local.get $a) (i32.const 0) (i32.const 4))))
      (if (i32.eq (local.get 0) (i32.const 1))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 0) (local.get $a) (i32.const 2) (i32.const 4))))
      (if (i32.eq (local.get 0) (i32.const 2))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 6) (local.get $a) (i32.const 6) (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 3))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 3) (local.get $a) (i32.const 0) (i32.const 4))))
      (if (i32.eq (local.get 0) (i32.const 4))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 0) (local.get $a) (i32.const 7) (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 5))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 1) (ref.null $boxes) (i32.const 0) (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 6))
        (then (array.copy $boxes $boxes (local.get $a) (i32.const 2) (local.get $a) (i32.const 1) (i32.const -1))))
      (if (i32.eq (local.get 0) (i32.const 7))
        (then
          (local.set $b (array.new $any (ref.i31 (i32.const 1)) (i32.const 8)))
          (array.copy $any $boxes (local.get $b) (i32.const 1) (local.get $a) (i32.const 3) (i32.const 3))
          (drop (call $boxes (i32.const 3)))
          (array.set $boxes (local.get $a) (i32.const 0)
            (ref.cast (ref $box) (array.get $any (local.get $b) (i32.const 2))))))
      (drop (call $boxes (i32.const 10)))
      (call $digits (local.get $a))))`,
});

agreesWithNative({
  name: "a fill with a reference, a null, and past the end",
  args: [0, 1, 2, 3, 4, 5],
  wat: `(module ${BOXES}
    (func (export "run") (param $from i32) (result i32) (local $a (ref $boxes))
      (local.set $a (call $boxes (i32.const 5)))
      (array.fill $boxes (local.get $a) (local.get $from) (struct.new $box (i32.const 9)) (i32.const 2))
      (array.fill $boxes (local.get $a) (i32.const 4) (ref.null none) (i32.const 1))
      (drop (call $boxes (i32.const 10)))
      (call $digits (local.get $a))))`,
});

const FILLED: readonly (readonly [string, string, string])[] = [
  ["i8", "array.get_s", "i32.const -3"],
  ["i16", "array.get_u", "i32.const -3"],
  ["i32", "array.get", "i32.const 70000"],
  ["i64", "array.get", "i64.const 5000000000"],
  ["f32", "array.get", "f32.const 2.5"],
  ["f64", "array.get", "f64.const -7.25"],
];
const TO_I32: Readonly<Record<string, string>> = {
  i64: "i32.wrap_i64",
  f32: "i32.trunc_f32_s",
  f64: "i32.trunc_f64_s",
};
for (const [type, get, value] of FILLED) {
  const element = `(${get} $a (local.get $a) (local.get $i))`;
  agreesWithNative({
    name: `arrays of ${type} are filled and copied`,
    args: [0, 1, 3, 7, 8, 9, -1],
    wat: `(module
      (type $a (array (mut ${type})))
      (func (export "run") (param $from i32) (result i32) (local $a (ref $a)) (local $i i32) (local $sum i32)
        (local.set $a (array.new_default $a (i32.const 10)))
        (array.fill $a (local.get $a) (local.get $from) (${value}) (i32.const 2))
        (array.copy $a $a (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 9))
        (loop $again
          (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3))
            ${TO_I32[type] === undefined ? element : `(${TO_I32[type]} ${element})`}))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
        (local.get $sum)))`,
  });
}

const FROM_DATA = `
  (type $bytes (array (mut i8)))
  (type $shorts (array (mut i16)))
  (type $longs (array (mut i64)))
  (data $text "compiled to core Wasm")
  (data $empty "")`;

agreesWithNative({
  name: "arrays are made of data segments until these are dropped",
  args: [0, 1, 2, 5, 6, 7, 22, -1, 100, 0, 101, 102],
  wat: `(module ${FROM_DATA}
    (func $rubbish (drop (array.new $longs (i64.const -1) (i32.const 50))))
    (func (export "run") (param $n i32) (result i32) (local $s (ref $shorts)) (local $i i32) (local $sum i32)
      (if (i32.eq (local.get $n) (i32.const 100)) (then (data.drop $text) (return (i32.const -1))))
      (if (i32.eq (local.get $n) (i32.const 101))
        (then (return (array.len (array.new_data $bytes $text (i32.const 0) (i32.const 0))))))
      (if (i32.eq (local.get $n) (i32.const 102))
        (then (return (array.len (array.new_data $bytes $empty (i32.const 0) (i32.const 0))))))
      (call $rubbish)
      (local.set $s (array.new_data $shorts $text (local.get $n) (i32.const 8)))
      (call $rubbish)
      (loop $again
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
          (array.get_u $shorts (local.get $s) (local.get $i))))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
      (i32.add (local.get $sum)
        (i32.wrap_i64 (array.get $longs (array.new_data $longs $text (local.get $n) (i32.const 2)) (i32.const 1))))))`,
});

agreesWithNative({
  name: "elements come out of data segments",
  args: [0, 3, 5, 6, 7, -1, 1000, 0],
  wat: `(module ${FROM_DATA}
    (func (export "run") (param $n i32) (result i32) (local $a (ref $bytes)) (local $i i32) (local $sum i32)
      (if (i32.eq (local.get $n) (i32.const 1000))
        (then
          (data.drop $text)
          (array.init_data $bytes $text (array.new_default $bytes (i32.const 2)) (i32.const 2) (i32.const 0)
            (i32.const 0))
          (return (i32.const -1))))
      (local.set $a (array.new $bytes (i32.const 1) (i32.const 12)))
      (array.init_data $bytes $text (local.get $a) (local.get $n) (i32.const 4) (i32.const 6))
      (drop (array.new $bytes (i32.const 77) (i32.const 100)))
      (loop $again
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
          (array.get_u $bytes (local.get $a) (local.get $i))))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12))))
      (if (i32.eq (local.get $n) (i32.const 6))
        (then (array.init_data $bytes $text (ref.null $bytes) (i32.const 0) (i32.const 0) (i32.const 0))))
      (local.get $sum)))`,
});
