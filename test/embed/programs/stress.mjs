/**
 * In the place of the polyfill: collects at one allocation in so many, moves everything, and poisons where it was. Says at the end, on the
 * error output, how many collections there were.
 *
 *     SPILLWAY_STRESS_PERIOD=97 node --import ./stress.mjs run-program.mjs NAME
 */
import { createWebAssembly, openCache, Store } from "spillway/embed";

const store = new Store({ collector: "stress", stressPeriod: Number(process.env.SPILLWAY_STRESS_PERIOD) });
globalThis.WebAssembly = createWebAssembly({ force: true, store, compile: { cache: await openCache() } });
process.on("exit", () => process.stderr.write(`${store.statistics().collections} collections\n`));
