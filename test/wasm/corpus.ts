/**
 * Small modules that between them use every part of the format: what mutation starts from, and what the
 * encoder must give back byte for byte.
 */
export const CORPUS: readonly string[] = [
  "(module)",
  `(module (import "m" "f" (func (param i32))) (import "m" "t" (table 1 2 funcref)) (import "m" "g" (global (mut i64)))
     (import "m" "mem" (memory 1 2)) (import "m" "e" (tag (param i32)))
     (export "f" (func 0)) (export "t" (table 0)) (export "g" (global 0)) (export "mem" (memory 0)) (export "e" (tag 0)))`,
  `(module $named (memory 1) (data (i32.const 0) "abc") (data "passive")
     (func $f (export "f") (param $x i32) (result i32) (local $y i64 ) (local f32 f32 f64)
       local.get $x i32.load offset=4 align=2 i32.const 200000 i32.add
       i32.const 0 i32.const 0 i32.const 2 memory.init 1 data.drop 1
       i32.const 0 i32.const 1 i32.const 2 memory.copy))`,
  `(module (func (param i32 i64 f32 f64) (result f64)
       local.get 0 if (result f64) local.get 3 f64.sqrt else local.get 2 f64.promote_f32 end
       local.get 1 f64.convert_i64_s f64.add
       block (result f64) f64.const 0x1p-3 local.get 0 br_if 0 drop f64.const nan end f64.min))`,
  `(module (func (param i32) (result i32)
       block block block local.get 0 br_table 0 1 2 1 end i32.const 1 return end i32.const 2 return end
       loop (result i32) i32.const -1 end i64.const -9223372036854775808 i64.popcnt i32.wrap_i64 i32.add))`,
  `(module (type $sig (func (param i32) (result i32))) (table $t 3 10 funcref)
     (elem (i32.const 0) func $f $f) (elem $p funcref (ref.func $f) (ref.null func)) (elem declare func $g)
     (func $f (type $sig) local.get 0) (func $g (type $sig) local.get 0 i32.const 1 call_indirect (type $sig))
     (func (result funcref) i32.const 0 i32.const 1 i32.const 1 table.init $t $p elem.drop $p
       i32.const 1 table.get $t ref.func $g i32.const 1 table.grow $t drop))`,
  `(module (rec (type $node (sub (struct (field $next (mut (ref null $node))) (field $value i32))))
              (type $leaf (sub final $node (struct (field (mut (ref null $node))) (field i32) (field (mut i8))))))
     (type $list (array (mut (ref null $node)))) (type $bytes (array (mut i8)))
     (global $empty (ref $bytes) (array.new_fixed $bytes 2 (i32.const 1) (i32.const 2)))
     (func $make (param i32) (result (ref $leaf)) ref.null $node local.get 0 i32.const 7 struct.new $leaf)
     (func (param anyref) (result i32)
       block $is (result (ref $leaf)) local.get 0 br_on_cast $is anyref (ref $leaf) drop i32.const 0 return end
       struct.get_u $leaf 2)
     (func (param (ref $list) i32) (result i32)
       local.get 0 local.get 1 array.get $list ref.as_non_null struct.get $node $value
       local.get 0 array.len i32.add i32.const 5 ref.i31 i31.get_s i32.add
       local.get 0 i32.const 0 local.get 0 i32.const 1 i32.const 1 array.copy $list $list
       global.get $empty i32.const 0 i32.const 9 i32.const 1 array.fill $bytes))`,
  `(module (tag $e (param i32)) (tag $f)
     (func $thrower (param i32) local.get 0 throw $e)
     (func (result i32)
       block $all (result exnref)
         block $caught (result i32 exnref)
           try_table (catch_ref $e $caught) (catch_all_ref $all) i32.const 3 call $thrower end
           i32.const 0 return
         end
         throw_ref
       end
       throw_ref))`,
  `(module (type $f (func (param i32) (result i32))) (elem declare func $id)
     (func $id (type $f) local.get 0)
     (func (type $f) local.get 0 ref.func $id return_call_ref $f)
     (func (param (ref null $f)) (result i32)
       block $null i32.const 1 local.get 0 br_on_null $null call_ref $f return end i32.const 0)
     (func (type $f) local.get 0 return_call $id))`,
  `(module (memory $a 1) (memory $b i64 1 3) (table i64 2 externref)
     (func (param i64) (result i32) local.get 0 i32.load8_u $b offset=4294967296 i32.const 0 i32.load16_s $a i32.add
       i64.const 0 table.get 0 drop memory.size $b i32.wrap_i64 i32.add))`,
  `(module (memory 1) (func (param v128) (result i32)
       local.get 0 v128.const i32x4 1 2 3 4 i32x4.add local.get 0 i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
       i32.const 0 v128.load8_splat i8x16.swizzle i32x4.extract_lane 3
       i32.const 16 local.get 0 v128.store64_lane offset=8 1))`,
  `(module (memory 1 1 shared) (func (result i32)
       i32.const 0 i32.const 1 i32.atomic.rmw.add i32.const 4 i32.const 0 i64.const -1 memory.atomic.wait32 i32.add
       atomic.fence i32.const 8 i64.const 1 i64.const 2 i64.atomic.rmw.cmpxchg i32.wrap_i64 i32.add))`,
  `(module (import "a" "b" (global $imported i32))
     (global $x i32 (i32.mul (global.get $imported) (i32.const 4))) (global (ref null extern) (ref.null noextern))
     (table 4 (ref null i31) (ref.i31 (i32.const 3))) (func $start) (start $start))`,
];
