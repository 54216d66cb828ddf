/**
 * One published program, again and again: the child of `real.ts`. Prints the mean time of a round once it is warm, the main
 * thread's, and the peak of the process's memory, as JSON.
 *
 *     node [--import spillway/polyfill] bench/real-program.mjs NAME SECONDS
 */
import { PROGRAMS } from "../test/embed/programs/programs.mjs";

/** Of the time given, that much goes before anything is measured. */
const WARM_UP = 0.5;
/** The thread's clock may be coarse: short rounds are timed together. */
const BATCH_MS = 100;
const JOB_MS = 5;

const [name, seconds] = process.argv.slice(2);
const run = await PROGRAMS[name]();
const start = performance.now();
const end = start + Number(seconds) * 1000;
const warm = start + Number(seconds) * 1000 * WARM_UP;
const times = [];
let rounds = 0;
while (performance.now() < end || times.length < 3) {
  const from = performance.now();
  const before = process.threadCpuUsage();
  const first = rounds;
  let jobEnd = 0;
  do {
    if (performance.now() >= jobEnd) {
      // What JavaScript got in a job of the host's stays alive until that ends, so jobs last as long as a program's would.
      await new Promise((resolve) => void setImmediate(resolve));
      jobEnd = performance.now() + JOB_MS;
    }
    await run();
    rounds++;
  } while (performance.now() - from < BATCH_MS);
  const { user, system } = process.threadCpuUsage(before);
  if (from >= warm) times.push((user + system) / 1000 / (rounds - first));
}
const milliseconds = times.reduce((sum, time) => sum + time, 0) / times.length;
process.stdout.write(
  JSON.stringify({ milliseconds, rounds, peakBytes: process.resourceUsage().maxRSS * 1024 }),
);
process.exit(0);
