/** How a store is made: the options, what they may be, and what they are where they are not given. */

import { wrongOption } from "../base/wrong-option.ts";
import { DEFAULT_HEAP_BYTES, DEFAULT_STACK_BYTES } from "../driver/compile.ts";
import { type CollectorName, requireCollector } from "../runtime/collectors.ts";

/** How a `Store` is made. What is wrong with an option, or has no such name, is a `TypeError` or a `RangeError` that says so. */
export interface StoreOptions {
  /**
   * How memory is reclaimed: `copying` (unless it is given), `generational`, `drc` or `null`. Modules for the store must be compiled for the
   * same one, or for one with the same write barrier (`copying` and `null` have none).
   */
  readonly collector?: CollectorName;
  /** Bytes of the stack of references, a multiple of 16: 960 KiB unless it is given. Deep recursions need more. */
  readonly stackBytes?: number;
  /**
   * The most that the heap may grow to, in bytes: 1 GiB unless it is given; 0 is as much as the engine has. A program that needs more
   * traps. It does not count the stack and static memory.
   */
  readonly maxHeapBytes?: number;
  /** For tests, of the collector `stress`: it collects at one allocation in so many, not at each. */
  readonly stressPeriod?: number;
  /**
   * Address space for what instances bring along: descriptors, stack maps, constants. A multiple of 16, 32 MiB unless it is given.
   * It takes no memory before it is used.
   */
  readonly staticBytes?: number;
}

/** The options with all that was left out. */
export interface StoreSettings extends Required<Omit<StoreOptions, "stressPeriod">> {
  readonly stressPeriod: number | undefined;
}

const DEFAULT_STATIC_BYTES = 1 << 25;

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly multipleOf: number;
}

/** Of the stack and of static memory: a quarter of the address space each, and the heap's alignment kept. */
const BEFORE_HEAP: Bounds = { least: 16, most: 2 ** 30, multipleOf: 16 };
const HEAP: Bounds = { least: 0, most: 2 ** 32, multipleOf: 1 };
const PERIOD: Bounds = { least: 1, most: 2 ** 32 - 1, multipleOf: 1 };

/** Throws a `TypeError` or a `RangeError` for an option that is not as it must be. */
export function storeSettings(options: StoreOptions): StoreSettings {
  const { collector = "copying" } = options;
  requireCollector(collector);
  const stressPeriod = wholeNumber(options, "stressPeriod", PERIOD);
  if (stressPeriod !== undefined && collector !== "stress")
    throw new TypeError(`stressPeriod is for the collector stress, and the store has ${collector}`);
  return {
    collector,
    stackBytes: wholeNumber(options, "stackBytes", BEFORE_HEAP) ?? DEFAULT_STACK_BYTES,
    maxHeapBytes: wholeNumber(options, "maxHeapBytes", HEAP) ?? DEFAULT_HEAP_BYTES,
    staticBytes: wholeNumber(options, "staticBytes", BEFORE_HEAP) ?? DEFAULT_STATIC_BYTES,
    stressPeriod,
  };
}

function wholeNumber(
  options: StoreOptions,
  name: Exclude<keyof StoreOptions, "collector">,
  { least, most, multipleOf }: Bounds,
): number | undefined {
  const value: unknown = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number") throw new TypeError(wrongOption(name, "a number", value));
  if (value >= least && value <= most && value % multipleOf === 0) return value;
  const what = multipleOf === 1 ? "a whole number" : `a multiple of ${multipleOf}`;
  throw new RangeError(wrongOption(name, `${what} from ${least} to ${most}`, value));
}
