;; A memory of the program's own beside objects: data, growing while the heap grows too, and bounds that are the program's.
;; run(n): objects and bytes written in turn, and read back; a negative n is an address to load from.
(module
  (type $note (struct (field $at i32) (field $next (ref null $note))))
  (memory 1 3)
  (data (i32.const 100) "the program's own bytes")

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $hash i32) (local $notes (ref null $note))
    (if (i32.lt_s (local.get $n) (i32.const 0))
      (then (return (i32.load8_u (i32.sub (i32.const 0) (local.get $n))))))
    (if (i32.lt_u (i32.shl (memory.size) (i32.const 16)) (i32.const 131072)) (then (drop (memory.grow (i32.const 1)))))
    (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then (unreachable)))
    (loop $more
      (i32.store offset=1000 (i32.and (i32.shl (local.get $i) (i32.const 2)) (i32.const 0x7fff))
        (i32.mul (local.get $i) (i32.const 0x9e3779b1)))
      (local.set $notes
        (struct.new $note
          (i32.add (i32.const 1000) (i32.and (i32.shl (local.get $i) (i32.const 2)) (i32.const 0x7fff)))
          (if (result (ref null $note)) (i32.and (local.get $i) (i32.const 0xff))
            (then (local.get $notes)) (else (ref.null $note)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $n))))
    (loop $more
      (local.set $hash
        (i32.xor (i32.rotl (local.get $hash) (i32.const 5)) (i32.load (struct.get $note $at (local.get $notes)))))
      (br_if $more (i32.eqz (ref.is_null (local.tee $notes (struct.get $note $next (local.get $notes)))))))
    (i64.store (i32.const 131064) (i64.extend_i32_u (local.get $hash)))
    (i32.add (i32.load16_s (i32.const 131064)) (i32.add (local.get $hash) (i32.load8_s offset=100 (i32.const 4))))))
