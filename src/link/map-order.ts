/** In which order stack maps lie: those that code names most come first, and have the shortest numbers. */
import { placeSymbol, type RelocatableCode } from "../object/code.ts";
import { STACK_MAPS } from "../object/symbol-spaces.ts";
import type { SymbolTable } from "../object/symbols.ts";

/** The symbols of all stack maps that the bodies name. It does not depend on the order in which they were compiled. */
export function mapsByUse(symbols: SymbolTable, bodies: readonly RelocatableCode[]): number[] {
  const uses = new Int32Array(symbols.length);
  const maps: number[] = [];
  for (const { places } of bodies) {
    for (let i = 0; i < places.length; i += 2) {
      const symbol = placeSymbol(places[i + 1]!);
      if (uses[symbol]!++ === 0 && symbols.space(symbol) === STACK_MAPS) maps.push(symbol);
    }
  }
  // Equal ones stay in the order of first use.
  return maps.sort((a, b) => uses[b]! - uses[a]!);
}
