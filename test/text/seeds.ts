/**
 * Small functions of our own that together have every kind of entity, format and annotation of CLIF text: what the
 * fuzzer mutates and the round-trip tests print.
 */
export const SEEDS: readonly string[] = [
  `test cat
set opt_level=speed
target x86_64 has_sse41
feature "simd"
feature !"threads"
function %everything(i32 uext, i64 vmctx, i64 sarg(16), f32) -> i8 sext, f64 system_v {
; needs-stack-map: v1 v4
; pointer-type: i64
; no-collect: fn1
    ss0 = explicit_slot 16, align = 8, key = 18364758544493064720
    ss2 = explicit_slot 4
    region0 = 7 "heap"
    region1 = 9 "stack map"
    gv0 = vmctx
    gv1 = load.i64 notrap aligned readonly gv0+8
    gv2 = iadd_imm.i64 gv1, -32
    gv3 = symbol colocated tls %name+16
    gv4 = symbol u3:4
    sig0 = (i32, i64) -> i64 tail
    sig1 = () fast
    fn0 = colocated u0:7 sig0
    fn1 = %Memcpy sig1
    fn3 = patchable %other(i32) -> i32 fast
    const0 = 0x00112233445566778899aabbccddeeff
    const2 = i32x4 [1 -2 0x7fff_ffff 4]
    stack_limit = gv2

block0(v0: i32, v1: i64, v2: i64, v3: f32):
    v20 -> v1
    v4 = iadd v1, v2 ; check: sameln
    v5 = iconst.i32 -1
    v6 = icmp slt v0, v5
    store notrap aligned region0 v4, v1+8
    v7 = load.i32 heap_oob aligned little region1 v1-2147483648
    v8 = vconst.i8x16 const0
    v9 = shuffle v8, v8, 0x000102030405060708090a0b0c0d0e0f
    v10 = extractlane v9, 15
    v11 = insertlane v8, v10, 0
    v12 = call fn0(v0, v1), stack_map=[i64 @ ss0+0, i32 @ ss2 + 4]
    v13 = func_addr.i64 fn1
    call_indirect sig1, v13()
    v14 = atomic_rmw.i32 add v1, v5
    v15 = atomic_cas v1, v5, v0
    v16, v17 = uadd_overflow v0, v5
    v18 = uadd_overflow_trap v0, v5, user7
    trapz v0, int_divz
    v19 = bitcast.f32 little v0
    brif v6, block1(v20, v4), block2

block1(v30: i64, v31: i64) cold:
    br_table v0, block2, [block1(v30, v31), block2]

block2:
    v40 = f64const -NaN:0x1234
    v41 = f32const 0x1.8p-3
    v42 = f16const +Inf
    v43 = f128const 0x1.0p0
    v44 = symbol_value.i64 gv4
    v45 = stack_addr.i64 ss0+8
    v46 = fcmp ult v41, v3
    return v46, v40
}
; run: %everything(1, 2, 3, 0x1.0) == [1, 0x1.0]
`,
  `function u4:9(i64) tail {
    sig0 = (i64) -> i32 tail
    fn0 = u0:0 sig0

<1, ss0, 2> @0010 block0(v0: i64):
}
`,
  `function u4:9(i64) tail {
    sig0 = (i64) -> i32 tail
    fn0 = u0:0 sig0

block0(v0: i64):
<ss0, 1> @0010 sequence_point
@0012   v1 = get_exception_handler_address.i64 block2, 1
        try_call fn0(v0), sig0, block1(ret0, v0), [ context v1, tag3: block2(exn0, exn1), default: block3 ], stack_map=[i64 @ ss1+0,]
<7>     nop

block1(v2: i32, v3: i64):
    try_call_indirect v3(v3), sig0, block3, []

block2(v4: i64, v5: i64):
    return_call fn0(v4)

block3:
    trap user1
}
`,
  `function %dynamic(i16) -> i16x4 {
    gv0 = dyn_scale_target_const.i16x4
    dt0 = i16x4*gv0
    dss0 = explicit_dynamic_slot dt0

block0(v0: i16):
    v1 = splat.dt0 v0
    v2 = iadd v1, v1
    v3 = extract_vector v2, 0
    v4 = dynamic_stack_addr.i64 dss0
    v5 = splat.types::I32x4xN v0
    return v3
}
`,
];
