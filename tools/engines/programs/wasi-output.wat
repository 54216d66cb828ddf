;; A program for WASI: the lines of a song, built on the heap, copied into the memory and written to standard output.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (type $text (array (mut i8)))
  (type $line (struct (field $text (ref $text)) (field $next (ref null $line))))
  (memory (export "memory") 1)
  (data $bottles " green bottles hanging on the wall\n")

  (func $make (param $count i32) (result (ref $text)) (local $text (ref $text))
    (local.set $text (array.new_default $text (i32.const 37)))
    (array.set $text (local.get $text) (i32.const 0) (i32.add (i32.const 48) (i32.div_u (local.get $count) (i32.const 10))))
    (array.set $text (local.get $text) (i32.const 1) (i32.add (i32.const 48) (i32.rem_u (local.get $count) (i32.const 10))))
    (array.init_data $text $bottles (local.get $text) (i32.const 2) (i32.const 0) (i32.const 35))
    (local.get $text))

  (func $write (param $text (ref $text)) (local $i i32)
    (loop $more
      (i32.store8 offset=1024 (local.get $i) (array.get_u $text (local.get $text) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (array.len (local.get $text)))))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (array.len (local.get $text)))
    (if (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)) (then (call $proc_exit (i32.const 9))))
    (if (i32.ne (i32.load (i32.const 24)) (array.len (local.get $text))) (then (call $proc_exit (i32.const 8)))))

  (func (export "_start") (local $lines (ref null $line)) (local $count i32)
    (loop $more
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (local.set $lines (struct.new $line (call $make (local.get $count)) (local.get $lines)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 99))))
    (loop $more
      (call $write (struct.get $line $text (local.get $lines)))
      (br_if $more (i32.eqz (ref.is_null (local.tee $lines (struct.get $line $next (local.get $lines)))))))))
