;; A list of named values that belong to JavaScript: `add` puts one in front, `each` hands them all to the host, and `waste` makes
;; entries of which nobody keeps any but the last.
(module
  (type $entry (struct (field $name externref) (field $value externref) (field $rest (ref null $entry))))
  (import "host" "visit" (func $visit (param externref externref)))
  (global $last (mut (ref null $entry)) (ref.null $entry))

  (func (export "add") (param $list (ref null $entry)) (param $name externref) (param $value externref) (result (ref $entry))
    (struct.new $entry (local.get $name) (local.get $value) (local.get $list)))

  (func (export "waste") (param $count i32)
    (loop $more
      (global.set $last (struct.new $entry (ref.null extern) (ref.null extern) (ref.null $entry)))
      (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func (export "each") (param $list (ref null $entry))
    (block $done
      (loop $more
        (br_if $done (ref.is_null (local.get $list)))
        (call $visit
          (struct.get $entry $name (local.get $list))
          (struct.get $entry $value (local.get $list)))
        (local.set $list (struct.get $entry $rest (local.get $list)))
        (br $more)))))
