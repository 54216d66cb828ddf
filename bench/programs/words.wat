;; Words counted by an open hash table in the program's own memory, byte by byte, beside a heap that has one object.
;; run(n): a checksum of the counts of the words in n bytes of text, n at most 2^19.
;;
;;     0x00000 … text      0x80000 … table: 2^14 pairs of hash and count
(module
  (type $result (struct (field (mut i32))))
  (memory 10)
  (global $result (ref $result) (struct.new $result (i32.const 0)))
  ;; Words of one to four letters of six, and spaces.
  (func $write (param $n i32) (local $seed i32) (local $at i32)
    (local.set $seed (i32.const 7))
    (loop $each
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store8 (local.get $at)
        (select (i32.const 32) (i32.add (i32.const 97) (i32.rem_u (i32.shr_u (local.get $seed) (i32.const 20)) (i32.const 6)))
          (i32.eqz (i32.and (local.get $seed) (i32.const 0x30000000)))))
      (br_if $each (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $n)))))
  (func $count (param $hash i32) (local $slot i32) (local $found i32)
    (local.set $slot (i32.and (i32.mul (local.get $hash) (i32.const 0x9e3779b1)) (i32.const 0x3fff)))
    (loop $probe
      (local.set $found (i32.load offset=0x80000 (i32.shl (local.get $slot) (i32.const 3))))
      (if (i32.eqz (local.get $found))
        (then (i32.store offset=0x80000 (i32.shl (local.get $slot) (i32.const 3)) (local.tee $found (local.get $hash)))))
      (if (i32.ne (local.get $found) (local.get $hash))
        (then
          (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 1)) (i32.const 0x3fff)))
          (br $probe))))
    (local.set $slot (i32.shl (local.get $slot) (i32.const 3)))
    (i32.store offset=0x80004 (local.get $slot) (i32.add (i32.load offset=0x80004 (local.get $slot)) (i32.const 1))))
  ;; What the last letters of a word spell in base 8: 2^14 words at most, but none is 0.
  (func $read (param $n i32) (local $at i32) (local $byte i32) (local $hash i32)
    (loop $each
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 32))
        (then
          (if (local.get $hash) (then (call $count (local.get $hash))))
          (local.set $hash (i32.const 0)))
        (else
          (local.set $hash (i32.and (i32.const 0x3fff)
            (i32.add (i32.shl (local.get $hash) (i32.const 3)) (i32.sub (local.get $byte) (i32.const 96)))))))
      (br_if $each (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $n)))))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (call $write (local.get $n))
    (memory.fill (i32.const 0x80000) (i32.const 0) (i32.const 0x20000))
    (call $read (local.get $n))
    (loop $each
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load offset=0x80004 (local.get $i))))
      (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 0x20000))))
    (struct.set $result 0 (global.get $result) (local.get $sum))
    (struct.get $result 0 (global.get $result))))
