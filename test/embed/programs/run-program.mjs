/**
 * Runs one of the published programs, and prints what it did as JSON.
 *
 *     node [--import spillway/polyfill] run-program.mjs NAME [MOST]
 *
 * Of its inputs it is given the first ones, `MOST` of them at most.
 */
import { PROGRAMS } from "./programs.mjs";

const [name, most] = process.argv.slice(2);
const run = await PROGRAMS[name]();
const output = await run(most === undefined ? undefined : Number(most));
process.stdout.write(JSON.stringify(output, (_, value) => (value === undefined ? "undefined" : value)));
process.exit(0);
