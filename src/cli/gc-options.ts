/** The options that say what collector a module gets, and how much memory: of `compile` and of `run`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { COLLECTOR_NAMES, type CollectorName, stressed } from "../runtime/collectors.ts";

export interface GcOptions {
  readonly collector: CollectorName;
  readonly maxHeap?: number;
  readonly stackSize?: number;
  readonly gcStress?: boolean;
}

/** The collector that never frees cannot be stressed: ends the command with what to do instead. */
export function refuseIdleStress(command: Command): Command {
  return command.hook("preAction", (_, action) => {
    const { collector, gcStress } = action.opts<GcOptions>();
    if (gcStress !== true || collector !== "null") return;
    action.error(
      "error: --gc-stress is for collectors that collect; null never does. Choose copying, generational or drc",
    );
  });
}

/** What the options say to the compiler and to a store. */
export interface GcSettings {
  readonly collector: CollectorName;
  readonly maxHeapBytes?: number;
  readonly stackBytes?: number;
  readonly gcStress: boolean;
}

export function addGcOptions(command: Command): Command {
  return refuseIdleStress(command)
    .addOption(
      new Option("--collector <name>", "how memory is reclaimed")
        .choices(COLLECTOR_NAMES)
        .default("copying" satisfies CollectorName),
    )
    .addOption(
      new Option(
        "--max-heap <bytes>",
        "the most that the heap may take: 65536, 64k, 16m (default: 1g)",
      ).argParser(parseBytes),
    )
    .addOption(
      new Option("--stack-size <bytes>", "of the stack of references (default: 960k)").argParser(
        parseStackBytes,
      ),
    )
    .option(
      "--gc-stress",
      "collect at every safepoint, poison what is free, and move everything (drc moves nothing)",
    );
}

export function gcSettings({ collector, maxHeap, stackSize, gcStress = false }: GcOptions): GcSettings {
  return {
    collector: gcStress ? stressed(collector) : collector,
    gcStress,
    ...(maxHeap === undefined ? {} : { maxHeapBytes: maxHeap }),
    ...(stackSize === undefined ? {} : { stackBytes: stackSize }),
  };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };
const MOST_BYTES = 2 ** 31;
const MOST_STACK_BYTES = 2 ** 30;

/** `65536`, `64k`, `16m`, `1g`; a multiple of 16 up to 2 GiB. */
export function parseBytes(text: string): number {
  return parseBytesUpTo(MOST_BYTES, text);
}

/** The same up to 1 GiB, which is the most that a store takes. */
function parseStackBytes(text: string): number {
  return parseBytesUpTo(MOST_STACK_BYTES, text);
}

function parseBytesUpTo(most: number, text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
  if (!(bytes > 0 && bytes <= most) || bytes % 16 !== 0) {
    const bound = `${most / UNITS["g"]!}g`;
    throw new InvalidArgumentError(`Give a multiple of 16 bytes up to ${bound}, such as 65536, 64k or 16m.`);
  }
  return bytes;
}
