/**
 * What engines are known to do wrong, each with its reason. The list may only shrink: an entry whose programs went well on its
 * engine is a failure until it is taken out.
 */
export interface Known {
  readonly engine: string;
  readonly programs: readonly string[];
  /** Of the target that the program was compiled for; any if absent. */
  readonly target?: string;
  /** What the engine says or gives then. */
  readonly got: RegExp;
  readonly reason: string;
}

export const KNOWN: readonly Known[] = [];
