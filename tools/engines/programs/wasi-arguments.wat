;; A program for WASI: its arguments in reverse order, a clock that does not run backwards, and an exit code.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (type $text (array (mut i8)))
  (type $texts (array (mut (ref null $text))))
  (memory (export "memory") 1)

  (func $clock (result i64)
    (if (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 0)) (then (call $proc_exit (i32.const 9))))
    (i64.load (i32.const 0)))

  ;; The zero-terminated text at an address.
  (func $read (param $from i32) (result (ref $text)) (local $length i32) (local $i i32) (local $text (ref $text))
    (block $end
      (loop $more
        (br_if $end (i32.eqz (i32.load8_u (i32.add (local.get $from) (local.get $length)))))
        (local.set $length (i32.add (local.get $length) (i32.const 1)))
        (br $more)))
    (local.set $text (array.new_default $text (local.get $length)))
    (block $end
      (loop $more
        (br_if $end (i32.ge_u (local.get $i) (local.get $length)))
        (array.set $text (local.get $text) (local.get $i) (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more)))
    (local.get $text))

  (func $write (param $text (ref $text)) (local $i i32)
    (block $end
      (loop $more
        (br_if $end (i32.ge_u (local.get $i) (array.len (local.get $text))))
        (i32.store8 offset=4096 (local.get $i) (array.get_u $text (local.get $text) (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more)))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store8 offset=4096 (array.len (local.get $text)) (i32.const 10))
    (i32.store (i32.const 20) (i32.add (array.len (local.get $text)) (i32.const 1)))
    (if (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)) (then (call $proc_exit (i32.const 8)))))

  (func (export "_start") (local $count i32) (local $i i32) (local $texts (ref $texts)) (local $time i64)
    (local.set $time (call $clock))
    (if (call $args_sizes_get (i32.const 0) (i32.const 4)) (then (call $proc_exit (i32.const 7))))
    (local.set $count (i32.load (i32.const 0)))
    (if (call $args_get (i32.const 64) (i32.const 1024)) (then (call $proc_exit (i32.const 6))))
    (local.set $texts (array.new_default $texts (local.get $count)))
    (local.set $i (i32.const 1))
    (loop $more
      (array.set $texts (local.get $texts) (local.get $i)
        (call $read (i32.load offset=64 (i32.shl (local.get $i) (i32.const 2)))))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (loop $more
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (call $write (ref.as_non_null (array.get $texts (local.get $texts) (local.get $i))))
      (br_if $more (i32.gt_u (local.get $i) (i32.const 1))))
    (if (i64.lt_u (call $clock) (local.get $time)) (then (call $proc_exit (i32.const 5))))
    (call $proc_exit (i32.add (i32.const 40) (local.get $count)))))
