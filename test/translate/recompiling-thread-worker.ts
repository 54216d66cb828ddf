/** The program of the workers of `recompiling-threads.ts`. */
import { parentPort } from "node:worker_threads";
import { recompileModule } from "../../src/driver/recompile.ts";
import { hostModules } from "../../src/wast/host-modules.ts";
import { NativeEngine } from "../../src/wast/native-engine.ts";
import { parseScript } from "../../src/wast/parse-script.ts";
import { runScript } from "../../src/wast/runner.ts";
import { type Counts, RecompilingEngine } from "./recompiling-engine.ts";
import { runThread, type ThreadOrder, type ThreadResult } from "./recompiling-threads.ts";

parentPort?.on("message", async (order: ThreadOrder) => {
  const { file, source, features, start, end, shared, recompiles } = order;
  const counts: Counts = { recompiled: 0, refused: new Map() };
  const engine = recompiles ? new RecompilingEngine(recompileModule, counts) : new NativeEngine();
  const { tallies, failures, skips } = await runScript(parseScript(source, start, end), {
    file,
    engine,
    features,
    checkMessages: false,
    hosts: await hostModules(engine, features),
    instances: new Map([...shared].map(([name, exports]) => [name, engine.adopt(exports)])),
    startThread: (body, given) => runThread({ file, source, features, body, recompiles }, given),
  });
  const result: ThreadResult = { tallies, failures, skips, recompiled: counts.recompiled };
  parentPort?.postMessage(result);
});
