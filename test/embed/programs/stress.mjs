/**
 * In the place of the polyfill: collects at one allocation in so many, moves everything, and poisons where it was. Fails at the end where
 * hardly anything was collected.
 *
 *     SPILLWAY_STRESS_PERIOD=97 node --import ./stress.mjs run-program.mjs NAME
 */
import { createWebAssembly, openCache, Store } from "spillway/embed";

const store = new Store({ collector: "stress", stressPeriod: Number(process.env.SPILLWAY_STRESS_PERIOD) });
globalThis.WebAssembly = createWebAssembly({ force: true, store, compile: { cache: openCache() } });
process.on("exit", () => {
  if (store.statistics().collections < 100) throw new Error("there were hardly any collections");
});
