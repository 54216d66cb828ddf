/**
 * Variables: what a front end assigns to and reads from while it builds a function, before SSA construction has turned
 * each read into a value. A variable has one type; the number is the order of declaration in its function.
 */

declare const variableBrand: unique symbol;
export type Variable = number & { readonly [variableBrand]: true };
