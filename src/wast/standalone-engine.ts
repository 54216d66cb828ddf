/**
 * The engine `standalone`: each module is compiled to one that stands alone, which the host links and runs like any other. So scripts
 * run for every target, the first version of Wasm as well: an instance shares with others what its target can share, and nothing
 * else.
 *
 * The output is validated with the target's features alone. A module that the compiler refuses by name is skipped with the reason.
 * Three things are less here than in a store:
 *
 *     traps         the code's own are `unreachable`, whatever the kind
 *     exceptions    one that leaves an export is a trap where the target has none
 *     imports       are matched by the output's types, in which a reference is an i32
 */
import { InputError } from "../base/diagnostics.ts";
import { type CompileOptions, compile } from "../driver/compile.ts";
import { parseTarget } from "../driver/targets.ts";
import { hostWebAssembly } from "../embed/host-webassembly.ts";
import { decodeModule, type Features, validateModule } from "../wasm/index.ts";
import { badOutput } from "./messages.ts";
import { NativeEngine, type NativeModule } from "./native-engine.ts";
import { isRefusal, notForTarget } from "./refusals.ts";
import { plainMessage } from "./trap-wording.ts";

/** How the engine compiles; the features are the script's. */
export type StandaloneOptions = Omit<CompileOptions, "features">;

export class StandaloneEngine extends NativeEngine {
  override readonly name = "standalone";
  override readonly exceptionsTrap: boolean;
  private readonly options: StandaloneOptions;
  private readonly target: Features;

  constructor(options: StandaloneOptions) {
    super();
    this.options = options;
    this.target = parseTarget(options.target);
    this.exceptionsTrap = !this.target.has("exceptions") && !this.target.has("legacy-exceptions");
  }

  override compile(bytes: Uint8Array, features: Features): NativeModule {
    let output: Uint8Array;
    try {
      output = compile(bytes, { ...this.options, features });
    } catch (error) {
      throw isRefusal(error) ? notForTarget(error) : error;
    }
    try {
      validateModule(decodeModule(output, this.target), this.target);
      return { host: new hostWebAssembly.Module(output), bytes: output };
    } catch (error) {
      const why = error instanceof InputError ? error.diagnostic.message : (error as Error).message;
      throw badOutput(plainMessage(why));
    }
  }

  override saysTrap(expected: string, message: string): boolean {
    return message === "unreachable" || super.saysTrap(expected, message);
  }
}
