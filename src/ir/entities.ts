/**
 * Entity ids: plain numbers below 2^31, branded so that a `Value` is never taken for an `Inst`. The number is the
 * index into the tables of one function, and the name printed is the prefix and the number: `v7`, `block2`.
 */

declare const brand: unique symbol;
type Id<Name extends string> = number & { readonly [brand]: Name };

export type Value = Id<"value">;
export type Inst = Id<"inst">;
export type Block = Id<"block">;
export type StackSlot = Id<"stack slot">;
export type DynamicStackSlot = Id<"dynamic stack slot">;
export type DynamicType = Id<"dynamic type">;
export type GlobalValue = Id<"global value">;
export type Constant = Id<"constant">;
/** A 16-byte lane mask of `shuffle`. */
export type Immediate = Id<"immediate">;
export type FuncRef = Id<"function">;
export type SigRef = Id<"signature">;
export type AliasRegion = Id<"alias region">;
/** A name in the user's own name spaces, `u0:7`. */
export type UserExternalNameRef = Id<"user external name">;
/** A destination of a branch with its arguments. */
export type BlockCall = Id<"block call">;
/** What a `try_call` does on its way out: signature, handlers and contexts. */
export type ExceptionTable = Id<"exception table">;
/** A user stack map; instructions with equal maps share one. */
export type StackMap = Id<"stack map">;

/** No entity: what columns hold where there is none, and what lookups return. Negative, so that it stays a small integer. */
export const NONE = -1;
